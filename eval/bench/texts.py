"""`tougu bench intent` and `tougu bench compliance`: texts of the project's own cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import ahocorasick

from compliance_filters.filters import standard_filters
from compliance_filters.finding import Draft, Filter, ReviewContext, Target
from compliance_filters.normalise import Normaliser
from eval.bench.audit import audit_figures
from eval.bench.measure import Progress, bench_result, p95, percentile, quotient, timed_ms
from eval.case import load_cases
from eval.fresh import fresh_house
from eval.result import Result
from eval.suites.calls import call_of, cases_of
from intent.call import Call
from intent.classifier.utterance import Utterance
from intent.corpus.utterances import utterance_of
from serve.users import OPERATOR
from serve.wiring import House

T = TypeVar("T")
ANSWER_CHARS, LONG_CHARS = 300, 100_000
WARM_UP = "币张"  # by its sound only, which asks for the dictionary of ordinary words
HIT_EVERY = 10  # one answer in ten holds a violating sentence
CALL_TURNS = 40
CALLS = 5
ROUNDS = 3
ADVISOR_TURN = "您上次问的那只产品，我把资料发给您了，您看还有什么想了解的？"


def bench_intent(house: House, cases: Path, *, lines: int, singles: int, progress: Progress) -> Result:
    """Utterances a second in batches, alone and with the advisor's turn before, and the bare encoder on the same
    texts at the same dtype, in turns, the median of ROUNDS; one at a time. `ratio`: the classifier's rate over the
    encoder's, both without context. `ms_call_40_turns`: a whole call of 40 turns, its speech left out, read with
    wishes, inspection and note; the median of five calls, each two calls of the split `dev` one after the other."""
    began = time.perf_counter()
    items = load_cases(cases, required=("text",)).items
    texts = [item["text"] for item in islice(cycle(items), lines)]
    alone = [utterance_of(text) for text in texts]
    spoken = [utterance_of(text, [{"role": "advisor", "text": ADVISOR_TURN}]) for text in texts]
    house.classifier.read_many(spoken[:8])  # weights load outside the measured time
    house.encoder.encode_queries(texts[:8])
    jobs: dict[str, Callable[[], object]] = {
        "alone": lambda: house.classifier.read_many(alone),
        "context": lambda: house.classifier.read_many(spoken),
        "encoder": lambda: house.encoder.encode_queries(texts),
    }
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    for n in range(ROUNDS):
        for name, work in jobs.items():
            spent[name].append(timed_ms(work))
        progress(n + 1, ROUNDS + 2, f"round {n + 1}")
    rates = {name: round(lines / (median(times) / 1e3), 1) for name, times in spent.items()}
    single = _each_ms(lambda one: house.classifier.read_many([one]), _first(spoken, singles))
    progress(ROUNDS + 1, ROUNDS + 2, "single")
    calls = _long_calls()
    house.pipeline.read(calls[0])  # the rules load outside the measured time
    whole = _each_ms(house.pipeline.read, calls)
    progress(ROUNDS + 2, ROUNDS + 2, "calls")
    return bench_result(
        "intent",
        fixture="eval/cases/intent.jsonl",
        n=lines,
        model={"classifier": house.classifier.version, "encoder": house.encoder.name},
        parameters={"lines": lines, "singles": singles},
        metrics={
            "utterances_per_s": rates["alone"],
            "utterances_per_s_context": rates["context"],
            "p95_ms_single": p95(single),
            "baseline_encoder_texts_per_s": rates["encoder"],
            "ratio": quotient(rates["alone"], rates["encoder"]),
            "ms_call_40_turns": percentile(whole, 50),
        },
        began=began,
    )


def _long_calls() -> list[Call]:
    """CALLS calls of CALL_TURNS turns."""
    items = cases_of(None, "dev").items
    made = []
    for first, second in zip(items[:CALLS], items[CALLS:], strict=False):
        turns = [{"role": turn["role"], "text": turn["text"]} for turn in (*first["turns"], *second["turns"])]
        made.append(call_of({"id": first["id"], "turns": list(islice(cycle(turns), CALL_TURNS))}))
    return made


def _first(spoken: Sequence[Utterance], n: int) -> list[Utterance]:
    return list(islice(cycle(spoken), n))


def bench_compliance(
    house: House,
    cases: Path,
    *,
    answers: int,
    progress: Progress,
    audit_appends: int = 2_000,
    audit_entries: int = 50_000,
) -> Result:
    """Answers of 300 characters, one in ten with a violating sentence: rule filters alone (`us_per_char`,
    `p95_ms_rules`), the semantic filter alone (`p95_ms_semantic`, None in a profile of rules), the whole gate with
    its audit log (`p95_ms_all`), text without any candidate (`mb_per_s_clean`), one text of 100,000 characters
    (`s_100k_chars`), a bare Aho-Corasick pass over the
    same text as the baseline, and the audit log (`audit_figures`)."""
    began, steps = time.perf_counter(), 5
    drafts = [Draft(text=text, target=Target.ANSWER) for text in answer_texts(cases, answers)]
    context = ReviewContext(today=house.today())
    judge = _rules_alone(house, context)
    for first in (WARM_UP, drafts[0].text):  # dictionaries load outside the measured time
        judge(Draft(text=first, target=Target.ANSWER))
    rules = _each_ms(judge, drafts)
    progress(1, steps, "rules")
    guess = _semantic_ms(house.semantic_filter(house.rule_pack), drafts, context)
    progress(2, steps, "semantic")
    with fresh_house(house) as fresh:
        every = _gate_ms(fresh, drafts, context)
        progress(3, steps, "gate")
        audit = audit_figures(fresh.audit, appends=audit_appends, entries=audit_entries)
    progress(4, steps, "audit")
    chars, automaton = sum(len(draft.text) for draft in drafts), _automaton(house)
    clean = _clean_text(automaton, house.rule_pack.normalise, drafts, chars)
    us_per_char = round(sum(rules) * 1e3 / chars, 3)
    bare = round(sum(_each_ms(lambda draft: list(automaton.iter(draft.text)), drafts)) * 1e3 / chars, 4)
    progress(5, steps, "bare")
    return bench_result(
        "compliance",
        fixture="eval/cases/compliance_sentences.jsonl",
        n=answers,
        model={"rules": house.rule_pack.label},
        parameters={
            "answers": answers, "answer_chars": ANSWER_CHARS, "hit_every": HIT_EVERY,
            "audit_appends": audit_appends, "audit_entries": audit_entries,
        },
        metrics={
            "us_per_char": us_per_char,
            "mb_per_s_clean": _mb_per_s(judge, clean),
            "s_100k_chars": _long_s(judge, drafts),
            "p95_ms_rules": p95(rules),
            "p95_ms_semantic": p95(guess),
            "p95_ms_all": p95(every),
            "baseline_us_per_char": bare,
            "ratio": quotient(us_per_char, bare),
            **audit,
        },
        began=began,
    )  # fmt: skip


def _rules_alone(house: House, context: ReviewContext) -> Callable[[Draft], None]:
    filters = standard_filters(house.rule_pack, house.settings.compliance)

    def judge(draft: Draft) -> None:
        for each in filters:
            each.find(draft, context)

    return judge


def _each_ms(work: Callable[[T], object], items: Sequence[T]) -> list[float]:
    return [timed_ms(partial(work, item)) for item in items]


def _mb_per_s(judge: Callable[[Draft], None], text: str) -> float:
    spent_s = timed_ms(lambda: judge(Draft(text=text, target=Target.ANSWER))) / 1e3
    return round(len(text.encode()) / 1e6 / spent_s, 3)


def _long_s(judge: Callable[[Draft], None], drafts: Sequence[Draft]) -> float:
    """Seconds for one text of 100,000 characters, violations among them as in the answers."""
    text = "".join(islice(cycle(draft.text for draft in drafts), LONG_CHARS // ANSWER_CHARS + 1))[:LONG_CHARS]
    return round(timed_ms(lambda: judge(Draft(text=text, target=Target.ANSWER))) / 1e3, 3)


def _gate_ms(house: House, drafts: Sequence[Draft], context: ReviewContext) -> list[float]:
    """Milliseconds a draft by the whole gate, its audit log included."""
    review = partial(house.gate.review, context=context, principal=OPERATOR)
    review(drafts[0])
    return _each_ms(review, drafts)


def _semantic_ms(semantic: Filter | None, drafts: Sequence[Draft], context: ReviewContext) -> list[float]:
    """Milliseconds a draft; none where the profile does without the model."""
    if semantic is None:
        return []
    semantic.find(drafts[0], context)  # weights load outside the measured time
    return _each_ms(lambda draft: semantic.find(draft, context), drafts)


def answer_texts(cases: Path, answers: int) -> list[str]:
    """Answers of at least 300 characters from compliant lines, every tenth with a violating one inside."""
    items = load_cases(cases, required=("text", "verdict")).items
    told = [item for item in items if item["target"] != Target.CLIENT_INPUT.value]
    fine = cycle([item["text"] for item in told if item["verdict"] == "pass"])
    bad = cycle([item["text"] for item in told if item["verdict"] != "pass"])
    texts = []
    for n in range(answers):
        text = next(bad) if n % HIT_EVERY == 0 else ""
        while len(text) < ANSWER_CHARS:
            text += next(fine)
        texts.append(text)
    return texts


def _automaton(house: House) -> Any:
    """Every anchor of every phrase rule, and nothing but the automaton."""
    automaton = ahocorasick.Automaton()
    for anchor in {a for rule in house.rule_pack.rules.values() for cue in rule.cues for a in cue.anchors}:
        automaton.add_word(anchor, anchor)
    automaton.make_automaton()
    return automaton


def _clean_text(automaton: Any, normalise: Normaliser, drafts: Sequence[Draft], chars: int) -> str:
    """About `chars` characters of sentences in which the automaton finds nothing, as the rules read them."""
    sentences = [s + "。" for draft in drafts for s in draft.text.split("。") if s]
    clean = [s for s in dict.fromkeys(sentences) if next(iter(automaton.iter(normalise(s).text)), None) is None]
    return "".join(islice(cycle(clean), max(1, chars // 25)))
