"""Numbers of identity papers, phones, cards and accounts: by shape and checksum, or by what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import luhn
from stdnum.cn import ric

from compliance_filters.pii.hit import Hit
from compliance_filters.pii.view import GAP
from compliance_filters.pii.words import amount_after, label_before, label_behind

# Every identifier holds seven digits close together; nothing else is looked at.
_RUN = re.compile(rf"[A-Za-z]{{0,2}}[0-9](?:{GAP}{{0,3}}[0-9]){{6,}}[Xx]?")
_PREFIX, _SUFFIX = 6, 3  # characters around a run: (+86) before it, a decimal or a letter behind
_G = rf"{GAP}{{0,3}}"
_ID = re.compile(
    rf"(?<![0-9A-Za-z])[1-9][0-9]{{5}}{_G}(?:19|20)[0-9]{{2}}{_G}(?:0[1-9]|1[0-2]){_G}"
    rf"(?:0[1-9]|[12][0-9]|3[01]){_G}[0-9]{{3}}{_G}[0-9Xx](?![0-9A-Za-z])"
)
_LOOSE_ID = re.compile(rf"(?<![0-9A-Za-z])[1-9](?:{GAP}?[0-9]){{16}}{GAP}?[0-9Xx](?![0-9A-Za-z])")
_ID_DATE = re.compile(r"[0-9]{6}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_OLD_ID = re.compile(r"[1-9][0-9]{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}")
_MOBILE = re.compile(
    rf"(?<![0-9.])(?:\(?\+?(?:00)?86\)?{_G}|0)?"
    rf"(?:1[3-9][0-9]{_G}[0-9]{{4}}{_G}[0-9]{{4}}|1{GAP}{{1,3}}[3-9](?:{GAP}{{1,3}}[0-9]){{9}})(?![0-9])(?!\.[0-9])"
)
_CARD = re.compile(
    rf"(?<![0-9A-Za-z.])(?:[0-9]{{4}}{_G}[0-9]{{4}}{_G}[0-9]{{4}}{_G}[0-9]{{4}}(?:{_G}[0-9]{{1,3}})?"
    rf"|[0-9]{{6}}{_G}[0-9]{{10,13}}|62[0-9](?:{GAP}[0-9]{{3}}){{4}}{GAP}[0-9]{{1,4}})(?![0-9A-Za-z])"
)
# One number whose groups are set apart alike; commas part groups of four only, in threes they are an amount's.
_TOKEN = re.compile(
    r"(?<![0-9A-Za-z.])[A-Za-z]{0,2}[0-9]+[A-Za-z]?[0-9]*"
    r"(?:(?P<gap>[ \-·_/]|\.(?=[0-9]+\.)|,(?=[0-9]{4}))[0-9]+(?:(?P=gap)[0-9]+)*)?[Xx]?(?![0-9A-Za-z])"
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_SHANGHAI = re.compile(r"[AE][0-9]{9}")
_MARKET = re.compile(r"[A-F0][0-9]{9}")
_PERMIT = re.compile(r"[A-Za-z]{0,2}[0-9]{7,10}")
_ACCOUNT = re.compile(r"[A-Za-z]?[0-9]{7,14}|[0-9]{2}[A-Za-z][0-9]{9}")
_INSIDE_CODE = re.compile(r"[A-Za-z0-9][\-_/]$")
_BEFORE_PHONE = re.compile(r"(?:tel|phone|mobile|mob|cell|call|wx|vx|[vqtm])[.:]?$", re.I)
_ISSUERS = ("62", "4", "5", "35", "60", "94", "95", "96", "98")
_NOT_WHOLE = re.compile(r"\.[0-9]|\s?[*×●•﹡※]")  # decimals, or the rest is masked
_NOT_DIGITS = re.compile(r"[^0-9A-Za-z]")


def numbers(view: str) -> Iterator[Hit]:
    """Papers, phones, cards and accounts in order of kind within each run of digits."""
    for run in _RUN.finditer(view):
        start, stop = max(0, run.start() - _PREFIX), min(len(view), run.end() + _SUFFIX)
        yield from _ids(view, start, stop)
        yield from _grouped_ids(view, start, stop)
        yield from _cards(view, start, stop)  # before phones: a card's last groups can look like one
        yield from _mobiles(view, start, stop)
        yield from _called(view, start, stop)


def _ids(view: str, start: int, stop: int) -> Iterator[Hit]:
    """Eighteen digits with a birthday inside; a wrong check digit needs no more than to be no order number."""
    for found in _ID.finditer(view, start, stop):
        if _is_amount(view, found.end()):
            continue
        valid = is_identity_number(_compact(found.group()).upper())
        if valid or label_before(view, found.start()) not in ("innocent", "account", "card"):
            yield Hit(kind="身份证号", start=found.start(), end=found.end())


def _grouped_ids(view: str, start: int, stop: int) -> Iterator[Hit]:
    """Eighteen digits in groups of any size, where the words call them an identity card."""
    for found in _LOOSE_ID.finditer(view, start, stop):
        if _ID_DATE.match(_compact(found.group())) and label_before(view, found.start()) == "id":
            yield Hit(kind="身份证号", start=found.start(), end=found.end())


def is_identity_number(number: str) -> bool:
    """By birthday, place and check digit; stdnum 2 fails with KeyError on a province without a county."""
    try:
        return bool(ric.is_valid(number))
    except KeyError:
        return False


def _mobiles(view: str, start: int, stop: int) -> Iterator[Hit]:
    for found in _MOBILE.finditer(view, start, stop):
        says = label_before(view, found.start())
        if says in ("innocent", "account") or _is_amount(view, found.end()):
            continue
        if says == "phone" or not _inside_code(view[max(0, found.start() - 8) : found.start()]):
            yield Hit(kind="手机号", start=found.start(), end=found.end())


def _inside_code(before: str) -> bool:
    """Whether letters or a code's first parts are stuck to the number; `tel` and its like are no code."""
    stuck = before[-1:].isascii() and before[-1:].isalpha() and not _BEFORE_PHONE.search(before)
    return stuck or bool(_INSIDE_CODE.search(before))


def _cards(view: str, start: int, stop: int) -> Iterator[Hit]:
    for found in _CARD.finditer(view, start, stop):
        number, says = _compact(found.group()), label_before(view, found.start())
        if says == "innocent" or _is_amount(view, found.end()):
            continue
        if says == "card" or number.startswith("62") or (number.startswith(_ISSUERS) and luhn.is_valid(number)):
            yield Hit(kind="银行卡号", start=found.start(), end=found.end())


def _called(view: str, start: int, stop: int) -> Iterator[Hit]:
    """Numbers of no telling shape, or in odd groups, by the label in front of them."""
    for found in _TOKEN.finditer(view, start, stop):
        number = _compact(found.group())
        if len(number) < 7 or _is_amount(view, found.end()):
            continue
        kind = _kind(number, label_before(view, found.start()) or label_behind(view, found.end()))
        if kind:
            yield Hit(kind=kind, start=found.start(), end=found.end())


def _kind(number: str, says: str | None) -> str | None:
    if says == "account" and _ACCOUNT.fullmatch(number) and not _DATE.fullmatch(number):
        return "证券账户"
    if says == "market" and _MARKET.fullmatch(number):
        return "证券账户"
    if says == "permit" and _PERMIT.fullmatch(number):
        return "证件号"
    if says == "id" and (_OLD_ID.fullmatch(number) or (len(number) in (17, 18, 19) and number[:14].isdigit())):
        return "身份证号"
    if says == "id" and _PERMIT.fullmatch(number) and number[0].isalpha():
        return "证件号"
    if says == "card" and 12 <= len(number) <= 19 and number.isdigit():
        return "银行卡号"
    if says == "phone" and len(number) == 11 and number.isdigit() and "13" <= number[:2] <= "19":
        return "手机号"
    return "证券账户" if says != "innocent" and _SHANGHAI.fullmatch(number) else None


def _is_amount(view: str, end: int) -> bool:
    return bool(amount_after().match(view, end)) or bool(_NOT_WHOLE.match(view, end))


def _compact(number: str) -> str:
    return _NOT_DIGITS.sub("", number)
