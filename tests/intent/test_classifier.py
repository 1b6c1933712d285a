from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from intent.call import Polarity, Speaker, Turn
from intent.classifier.choose import load_classifier
from intent.classifier.folder import CARD, read_model_card, shipped_folder
from intent.classifier.model import IntentClassifier, RulesClassifier
from intent.classifier.rules import load_rules
from intent.classifier.taxonomy import load_taxonomy
from intent.classifier.train import train
from intent.classifier.utterance import Utterance
from intent.corpus.utterances import load_labelled
from intent.errors import ClassifierError, OtherTaxonomyError, TaxonomyError, TrainingDataError
from intent.settings import IntentSettings
from models.encoders import HashEncoder
from tests.intent.labelled_lines import lines, write_lines
from tests.intent.tiny_encoder import SETTINGS, tiny_encoder

TAXONOMY = load_taxonomy()
RULES = load_rules(TAXONOMY)


def read(text: str, before: str = "") -> dict[str, str]:
    context = (Turn(index=0, speaker=Speaker.ADVISOR, text=before, start_s=0, end_s=1),) if before else ()
    found = RulesClassifier(RULES).read_many([Utterance(text=text, context=context)])[0]
    return {i.intent: i.polarity.value for i in found.intents}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on a few lines; tests that break it copy it first."""
    place: Path = tmp_path_factory.mktemp("intent")
    train(write_lines(place / "lines.jsonl"), tiny_encoder(), place / "model", settings=SETTINGS, compare=True)
    return place / "model"


def opened(folder: Path, **settings: Any) -> IntentClassifier:
    return load_classifier(
        IntentSettings(**settings), folder, taxonomy=TAXONOMY, rules=RULES, encoder=lambda: tiny_encoder()
    )


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


def test_training_is_repeatable_and_its_card_is_honest(folder: Path, tmp_path: Path) -> None:
    first = read_model_card(folder)
    again = train(folder.parent / "lines.jsonl", tiny_encoder(), tmp_path, settings=SETTINGS, compare=True)
    assert again.version == first.version
    assert set(first.figures) == {"rules", "frozen", "ngrams", "tuned", "blend"}
    assert first.figures["tuned"]["n"] == 35
    scores = {name: first.figures[name]["lead_f05"] for name in ("rules", "ngrams", "tuned", "blend")}
    assert scores[first.best] == max(scores.values())
    assert first.trained_on["train"] == 70
    told = (folder / "CARD.md").read_text("utf-8")
    for part in ("n = 35", "permission.hk", first.trained_on["sha256"], "The split `test` was not read"):
        assert part in told
    (empty,) = (line for line in told.splitlines() if line.startswith("No training line wishes"))
    assert "fund.buy, " in empty
    assert "permission.hk" not in empty
    assert (folder / "calibration.svg").read_text("utf-8").startswith("<svg")
    assert "permission.hk" in (folder / "confusion.svg").read_text("utf-8")


def test_training_goes_on_from_a_model_and_its_card_says_so(folder: Path, tmp_path: Path) -> None:
    data = write_lines(tmp_path / "lines.jsonl")
    card = train(data, tiny_encoder(), tmp_path / "model", settings=SETTINGS, start=folder)
    before = read_model_card(folder).version
    assert card.trained_on["start"] == before
    assert f"went on from the model {before}" in (tmp_path / "model/CARD.md").read_text("utf-8")


def test_going_on_keeps_the_layers_open_that_the_model_changed(folder: Path, tmp_path: Path) -> None:
    data = write_lines(tmp_path / "lines.jsonl")
    upper_only = replace(SETTINGS, tuning=replace(SETTINGS.tuning, frozen_layers=1, epochs=1))
    card = train(data, tiny_encoder(), tmp_path / "model", settings=upper_only, start=folder)
    assert card.trained_on["settings"]["tuning"]["frozen_layers"] == 0


def test_lines_that_nobody_believes_teach_next_to_nothing(folder: Path, tmp_path: Path) -> None:
    wrong = [
        {**line, "id": f"w{n}", "intents": [{"id": "fund.buy", "polarity": "interest"}], "believed": 1e-6}
        for n, line in enumerate(lines())
        if line["split"] == "train"
    ]
    data = write_lines(tmp_path / "lines.jsonl")
    with data.open("a", encoding="utf-8") as more:
        more.writelines(json.dumps({**line, "text": f"那{line['text']}", "context": []}) + "\n" for line in wrong)
    train(data, tiny_encoder(), tmp_path / "model", settings=SETTINGS)
    utterances = [Utterance(text=text) for text in ("我想开通融资融券", "刚吃完饭")]
    for method in ("ngrams", "tuned"):
        wish, nothing = opened(tmp_path / "model", method=method).read_many(utterances)
        assert "fund.buy" not in {found.intent for reading in (wish, nothing) for found in reading.intents}


@pytest.mark.parametrize("method", ["tuned", "blend"])
def test_it_learns_polarity_from_lines(folder: Path, method: str) -> None:
    wish, refusal, nothing = opened(folder, method=method).read_many(
        [Utterance(text=t) for t in ("我想开通融资融券", "融资融券我不要", "刚吃完饭")]
    )
    assert [(i.intent, i.polarity) for i in wish.intents] == [("margin.open", Polarity.INTEREST)]
    assert [(i.intent, i.polarity) for i in refusal.intents] == [("margin.open", Polarity.DECLINE)]
    assert nothing.intents == ()


def test_a_model_that_does_not_fit_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "m")
    model = tmp_path / "m"
    (model / "ngrams.npz").write_bytes(b"torn")
    with pytest.raises(ClassifierError, match="cannot be opened"):
        opened(model, method="ngrams")
    card = json.loads((model / CARD).read_text("utf-8"))
    (model / CARD).write_text(json.dumps({**card, "taxonomy": "other"}), "utf-8")
    with pytest.raises(OtherTaxonomyError, match="trained for the taxonomy other"):
        opened(model, method="ngrams")
    (model / CARD).write_text(json.dumps({**card, "taxonomy": "other", "best": "rules"}), "utf-8")
    with pytest.raises(OtherTaxonomyError, match="trained for the taxonomy other"):
        opened(model)
    (model / CARD).write_text("{", "utf-8")
    with pytest.raises(ClassifierError, match="no readable card"):
        opened(model)


def test_without_torch_the_ngrams_read(folder: Path) -> None:
    classifier = load_classifier(
        IntentSettings(method="blend"), folder, taxonomy=TAXONOMY, rules=RULES, encoder=lambda: HashEncoder(64)
    )
    assert classifier.version.endswith("/ngrams")
    assert classifier.read_many([Utterance(text="我想开通融资融券")])[0].intents


def test_too_few_lines_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_text(json.dumps(lines()[0]), "utf-8")
    with pytest.raises(TrainingDataError, match="split train has 1 lines"):
        train(path, tiny_encoder(), tmp_path, settings=SETTINGS)


def test_settings_choose_the_method(folder: Path) -> None:
    card = read_model_card(folder)
    assert opened(folder).version == (RULES.version if card.best == "rules" else card.version)
    assert opened(folder, method="rules").version == RULES.version


def test_a_threshold_of_the_settings_replaces_the_cards(folder: Path) -> None:
    (reading,) = opened(folder, method="tuned", lead_threshold=1.0).read_many([Utterance(text="我想开通融资融券")])
    assert reading.intents == ()
    assert reading.abstained
    assert reading.unsure[0].intent == "margin.open"


def test_a_precision_of_the_settings_chooses_the_threshold() -> None:
    card = read_model_card(shipped_folder())
    blend = card.calibrations["blend"]
    assert blend.at(0.92).lead == pytest.approx(blend.lead)
    thresholds = [blend.at(precision).lead for precision in (0.8, 0.9, 0.92, 0.95)]
    assert thresholds == sorted(thresholds)
    assert blend.at(0.91) == blend.at(0.92)
    with pytest.raises(ValueError, match="no threshold reached"):
        blend.at(0.999)


def test_a_precision_that_no_threshold_reached_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "m")
    raw = json.loads((tmp_path / "m" / CARD).read_text("utf-8"))
    for calibration in raw["calibrations"].values():
        calibration["leads"] = {"0.9": 0.5, "0.95": 1.01}
    (tmp_path / "m" / CARD).write_text(json.dumps(raw), "utf-8")
    assert opened(tmp_path / "m", method="tuned", lead_precision=0.85)
    with pytest.raises(ClassifierError, match=r"intent.lead_precision 0.93 .* train --precision"):
        opened(tmp_path / "m", method="tuned", lead_precision=0.93)
    (reading,) = opened(tmp_path / "m", method="tuned", lead_precision=0.9, lead_threshold=1.0).read_many(
        [Utterance(text="我想开通融资融券")]
    )
    assert [i.intent for i in reading.intents if i.intent == "margin.open"] == []


def test_shipped_lines_can_be_added_and_the_version_says_so() -> None:
    own = load_labelled(TAXONOMY)
    both = own.with_lines(own.of("dev")[:3])
    assert len(both.items) == len(own.items) + 3
    assert both.digest != own.digest


def test_the_shipped_model_fits_the_shipped_taxonomy_and_lines() -> None:
    card = read_model_card(shipped_folder())
    assert card.intents == TAXONOMY.ids
    assert card.taxonomy == TAXONOMY.version
    assert card.trained_on["sha256"] == load_labelled(TAXONOMY).digest
    assert sum(path.stat().st_size for path in shipped_folder().iterdir()) <= 12 * 1024 * 1024


@pytest.mark.parametrize(
    ("intent", "texts", "urgency"),
    [
        ("fund.buy", ["我想买点基金", "这个礼拜就要下手"], "high"),
        ("loss.anxiety", ["天天看那个绿的"], "high"),  # presses without a word of haste
        ("fund.buy", ["想买", "不着急，过阵子再说"], "low"),
        ("margin.open", ["利率降到五以下我就开"], "low"),  # a condition
        ("margin.open", ["要是利率降到五以下就开", "你今天就去问"], "high"),
        ("margin.open", ["要是便宜点就开", "行，那开吧"], "normal"),  # the condition has fallen
        ("commission.negotiate", ["人家给我万一，免五"], "normal"),  # 万一 is a rate, no condition
    ],
)
def test_urgency_is_read_from_the_intent_and_what_was_said_last(intent: str, texts: list[str], urgency: str) -> None:
    assert RULES.urgency(intent, texts) == urgency
