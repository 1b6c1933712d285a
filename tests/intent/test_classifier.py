from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from intent.call import Polarity, Speaker, Turn
from intent.classifier.choose import load_classifier
from intent.classifier.heads import load_heads
from intent.classifier.model import HeadsClassifier, RulesClassifier
from intent.classifier.rules import load_rules
from intent.classifier.taxonomy import load_taxonomy
from intent.classifier.train import MIN_LINES, train
from intent.classifier.utterance import Utterance
from intent.errors import ClassifierError, TaxonomyError, TrainingDataError
from intent.settings import IntentSettings
from models.encoders import HashEncoder
from tests.intent.labelled_lines import lines, write_lines

TAXONOMY = load_taxonomy()
RULES = load_rules(TAXONOMY)


def read(text: str, before: str = "") -> dict[str, str]:
    context = (Turn(index=0, speaker=Speaker.ADVISOR, text=before, start_s=0, end_s=1),) if before else ()
    found = RulesClassifier(RULES).read_many([Utterance(text=text, context=context)])[0]
    return {i.intent: i.polarity.value for i in found}


def test_the_taxonomy_knows_where_each_intent_goes() -> None:
    assert len(TAXONOMY) == 34
    assert TAXONOMY["fund.buy"].places == ("lead",)
    assert TAXONOMY["churn.transfer_out"].places == ("lead", "ticket")
    assert TAXONOMY["complaint"].goes_to == "case"
    assert TAXONOMY["consent.optout"].goes_to == "consent"
    assert TAXONOMY["info.market"].places == ()
    assert "none" not in TAXONOMY.ids


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"goes_to": "nowhere"}, "goes_to nowhere"),
        ({"kind": "odd"}, "kind odd"),
        ({"colour": "red"}, "colour"),
        ({"id": 3}, "no id"),
    ],
)
def test_a_broken_taxonomy_is_named_by_its_entry(tmp_path: Path, change: dict[str, object], says: str) -> None:
    entry = {
        "id": "none",
        "zh": "无",
        "kind": "none",
        "goes_to": "nothing",
        "line": "none",
        "sla_hours": 0,
        "meaning": "无",
    }
    path = tmp_path / "t.yaml"
    path.write_text(yaml.safe_dump({"intents": [{**entry, **change}]}), "utf-8")
    with pytest.raises(TaxonomyError, match=says):
        load_taxonomy(path)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("我想开通创业板，有什么条件？", {"permission.board": "interest"}),
        ("定投我不想做了", {"fund.sip": "decline"}),
        ("两融我早就开过了", {"margin.open": "existing"}),
        ("以前买过转债，现在还想买一点", {"bond.convertible": "interest"}),
        ("你们再打电话我就投诉", {"complaint": "interest"}),
        ("密码忘了登录不上", {"service.account": "interest"}),
        ("嗯", {}),
        ("今天吃了吗", {}),
    ],
)
def test_rules_read_intent_and_polarity(text: str, wanted: dict[str, str]) -> None:
    assert wanted.items() <= read(text).items()
    if not wanted:
        assert read(text) == {}


@pytest.mark.parametrize(
    ("text", "polarity"), [("行，那就办吧", "interest"), ("好的，可以", "interest"), ("不用了，谢谢", "decline")]
)
def test_a_short_reply_takes_what_was_proposed(text: str, polarity: str) -> None:
    assert read(text, "要不要给您开通港股通？") == {"permission.hk": polarity}
    assert read(text, "您那边天气好吗？") == {}


def test_training_is_repeatable_and_its_card_is_honest(tmp_path: Path) -> None:
    data = write_lines(tmp_path / "lines.jsonl")
    first = train(data, HashEncoder(64), tmp_path / "a")
    second = train(data, HashEncoder(64), tmp_path / "b")
    assert first == second
    assert set(first.figures) == {"rules", "heads", "combined"}
    assert first.figures["heads"]["dev"]["n"] == 35
    scores = {name: first.figures[name]["dev"]["lead_f05"] for name in first.figures}
    assert scores[first.best] == max(scores.values())
    assert first.trained_on["train"] == 70


def test_heads_learn_polarity_from_lines(tmp_path: Path) -> None:
    train(write_lines(tmp_path / "lines.jsonl"), HashEncoder(64), tmp_path)
    classifier = HeadsClassifier(load_heads(TAXONOMY, tmp_path), HashEncoder(64), RULES)
    wish, refusal, nothing = classifier.read_many(
        [Utterance(text=t) for t in ("我想开通融资融券", "融资融券我不要", "刚吃完饭")]
    )
    assert [(i.intent, i.polarity) for i in wish] == [("margin.open", Polarity.INTEREST)]
    assert [(i.intent, i.polarity) for i in refusal] == [("margin.open", Polarity.DECLINE)]
    assert nothing == ()


def test_heads_refuse_what_does_not_fit_them(tmp_path: Path) -> None:
    train(write_lines(tmp_path / "lines.jsonl"), HashEncoder(64), tmp_path)
    heads = load_heads(TAXONOMY, tmp_path)
    with pytest.raises(ClassifierError, match="trained on hash-64"):
        HeadsClassifier(heads, HashEncoder(32), RULES)
    card = json.loads((tmp_path / "heads.json").read_text("utf-8"))
    (tmp_path / "heads.json").write_text(json.dumps({**card, "taxonomy": "other"}), "utf-8")
    with pytest.raises(ClassifierError, match="know taxonomy other"):
        load_heads(TAXONOMY, tmp_path)
    (tmp_path / "heads.safetensors").write_bytes(b"torn")
    with pytest.raises(ClassifierError, match="cannot be read"):
        load_heads(TAXONOMY, tmp_path)


def test_too_few_lines_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_text(json.dumps(lines()[0]), "utf-8")
    with pytest.raises(TrainingDataError, match="split train has 1 lines"):
        train(path, HashEncoder(64), tmp_path)


def test_settings_choose_the_method(tmp_path: Path) -> None:
    card = train(write_lines(tmp_path / "lines.jsonl"), HashEncoder(64), tmp_path)
    chosen = {"taxonomy": TAXONOMY, "rules": RULES, "encoder": lambda: HashEncoder(64)}
    best = load_classifier(IntentSettings(model_dir=tmp_path), **chosen)
    assert (best.version == RULES.version) == (card.best == "rules")
    assert load_classifier(IntentSettings(method="rules"), **chosen).version == RULES.version
    other = "heads" if card.with_rules else "combined"
    with pytest.raises(ClassifierError, match=f"not of the kind {other}"):
        load_classifier(IntentSettings(model_dir=tmp_path, method=other), **chosen)


def test_a_threshold_of_the_settings_replaces_the_cards(tmp_path: Path) -> None:
    train(write_lines(tmp_path / "lines.jsonl"), HashEncoder(64), tmp_path)
    method = "combined" if load_heads(TAXONOMY, tmp_path).card.with_rules else "heads"
    settings = IntentSettings(model_dir=tmp_path, method=method, lead_threshold=1.0)
    classifier = load_classifier(settings, taxonomy=TAXONOMY, rules=RULES, encoder=lambda: HashEncoder(64))
    assert classifier.read_many([Utterance(text="我想开通融资融券")]) == [()]


def test_the_shipped_heads_fit_the_shipped_taxonomy() -> None:
    card = load_heads(TAXONOMY).card
    assert card.trained_on["train"] > MIN_LINES
    assert card.labels == TAXONOMY.ids
