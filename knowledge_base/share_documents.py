"""What a document on a share is: an announcement, which tells facts, or research, which is an opinion.

A document is on a share where its front matter names one (`shares: ["690118.SH"]`) or its file name begins with one
(690118.SH_2026-10-28_三季报.pdf). What is neither called an announcement nor lies in a folder of announcements is
research: in doubt it is closed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from knowledge_base.document import ANNOUNCEMENT, SHARE_RESEARCH, ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.metadata import Metadata, ProductName

SHARE = re.compile(r"(?:\d{6}\.(?:SH|SZ|BJ)|\d{5}\.HK)")
_FILE_NAME = re.compile(rf"^({SHARE.pattern})_(?:(\d{{4}}-\d\d-\d\d)_)?")
_ANNOUNCED = frozenset({"announcements", "announcement", "公告"})
_REGISTERED = re.compile(r"(?<![A-Z])S\d{13}(?!\d)")  # as the Securities Association of China numbers analysts
_PUBLISHER = re.compile(r"发布机构\s*(?:[:：]|\|)\s*([^\s|]{4,40})")
_NAME = re.compile(r"^([\u4e00-\u9fffA-Za-z*]{2,12}?)(?=[（(:：]|关于|20\d\d年|$)")


def on_share(path: str, stated: dict[str, Any] | None, read: Metadata, parsed: ParsedDocument) -> Metadata:
    """The metadata of a document on a share; as it is for any other document.

    Raises ParseError for an unreadable code, and for research that does not say who gives the opinion, and when.
    """
    named = _FILE_NAME.match(PurePosixPath(path).name)
    codes = _codes(path, stated) or ((named[1],) if named else ())
    if not codes:
        return read
    announced = read.document_type == ANNOUNCEMENT or bool(_ANNOUNCED.intersection(PurePosixPath(path).parts[:-1]))
    printed = _PUBLISHER.search(parsed.text)
    about = replace(
        read,
        document_type=ANNOUNCEMENT if announced else SHARE_RESEARCH,
        product_codes=codes,
        period=read.period if announced else None,
        published_on=read.published_on or (date.fromisoformat(named[2]) if named and named[2] else None),
        publisher=read.publisher or (printed[1] if printed else None),
        names=_names(codes, read),
    )
    if not announced:
        _require_author(path, about, parsed)
    return about


def _codes(path: str, stated: dict[str, Any] | None) -> tuple[str, ...]:
    told = (stated or {}).get("shares") or []
    codes = tuple(str(one).upper() for one in (told if isinstance(told, list) else [told]))
    wrong = [code for code in codes if not SHARE.fullmatch(code)]
    if wrong:
        raise ParseError(f"{path} names the share {wrong[0]!r}, which is no code; write it as 690118.SH or 00700.HK.")
    return codes


def _names(codes: Sequence[str], read: Metadata) -> tuple[ProductName, ...]:
    """The name that the document tells facts under: the one it states, else the beginning of its title."""
    stated = tuple(name for name in read.names if name.code in codes)
    told = _NAME.match(read.title)
    return stated or ((ProductName(code=codes[0], name=told[1], kind="short"),) if told else ())


def printed_day(day: date) -> str:
    """A pattern for a day as reports print it: 2026-11-02, 2026年11月2日."""
    return rf"{day.year}\s*[-年/.]\s*0?{day.month}\s*[-月/.]\s*0?{day.day}(?!\d)\s*日?"


def _require_author(path: str, about: Metadata, parsed: ParsedDocument) -> None:
    """An opinion is handed on with who gave it and when, or not at all (证券投资顾问业务暂行规定 art. 18)."""
    text, publisher, day = parsed.text, about.publisher, about.published_on
    lacking = [
        what
        for what, found in (
            ("its publisher", publisher and publisher in text),
            ("its day", day and re.search(printed_day(day), text)),
            ("an analyst's registration number (S and 13 digits)", _REGISTERED.search(text)),
        )
        if not found
    ]
    if lacking:
        raise ParseError(
            f"{path} is research on a share whose text does not name {', '.join(lacking)}: add what is missing, or put "
            "announcements into a folder announcements/."
        )
