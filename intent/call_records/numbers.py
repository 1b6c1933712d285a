"""Phone numbers and extensions: one form for each, kept as keyed hashes alone, and whose they are on a day."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select

from intent.call_records.tables import phone_lines

KeyedHash = Callable[[str], str]
MOBILE, TAIL = re.compile(r"1[3-9][0-9]{9}"), 4
FIXED_DIGITS = 10  # area and number without the zero, at least
LEAST, MOST = 3, 20  # digits of an extension, and of any number with its country
PUNCTUATION = frozenset(" -()./\u2010\u2011\u2013\u2014\t")
WITHHELD = frozenset({"anonymous", "unknown", "private", "restricted", "unavailable", "未知", "匿名"})


class Owner(StrEnum):
    """Whose a line is."""

    CLIENT = "client"
    ADVISOR = "advisor"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One end of a call, as it is kept."""

    role: str  # client | advisor | either: the record does not tell which
    line: str  # keyed hash of the number
    tail: str  # its last digits, fewer of a short one, by which people tell lines apart


@dataclass(frozen=True, kw_only=True)
class Match:
    """Who took part, as far as the numbers tell; `reason` names what a person must be asked."""

    client_id: str | None = None
    advisor_id: str | None = None
    candidates: Mapping[str, Sequence[str]]
    reason: str = ""


def normal(number: str) -> str | None:
    """The digits by which one line is always the same; None where the number was withheld.

    Country code 86 and the zero before a mobile number go; the area code of a fixed line stays. Raises ValueError for
    what is no number, without repeating it.
    """
    text = unicodedata.normalize("NFKC", number).strip()
    if not text or text.lower() in WITHHELD:
        return None
    digits = "".join(letter for letter in text.removeprefix("+") if letter not in PUNCTUATION)
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("is no phone number: write digits, e.g. +86 138 0000 0000")
    for country in ("0086", "86"):
        if digits.startswith(country) and len(digits) - len(country) >= FIXED_DIGITS:
            digits = digits.removeprefix(country)
            if not (digits[0] == "0" or MOBILE.fullmatch(digits)):
                digits = f"0{digits}"  # a fixed line written abroad loses the zero of its area
            break
    if digits.startswith("0") and MOBILE.fullmatch(digits[1:]):
        digits = digits[1:]
    if not LEAST <= len(digits) <= MOST:
        raise ValueError(f"has {len(digits)} digits: an extension has {LEAST} or more, a number at most {MOST}")
    return digits


def side_of(role: str, number: str, keyed: KeyedHash) -> Side | None:
    """A number as it is kept; None where it was withheld. Raises ValueError."""
    digits = normal(number)
    if digits is None:
        return None
    shown = digits[-TAIL:] if len(digits) > 2 * TAIL else digits[-2:]
    return Side(role=role, line=keyed(f"phone {digits}"), tail=shown)


class LineBook:
    """Which line is whose. Numbers come in, keyed hashes are kept; nothing gives a number back."""

    def __init__(self, keyed: KeyedHash) -> None:
        self._keyed = keyed

    def side(self, role: str, number: str) -> Side | None:
        return side_of(role, number, self._keyed)

    def write(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
        """Write lines (number, kind, owner_id, since, until); how many are new and how many were there."""
        added = replaced = 0
        for row in rows:
            line = side_of("either", row["number"], self._keyed)
            assert line is not None, "a withheld number is refused when the file is read"
            values = {"line": line.line, **{name: row[name] for name in ("kind", "owner_id", "since", "until")}}
            same = (
                (phone_lines.c.line == line.line)
                & (phone_lines.c.kind == row["kind"])
                & (phone_lines.c.owner_id == row["owner_id"])
            )
            there = connection.execute(delete(phone_lines).where(same)).rowcount
            connection.execute(insert(phone_lines).values(values))
            added, replaced = added + (not there), replaced + there
        return added, replaced

    def match(self, connection: Connection, sides: Sequence[Side], day: date) -> Match:
        """Who the lines of a call belong to on a day. What is not certain is left open, with the reason."""
        owners = {side.line: _owners(connection, side.line, day) for side in sides}
        advisor_sides = [s for s in sides if s.role == Owner.ADVISOR] or [
            s for s in sides if s.role == "either" and owners[s.line][Owner.ADVISOR]
        ]
        client_sides = [s for s in sides if s.role == Owner.CLIENT] or [
            s for s in sides if s.role == "either" and s not in advisor_sides
        ]
        clients = _both(owners, client_sides, Owner.CLIENT)
        advisors = _both(owners, advisor_sides, Owner.ADVISOR)
        reason = _open("client", clients) or (_open("advisor", advisors) if advisor_sides else "")
        return Match(
            client_id=clients[0] if len(clients) == 1 else None,
            advisor_id=advisors[0] if len(advisors) == 1 else None,
            candidates={"client": clients, "advisor": advisors},
            reason=reason,
        )


def _owners(connection: Connection, line: str, day: date) -> dict[Owner, list[str]]:
    theirs = (
        (phone_lines.c.line == line)
        & or_(phone_lines.c.since.is_(None), phone_lines.c.since <= day)
        & or_(phone_lines.c.until.is_(None), phone_lines.c.until >= day)
    )
    found: dict[Owner, list[str]] = {Owner.CLIENT: [], Owner.ADVISOR: []}
    query = select(phone_lines.c.kind, phone_lines.c.owner_id).where(theirs).order_by(phone_lines.c.owner_id)
    for kind, owner in connection.execute(query):
        found[Owner(kind)].append(owner)
    return found


def _both(owners: Mapping[str, Mapping[Owner, list[str]]], sides: Sequence[Side], kind: Owner) -> list[str]:
    return list(dict.fromkeys(owner for side in sides for owner in owners[side.line][kind]))


def _open(who: str, found: Sequence[str]) -> str:
    return "" if len(found) == 1 else f"{who}_shared" if found else f"{who}_unknown"
