"""Semantic rules: paraphrases that no phrase rule knows, found by a classifier on the shared encoder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from compliance_filters.clauses import sentences
from compliance_filters.errors import FilterError
from compliance_filters.finding import SEMANTIC, Draft, Finding, Outcome, ReviewContext, Target
from compliance_filters.phrases import PhraseFilter
from compliance_filters.rules.pack import Rule, RulePack, compile_pattern
from compliance_filters.semantic.calibration import Calibration, Thresholds, read_calibration, suspicions
from compliance_filters.semantic.mention import is_mentioned, near
from compliance_filters.settings import ComplianceSettings
from models.encoder import Encoder
from models.ngrams import NgramScorer
from models.remembering import RememberingScorer
from models.scorer import Blend, Probabilities, Scorer
from models.tuned import load_tuned

Span = tuple[int, int]
SHIPPED = Path(__file__).parent / "model"
_AT_ONCE = 16  # windows read between two looks at the clock
INJECTION = "input.injection"
_A_BUDGET = 64  # windows that share one time budget: about 5,000 characters, as at the gate
_LEAST = 6  # characters that can break a rule by themselves
WINDOW = 80  # characters read at once: as long as what the classifier was trained on
_ENDS = " ,;:、。!?"
_CLEAR = 0.3  # probability at which one sentence of a window is named instead of the window
_BY_MODEL = "（由语义模型判断，规则词表未命中）"


class SemanticFilter:
    """Judges a text window by window; a finding says that the model made it.

    Above a rule's `decide` threshold the finding has the rule's own outcome, since its precision there
    was measured; between `review` and `decide` an officer looks. Raises what the classifier raises: the
    gate then fails closed.
    """

    name = SEMANTIC

    def __init__(
        self, pack: RulePack, scorer: Scorer, calibration: Calibration, *, time_budget_ms: int = 5_000
    ) -> None:
        self._time_budget_s = time_budget_ms / 1e3
        self.version = f"{scorer.version} calibration {calibration.digest}"  # stands in every verdict's entry
        self._scorer = scorer
        self._calibration = calibration
        self._normalise = pack.normalise
        self._phrases = PhraseFilter(pack)
        doubted: Mapping[str, Mapping[str, str]] = pack.settings.get("model_doubted") or {}
        self._doubted = {
            rule: (compile_pattern(words["said"]), compile_pattern(words["unless"])) for rule, words in doubted.items()
        }
        self._rules: list[Rule | None] = [pack.rules.get(label) for label in scorer.labels]
        self._certain = {
            rule.id: tuple(text for each in rule.violating if len(text := self._core(each.text)) >= _LEAST)
            for rule in pack.rules.values()
        }

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """Findings in order of place; a window of several sentences names the one that broke the rule."""
        source = self._normalise(draft.text)
        spans = list(windows(source.text))
        scores = self._scored([source.text[slice(*span)] for span in spans])
        found = []
        for span, row in zip(spans, scores, strict=True):
            for column, rule, suspicion in self._suspected(row, draft.target):
                start, end = self._placed(source.text, span, column)
                window = source.text[slice(*span)]
                denied = self._phrases.denied(window, start - span[0], end - span[0]).get(rule.id)
                if denied and not self._said_besides(window, denied, column, draft.target):
                    continue  # 本产品不保本: clause logic read these very words, and reads negation better
                if self._is_doubted(rule.id, source.text, start, end):
                    continue  # 您要转走我不拦: the sentence does the opposite of what the rule forbids
                place = source.original_span(start, end)
                found.append(self._finding(rule, draft, place, suspicion))
        return tuple(sorted(found, key=lambda f: (f.start, f.end, f.rule)))

    def read_ahead(self, drafts: Sequence[Draft]) -> None:
        """See ReadsAhead; of use with a scorer that remembers (models/remembering.py)."""
        sources = [self._normalise(draft.text).text for draft in drafts]
        self._scored([text[slice(*span)] for text in sources for span in windows(text)])

    def _is_doubted(self, rule: str, text: str, start: int, end: int) -> bool:
        """Whether the words of a sentence speak against what the model guesses of it."""
        said, unless = self._doubted.get(rule, (None, None))
        if said is None or unless is None:
            return False
        return said.search(text, start, end) is not None and unless.search(text, start, end) is None

    def acquits(self, draft: Draft, finding: Finding) -> bool:
        """Whether the model hardly believes in what a phrase rule found: in the window around it, and in the sentence.

        Of texts by strangers whose words the phrase rules met, it was so measured that hardly a violation is lost. A
        sentence that makes the claim instead of speaking about it is never acquitted, nor is one that holds one of the
        rule's own violating examples, whatever the model believes: harmless words around a promise lower its belief.
        """
        if not self._calibration.acquit or finding.by == SEMANTIC or self._is_certain(draft, finding):
            return False
        if not any(is_mentioned(text, claim) for text, claim in self._claims(draft, finding)):
            return False
        belief = self.belief(draft, finding)
        return belief is not None and belief < self._calibration.acquit

    def _is_certain(self, draft: Draft, finding: Finding) -> bool:
        """Whether the finding stands in words that the rule itself gives as a violation."""
        examples = self._certain.get(finding.rule)
        if not examples:
            return False
        source = self._normalise(draft.text)
        for example in examples:
            at = source.text.find(example)
            while at >= 0:
                if _meets(source.original_span(at, at + len(example)), finding):
                    return True
                at = source.text.find(example, at + 1)
        return False

    def _core(self, example: str) -> str:
        return self._normalise(example).text.strip(_ENDS)

    def belief(self, draft: Draft, finding: Finding) -> float | None:
        """Probability of the finding's rule where it stands; None for a rule that the model does not know, and for
        instructions to a model, which no model shall excuse."""
        column = next((i for i, rule in enumerate(self._rules) if rule and rule.id == finding.rule), None)
        if column is None or finding.rule == INJECTION:
            return None
        source = self._normalise(draft.text)
        spans = dict.fromkeys((*windows(source.text), *_parts(source.text, WINDOW)))
        met = [source.text[slice(*span)] for span in spans if _meets(source.original_span(*span), finding)]
        met += [text[slice(*near(text, claim))].strip(_ENDS) for text, claim in self._claims(draft, finding)]
        return max((float(row[column]) for row in self._scored(met)), default=None)

    def _claims(self, draft: Draft, finding: Finding) -> list[tuple[str, Span]]:
        """Each normalised sentence that the finding stands in, and where in it."""
        source = self._normalise(draft.text)
        found = []
        for start, end in _parts(source.text, WINDOW):
            if not _meets(source.original_span(start, end), finding):
                continue
            at = [n - start for n in range(start, end) if _meets(source.original_span(n, n + 1), finding)]
            found.append((source.text[start:end], (at[0], at[-1] + 1)))
        return found

    def load(self) -> None:
        """Load the weights now, so that no judgement waits for them. Raises what the classifier raises."""
        self._scorer.load()

    def _scored(self, texts: list[str]) -> list[Probabilities]:
        """Probabilities of each text, equal ones read once; FilterError when the time is spent before the end."""
        began = time.monotonic()
        known: dict[str, Probabilities] = {}
        fresh = sorted(dict.fromkeys(texts), key=len)  # a batch of like lengths has little padding to compute
        for at in range(0, len(fresh), _AT_ONCE):
            if time.monotonic() - began > self._time_budget_s * max(1.0, len(fresh) / _A_BUDGET):
                raise FilterError(f"the text has {len(fresh)} passages to read, too many for the time budget.")
            some = fresh[at : at + _AT_ONCE]
            known.update(zip(some, self._scorer.score(some), strict=True))
        return [known[text] for text in texts]

    def _suspected(self, row: Probabilities, target: Target) -> Iterator[tuple[int, Rule, float]]:
        asked = np.array([rule is not None and looked_for(rule.id, target) for rule in self._rules])
        for column, suspicion in enumerate(suspicions(row[None], asked[None])[0].tolist()):
            rule = self._rules[column]
            if rule is not None and asked[column] and suspicion >= self._thresholds(rule, target).review:
                yield column, rule, suspicion

    def _thresholds(self, rule: Rule, target: Target) -> Thresholds:
        return self._calibration.of(rule.id, spoken=target is Target.ADVISOR_SPEECH)

    def _said_besides(self, window: str, denied: Sequence[Span], column: int, target: Target) -> bool:
        """Whether a window breaks a rule even without the clauses that deny it: 这不叫返佣，就是给您家添个炸锅."""
        rest = _without(window, denied)
        if len(rest) < _LEAST:
            return False
        return any(
            at == column and suspicion >= self._thresholds(rule, target).decide
            for at, rule, suspicion in self._suspected(self._scored([rest])[0], target)
        )

    def _placed(self, text: str, span: Span, column: int) -> Span:
        """The sentence of the window that the rule fits best; the whole window where no sentence is enough."""
        start, end = span
        parts = [(start + first, start + last) for first, last in _parts(text[start:end], WINDOW)]
        if len(parts) < 2:
            return span
        scores = self._scorer.score([text[slice(*part)] for part in parts])[:, column]
        best = int(scores.argmax())
        return parts[best] if scores[best] >= _CLEAR else span

    def _finding(self, rule: Rule, draft: Draft, place: Span, suspicion: float) -> Finding:
        decided = suspicion >= self._thresholds(rule, draft.target).decide
        plain = rule.finding(draft.text, *place, by=SEMANTIC)
        return rule.finding(
            draft.text,
            *place,
            by=SEMANTIC,
            outcome=rule.outcome if decided else Outcome.REVIEW,
            reason=plain.reason.rstrip("。") + _BY_MODEL + "。",
        )


def _meets(span: Span, finding: Finding) -> bool:
    return span[0] < finding.end and finding.start < span[1]


def _without(text: str, spans: Sequence[Span]) -> str:
    """A text without some clauses of it, and without what joined them."""
    kept = "".join(char for n, char in enumerate(text) if not any(start <= n < end for start, end in spans))
    return kept.strip(_ENDS)


def looked_for(rule_id: str, target: Target) -> bool:
    """Instructions are looked for in what clients say alone: our own texts speak of models in their labels."""
    return (rule_id == INJECTION) == (target is Target.CLIENT_INPUT)


def load_semantic(pack: RulePack, settings: ComplianceSettings, encoder: Encoder) -> SemanticFilter:
    """The filter with the shipped model or the firm's own; its weights load at the first text.

    Raises ModelDamagedError or RulePackError when model or calibration cannot be read.
    """
    folder = settings.semantic_model or SHIPPED
    calibration = read_calibration(folder)
    if not settings.second_reading:
        calibration = replace(calibration, acquit=0.0)
    fast, slow = NgramScorer(folder), load_tuned(folder, encoder)
    return SemanticFilter(
        pack,
        RememberingScorer(Blend(fast, slow, weight=calibration.weight, ask_from=calibration.ask_from)),
        calibration,
        time_budget_ms=settings.time_budget_ms,
    )


def windows(text: str, size: int = WINDOW) -> Iterator[Span]:
    """Whole sentences, as many as fit into `size` characters; a longer sentence is cut at a comma."""
    begin = end = -1
    for part in _parts(text, size):
        if begin >= 0 and part[1] - begin <= size:
            end = part[1]
            continue
        if begin >= 0:
            yield begin, end
        begin, end = part
    if begin >= 0:
        yield begin, end


def _parts(text: str, size: int) -> Iterator[Span]:
    for sentence in sentences(text):
        start = sentence.start
        stop = start + len(sentence.text.rstrip())
        start += len(sentence.text) - len(sentence.text.lstrip())
        while stop - start > size:
            comma = max(text.rfind(mark, start + size // 2, start + size) for mark in ",;:、")
            cut = comma + 1 if comma > 0 else start + size
            yield start, cut
            start = cut
        if start < stop:
            yield start, stop
