"""Rule packs: what is forbidden, as data. Making one checks its form; `shelf.py` reads them from files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from compliance_filters.errors import RulePackError
from compliance_filters.finding import Finding, Outcome
from compliance_filters.normalise import Normaliser
from compliance_filters.rules.validity import ALWAYS, Validity

_MACRO = re.compile(r"\{([gc])(\d{1,2})\}|\{(\w+)\}")
_NEGATING = "不没无勿未非甭"
_GAPS = {"g": f"[^,;:。!?\\n{_NEGATING}]", "c": f"[^;。!?\\n{_NEGATING}]"}
LONGEST_EXAMPLE_LIST = 500
KINDS = frozenset({"phrase", "structure"})
DISPOSITIONS = frozenset({"register", "call_back", "train"})
SEVERITIES = frozenset({"low", "medium", "high"})


@dataclass(frozen=True, kw_only=True)
class Cue:
    """Where a phrase rule may be broken: plain anchors find the place, the pattern confirms it."""

    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    settled: bool = False  # the pattern holds denial and retraction alike, so that clause logic is not asked
    then: re.Pattern[str] | None = None  # what must follow in the sentence, asserted by its own clause


@dataclass(frozen=True, kw_only=True)
class Example:
    """A text with the context it is judged in; the rule's own test."""

    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    target: str = "answer"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule with its legal source, its words, and examples of both kinds."""

    id: str
    zh: str
    outcome: Outcome
    kind: str  # phrase | structure
    law: str
    law_confirmed: bool
    reason: str  # Chinese; may name {quote}
    suggestion: str | None
    severity: str
    disposition: str
    escalate: bool  # tell compliance in confidence, and give no hint
    cues: tuple[Cue, ...]
    benign: tuple[re.Pattern[str], ...]  # a match that touches one of these is innocent
    unless: tuple[re.Pattern[str], ...]  # a sentence that holds one of these is innocent
    violating: tuple[Example, ...]
    compliant: tuple[Example, ...]
    validity: Validity = ALWAYS

    @cached_property
    def settled(self) -> tuple[re.Pattern[str], ...]:
        """Patterns that tell the writer's stance themselves: 说要给您保本我不能，给您兜着我能."""
        return tuple(cue.pattern for cue in self.cues if cue.settled)

    def excuses(self, sentence: str) -> bool:
        """Whether a sentence is innocent whatever words of the rule it holds."""
        return any(pattern.search(sentence) for pattern in self.unless)

    @property
    def source(self) -> str:
        """The law as people read it: what has yet to be checked against the official text says so."""
        return self.law if self.law_confirmed else f"{self.law}（条文待核）"

    def finding(self, text: str, start: int, end: int, **changes: Any) -> Finding:
        """A finding of this rule at `text[start:end]`; `changes` override single fields."""
        quote = text[start:end]
        made = Finding(
            rule=self.id,
            start=start,
            end=end,
            quote=quote,
            outcome=self.outcome,
            reason=self.reason.replace("{quote}", quote),
            law=self.source,
            suggestion=self.suggestion,
            severity=self.severity,
            disposition=self.disposition,
        )
        return replace(made, **changes)


@dataclass(frozen=True, kw_only=True)
class RulePack:
    """The rules in force on a day; `hash` changes with any byte of their data and with what is in force."""

    name: str
    version: str
    effective_from: date  # since when exactly these rules are in force
    hash: str  # sha256 of the files, in the order they were laid, and of the day above
    order: tuple[str, ...]  # names of filters in the order they run
    rules: Mapping[str, Rule]
    lexicon: Mapping[str, Any]
    settings: Mapping[str, Any]  # data of structure filters: disclosures, matrix, injection words

    @cached_property
    def normalise(self) -> Normaliser:
        """Of this pack's lexicon; its filters share one, so that a text is normalised once for all of them."""
        return Normaliser(self.lexicon)

    @property
    def label(self) -> str:
        return f"{self.name} {self.version} sha256:{self.hash[:16]}"

    def rule(self, rule_id: str) -> Rule:
        try:
            return self.rules[rule_id]
        except KeyError:
            raise RulePackError(
                f"rule pack {self.name} has no rule {rule_id}: add it to the pack or use the built-in one."
            ) from None


def make_pack(data: Mapping[str, Any], lexicon: Mapping[str, Any], *, sources: Iterable[str]) -> RulePack:
    """A pack from parsed data. Raises RulePackError with every fault found, one a line."""
    faults: list[str] = []
    entries = data.get("rules") or []
    rules: dict[str, Rule] = {}
    for entry in entries:
        rule_id = str(entry.get("id", "?"))
        if rule_id in rules:
            faults.append(f"{rule_id}: the id stands twice")
            continue
        try:
            rules[rule_id] = _rule(entry)
        except (KeyError, ValueError, TypeError, re.error) as error:
            faults.append(f"{rule_id}: {error}")
    if not rules:
        faults.append("the pack holds no rules")
    if faults:
        raise RulePackError("the rule pack is wrong, correct it and load again:\n" + "\n".join(faults))
    since = Validity.of(data).first or date.min
    digest = hashlib.sha256("\0".join((*sources, since.isoformat())).encode()).hexdigest()
    return RulePack(
        name=str(data["name"]),
        version=str(data["version"]),
        effective_from=since,
        hash=digest,
        order=tuple(data["order"]),
        rules=rules,
        lexicon=lexicon,
        settings=dict(data.get("settings") or {}),
    )


def _rule(entry: Mapping[str, Any]) -> Rule:
    kind = _one_of(entry.get("kind", "phrase"), KINDS, "kind")
    escalate = bool(entry.get("escalate", False))
    suggestion = entry.get("suggestion")
    if escalate and suggestion:
        raise ValueError("a rule that is escalated in confidence gives no suggestion")
    cues = tuple(_cues(entry))
    if kind == "phrase" and not cues:
        raise ValueError("a phrase rule needs `phrases` or `patterns`")
    validity = Validity.of(entry)
    if kind == "structure" and validity != ALWAYS:
        raise ValueError("a structure rule belongs to a filter in code and has no days of its own")
    status = _one_of(entry.get("law_status", "pending"), frozenset({"confirmed", "pending"}), "law_status")
    return Rule(
        id=str(entry["id"]),
        zh=str(entry["zh"]),
        outcome=_outcome(entry["outcome"]),
        kind=kind,
        law=str(entry["law"]),
        law_confirmed=status == "confirmed",
        reason=str(entry["reason"]),
        suggestion=suggestion,
        severity=_one_of(entry.get("severity", "medium"), SEVERITIES, "severity"),
        disposition=_one_of(entry.get("disposition", "train"), DISPOSITIONS, "disposition"),
        escalate=escalate,
        cues=cues,
        benign=tuple(compile_pattern(p) for p in entry.get("benign") or ()),
        unless=tuple(compile_pattern(p) for p in entry.get("unless") or ()),
        violating=_examples(entry, "violating"),
        compliant=_examples(entry, "compliant"),
        validity=validity,
    )


def _cues(entry: Mapping[str, Any]) -> Iterable[Cue]:
    for phrase in entry.get("phrases") or ():
        yield Cue(anchors=(str(phrase),), pattern=re.compile(re.escape(str(phrase))))
    for item in entry.get("patterns") or ():
        if not item.get("anchors") or not all(item["anchors"]):
            raise ValueError("a pattern needs anchors: without them it would never run")
        yield Cue(
            anchors=tuple(map(str, item["anchors"])),
            pattern=compile_pattern(item["regex"]),
            settled=bool(item.get("settled", False)),
            then=compile_pattern(item["then"]) if "then" in item else None,
        )


def compile_pattern(source: str) -> re.Pattern[str]:
    """A pattern with the pack's macros: {g8} up to 8 plain characters of one clause without a negation,
    {c8} the same across commas, {pct} a rate in digits or Chinese words, {urge} words that ask to buy, {buy} more such
    words, for `then` alone, where each is read by its clause.

    Unbounded repetition of a group is refused, so no pattern can backtrack catastrophically.
    """
    if re.search(r"\)[*+]|\)\{\d+,\}|\.[*+]", source):
        raise ValueError(f"pattern {source!r} repeats without a bound: use {{g8}} or a counted repetition")
    return re.compile(_MACRO.sub(_expand, source))


_WORDS = {
    "pct": (
        r"(?:\d{1,4}(?:\.\d{1,4})?\s?(?:个百分点|个点|%)|百分之[零一二两三四五六七八九十百点\d]{1,6}"
        r"|[一二两三四五六七八九\d]成)"
    ),
    "urge": (
        r"(?:推荐|建议(?:您|你)?[^,;。!?不]{0,8}(?:买|申购|认购|配|加仓|换|占|参与|拿|上(?=[这那一它]))"
        r"|(?<!不)可以(?:先|直接|通过我)?(?:申购|买|认购|配|加仓|[耍整玩试]一[盘把])|先(?:买|占|配|上车)|照(?:样)?买|下单|买进去?"
        r"|(?:尽管|放心)(?:买|加)|给(?:您|你)配|配(?:上|[一二两三四五六七八九十]成)|投一[份笔点]|适合(?:您|你)|逢低(?:吸|买)"
        r"|买[一二两三四五六七八九十\d]{1,3}万|(?<![不才再后])能买)"
    ),
    "buy": (
        r"(?:(?:我|还是|仍然?|照样|真心|强烈|先|就)[^,;。!?不没别未无]{0,4}推荐|推荐(?:给)?(?:您|你)"
        r"|(?:建议|劝)(?:您|你)?[^,;。!?不没别未无]{0,10}(?:买|申购|认购|配|加仓|换|占|参与|投|拿|建仓|吸)"
        r"|[去上到找][^,;。!?不没未无]{0,8}(?:买|申购|认购)(?![的过了])"
        r"|买(?:点|一点|些|上|它|进|下|[一二两三四五六七八九十百\d]{1,4}万)|照样?[买配]|您?签个?字就能买"
        r"|把[^,;。!?不没未无]{1,12}(?:买|配|申购|认购)[了上]|配(?:点|一点|些|上|它|[一二两三四五六七八九十\d]{1,4}[成万])"
        r"|[就先](?:买|配|占|上)[它上着了下一]|[放投拿][一二两三四五六七八九十\d]{1,4}[万成]|下单|照样上"
        r"|值得(?:您|你)?[^,;。!?不没未无]{0,3}[买配放拿投]|适合(?:您|你)|[拿吸加来捡上]一?[些点]|逢低[吸买加]|买入建议"
        r"|(?:悄悄|偷偷)地?[买进吸加拿]|该买就?买|下了单|打款就行|[耍整玩试]一[盘把]|配(?:您|你)的(?=[,;。!]|$))"
    ),
}


def _expand(found: re.Match[str]) -> str:
    if found[1]:
        return f"{_GAPS[found[1]]}{{0,{found[2]}}}"
    return _WORDS.get(found[3], found[0])


def _examples(entry: Mapping[str, Any], key: str) -> tuple[Example, ...]:
    items = (entry.get("examples") or {}).get(key) or ()
    if not items or len(items) > LONGEST_EXAMPLE_LIST:
        raise ValueError(f"a rule needs 1 to {LONGEST_EXAMPLE_LIST} {key} examples: they are its tests")
    return tuple(Example(**item) if isinstance(item, dict) else Example(text=str(item)) for item in items)


def _outcome(word: Any) -> Outcome:
    try:
        return Outcome[str(word).upper()]
    except KeyError:
        raise ValueError(f"unknown outcome {word!r}: use pass, revise, return, review or block") from None


def _one_of(value: Any, allowed: frozenset[str], name: str) -> str:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}: use one of {', '.join(sorted(allowed))}")
    return str(value)
