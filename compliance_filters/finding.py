"""What filters find and what the gate decides; `Cleared` is the only thing that can be delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Protocol, runtime_checkable

SEMANTIC = "semantic"  # the filter that guesses; all others find what stands there


class Outcome(IntEnum):
    """The decision on one text; the worst finding wins, so the order is the severity."""

    PASS = 0
    REVISE = 1
    RETURN = 2
    REVIEW = 3
    BLOCK = 4

    @property
    def word(self) -> str:
        return self.name.lower()


class Target(StrEnum):
    """What kind of text is judged."""

    ANSWER = "answer"
    REPORT = "report"
    ADVISOR_SPEECH = "advisor_speech"
    ADVISOR_MESSAGE = "advisor_message"
    CLIENT_INPUT = "client_input"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule broken at one place; offsets are into the text as it was handed in."""

    rule: str
    start: int
    end: int
    quote: str
    outcome: Outcome
    reason: str  # one sentence for the advisor, in Chinese
    law: str = ""
    suggestion: str | None = None  # what could be said instead; None where the spec forbids a hint
    by: str = "rules"  # which filter found it
    severity: str = "medium"  # low | medium | high
    disposition: str | None = None  # of spoken words: register | call_back | train
    replacement: str | None = None  # for revise: what to put at start..end
    append: str | None = None  # for revise: the approved text to add at the end


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A text that nobody has cleared yet."""

    text: str
    target: Target
    by: str = "extractive"  # who wrote it: a model's name, extractive, template, or a user id
    generated: bool = True  # False when a person wrote every word: then no AI label is asked for
    prompt: str | None = None  # SHA-256 of the prompt by which a model helped to write it


@dataclass(frozen=True, kw_only=True)
class ProductInContext:
    """A product that the text may speak of, as the shelf stood when the text was judged."""

    code: str
    name: str
    risk_level: str | None = None  # R1..R5
    product_type: str | None = None
    inception: date | None = None
    on_shelf: bool | None = None  # None = unknown, which is not "yes"
    restricted: bool = False


@dataclass(frozen=True, kw_only=True)
class Restricted:
    """A security that nobody may recommend, by the firm's restricted list of the day."""

    code: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Insistence:
    """Evidence that a client insisted in writing on a product above their level; not a flag.

    The questionnaire's level and the product's rating are kept as they stood at the signature: where one of
    them has changed since, the evidence speaks of another case and lifts nothing.
    """

    document_id: str
    sha256: str  # of the signed document, 64 hex digits
    signed_at: datetime
    product: str  # code
    recording_id: str  # of the double recording
    client_level: str  # C1..C5, then
    risk_level: str  # R1..R5, then


@dataclass(frozen=True, kw_only=True)
class Source:
    """Something the text may cite."""

    n: int
    text: str
    title: str = ""
    publisher: str | None = None
    published_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class BoundFact:
    """A number that code computed or a table holds; what a text's numbers are checked against."""

    name: str  # attribute, e.g. "2024年净值增长率"
    value: Decimal
    unit: str  # "%", "元", "亿元", "份", "天", ""
    period: str | None = None
    entity: str | None = None  # product code or name


@dataclass(frozen=True, kw_only=True)
class ReviewContext:
    """What the gate must know beside the text."""

    today: date
    client_id: str | None = None
    client_level: str | None = None  # C1..C5
    client_level_expires: date | None = None
    client_names: tuple[str, ...] = ()  # names known to the client master
    products: tuple[ProductInContext, ...] = ()
    sources: tuple[Source, ...] = ()
    facts: tuple[BoundFact, ...] = ()
    channel: str = "sidebar"  # sidebar (to the advisor) | client (delivered to the client) | export
    recommends: tuple[str, ...] | None = None  # product codes recommended; None = read it from the text
    restricted: tuple[Restricted, ...] = ()  # the restricted list of today, also of what is no product here
    insistence: tuple[Insistence, ...] = ()  # what this client signed
    adviser_name: str | None = None
    adviser_licence: str | None = None
    check_numbers: bool | None = None  # None = where sources or facts are given; True = always

    @property
    def numbers_are_checked(self) -> bool:
        """Whether every number must be bound; a text made by the product itself asks for it always."""
        if self.check_numbers is None:
            return bool(self.sources or self.facts)
        return self.check_numbers


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The gate's decision with both texts; `cleared` is set only for pass and revise."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    original: str
    text: str  # after mechanical mends; equals `original` unless the outcome is revise
    rule_pack: str  # name, version and content hash of the rules applied
    audit_id: str | None
    cleared: Cleared | None = None
    errors: tuple[str, ...] = field(
        default=()
    )  # what failed or could not be mended; never empty for a fail-closed review
    unread: tuple[str, ...] = field(default=())  # of these: filters that did not look; no officer approves over them
    review_id: str | None = None  # of the item that waits for an officer, where the outcome is review


_GATE_KEY = object()


class Cleared:
    """A text that the gate has cleared. Only the gate can make one; delivery accepts nothing else."""

    __slots__ = ("audit_id", "sha256", "target", "text")

    def __init__(self, *, text: str, target: Target, sha256: str, audit_id: str, key: object) -> None:
        if key is not _GATE_KEY:
            raise TypeError("Cleared is made by the compliance gate only; call Gate.review() instead.")
        self.text = text
        self.target = target
        self.sha256 = sha256
        self.audit_id = audit_id


@runtime_checkable
class SecondReader(Protocol):
    """A filter that reads once more what the words of a rule were found in: 我不能说它稳赚 says no such thing."""

    def acquits(self, draft: Draft, finding: Finding) -> bool:
        """Whether these words break nothing where they stand, by a belief measured on texts of strangers."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A filter with a model that reads many texts in one pass, and remembers what it made of them."""

    def read_ahead(self, drafts: Sequence[Draft]) -> None: ...


class Filter(Protocol):
    """One family of rules. A filter only reads; it raises when it cannot judge (the gate then reviews)."""

    name: str

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]: ...
