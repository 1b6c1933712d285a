"""What differs between two rule packs: rule by rule, word by word, and in the verdicts on given texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance_filters.context import case_context
from compliance_filters.errors import RulePackError
from compliance_filters.finding import Draft, Target
from compliance_filters.rulebook import Rulebook
from compliance_filters.rules.pack import Cue, Rule, RulePack
from compliance_filters.rules.trials import outcome_of

_FIELDS = ("zh", "outcome", "source", "reason", "suggestion", "severity", "disposition", "escalate")
_LISTS = ("cues", "benign", "unless", "violating", "compliant")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference; before or after is None where something was added or removed."""

    rule: str  # id, or `settings.NAME`
    field: str  # "rule" for a whole one
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class Turned:
    """A text whose verdict or findings change."""

    id: str
    text: str
    before: str  # verdict
    after: str
    gone: tuple[str, ...]  # rules that no longer find anything
    new: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text to be judged under both packs."""

    id: str
    draft: Draft
    meta: dict[str, Any]


def changes(now: RulePack, then: RulePack) -> Iterator[Change]:
    """Rules in order of their id, then settings."""
    for rule_id in sorted(now.rules.keys() | then.rules.keys()):
        before, after = now.rules.get(rule_id), then.rules.get(rule_id)
        if before is None or after is None:
            yield Change(rule=rule_id, field="rule", before=_said(before), after=_said(after))
        else:
            yield from _of_rule(before, after)
    for key in sorted(now.settings.keys() | then.settings.keys()):
        old, new = now.settings.get(key), then.settings.get(key)
        if old != new:
            yield Change(rule=f"settings.{key}", field="value", before=_plain(old), after=_plain(new))


def turned(texts: Iterable[Text], now: Rulebook, then: Rulebook) -> Iterator[Turned]:
    """The texts that the two rulebooks judge differently."""
    for text in texts:
        context = case_context(text.meta)
        old, new = now.judge(text.draft, context), then.judge(text.draft, context)
        before, after = {f.rule for f in old.findings}, {f.rule for f in new.findings}
        verdicts = outcome_of(old.findings, old.errors).word, outcome_of(new.findings, new.errors).word
        if before != after or verdicts[0] != verdicts[1]:
            yield Turned(
                id=text.id,
                text=text.draft.text,
                before=verdicts[0],
                after=verdicts[1],
                gone=tuple(sorted(before - after)),
                new=tuple(sorted(after - before)),
            )


def read_texts(path: Path) -> Iterator[Text]:
    """JSON Lines with `text`, and where known `id`, `target` and `meta`. Raises RulePackError with the line."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RulePackError(f"the texts {path} cannot be read ({error}): check the path; it must be UTF-8.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            draft = Draft(text=str(item["text"]), target=Target(item.get("target", "answer")))
            yield Text(id=str(item.get("id", number)), draft=draft, meta=dict(item.get("meta") or {}))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RulePackError(
                f"{path}, line {number}: {type(error).__name__} {error}: each line is an object with `text`."
            ) from error


def _of_rule(before: Rule, after: Rule) -> Iterator[Change]:
    for name in _FIELDS:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Change(rule=before.id, field=name, before=_plain(old), after=_plain(new))
    for name in _LISTS:
        mine, others = (list(dict.fromkeys(_words(getattr(rule, name)))) for rule in (before, after))
        for word in mine:
            if word not in others:
                yield Change(rule=before.id, field=name, before=word, after=None)
        for word in others:
            if word not in mine:
                yield Change(rule=before.id, field=name, before=None, after=word)


def _words(parts: Iterable[Any]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Cue):
            yield f"{part.pattern.pattern}  [{' '.join(part.anchors)}]" if part.anchors else part.pattern.pattern
        else:
            yield getattr(part, "pattern", None) or part.text


def _said(rule: Rule | None) -> str | None:
    return f"{rule.zh}, {rule.outcome.word}, {rule.source}" if rule else None


def _plain(value: Any) -> str | None:
    if value is None:
        return None
    return getattr(value, "word", None) or (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
