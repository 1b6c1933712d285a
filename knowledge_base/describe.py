"""Read what a document says of itself: front matter first, then its title, its first tables and its dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Any

import yaml

from knowledge_base.document import ANNOUNCEMENT, SHARE_RESEARCH, DocumentStatus, ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.metadata import Metadata, ProductName
from knowledge_base.parse.text import decode, front_matter
from knowledge_base.periods import reported_period
from knowledge_base.share_documents import on_share

DOCUMENT_TYPES = frozenset(
    {"fund_annual", "fund_interim", "fund_quarterly", "fund_profile", "research", "rule", "faq", "other"}
    | {ANNOUNCEMENT, SHARE_RESEARCH}
)
FRONT_MATTER_KEYS = frozenset(
    {
        "title",
        "type",
        "period",
        "codes",
        "publisher",
        "published",
        "date",
        "effective_from",
        "effective_to",
        "labels",
    }
    | {"status", "supersedes", "topic", "names", "risk_level", "retain_until", "shares"}
)
RISK_LEVELS = ("R1", "R2", "R3", "R4", "R5")
RISK_PRINTED = re.compile(r"(?<![A-Z])R[1-5](?!\d)")
HEAD_BLOCKS = 40  # what a document is stands within its first blocks
SENT_ON = re.compile(r"(?:送出|发布|编制|公告|发送)日期\s*[:：]\s*(\d{4})\s*[-年/.]\s*(\d{1,2})\s*[-月/.]\s*(\d{1,2})")
MANAGED_BY = re.compile(r"^基金管理人\s*[:：]\s*(\S{4,40})$", re.MULTILINE)
CODE = re.compile(r"^\d{6}$")
FILE_NAME = re.compile(r"^(\d{6})_(?:(\d{4})(?:Q([1-4])|H([12]))?_)?")
REPORT_TAIL = re.compile(r"\s*(?:20\d{2}\s*年.*|基金产品资料概要.*|产品资料概要.*|招募说明书.*)$")
CLASS_SUFFIX = re.compile(r"([A-Z])(?:类|份额)?$")


def describe(path: str, content: bytes, parsed: ParsedDocument) -> Metadata:
    """Metadata of the file at `path` (relative to the synced folder).

    Raises ParseError when front matter is there but cannot be read.
    """
    stated = _front_matter(path, content) if path.lower().endswith((".md", ".markdown", ".txt")) else None
    read = _from_text(path, parsed)
    return on_share(path, stated, _merged(path, stated, read) if stated is not None else read, parsed)


def _front_matter(path: str, content: bytes) -> dict[str, Any] | None:
    raw, _ = front_matter(decode(content, name=path))
    if raw is None:
        return None
    try:
        fields = yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise ParseError(f"{path} has front matter that is no YAML ({_line_of(error)}); correct it.") from error
    if not isinstance(fields, dict):
        raise ParseError(f"{path} has front matter that is no list of fields; write `title: ...` and so on.")
    return fields


def _line_of(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 2}" if mark is not None else "unreadable"


def _merged(path: str, stated: dict[str, Any], read: Metadata) -> Metadata:
    """Front matter over what the text says; keys nobody knows are warned of."""
    unknown = sorted(str(key) for key in stated if key not in FRONT_MATTER_KEYS)
    warnings = (f"Front matter holds unknown fields: {', '.join(unknown)}.",) if unknown else ()
    codes = tuple(_code(code) for code in _listed(stated.get("codes")))
    return Metadata(
        title=str(stated.get("title") or read.title),
        document_type=_document_type(path, stated, read),
        period=str(stated["period"]) if stated.get("period") else read.period,
        product_codes=codes or read.product_codes,
        publisher=stated.get("publisher") or read.publisher,
        published_on=_day(path, stated, "published") or _day(path, stated, "date") or read.published_on,
        effective_from=_day(path, stated, "effective_from"),
        effective_to=_day(path, stated, "effective_to"),
        status=_status(path, stated),
        labels=tuple(str(label) for label in _listed(stated.get("labels"))),
        topic=str(stated["topic"]) if stated.get("topic") else None,
        supersedes=tuple(str(one) for one in _listed(stated.get("supersedes"))),
        risk_level=_risk_level(path, stated, read),
        retain_until=_day(path, stated, "retain_until"),
        names=_stated_names(stated) + read.names,
        warnings=warnings,
    )


def _stated_names(stated: dict[str, Any]) -> tuple[ProductName, ...]:
    names = stated.get("names")
    if not isinstance(names, dict):
        return ()
    return tuple(
        ProductName(code=_code(code), name=str(name), kind="short")
        for code, value in names.items()
        for name in _listed(value)
    )


def _document_type(path: str, stated: dict[str, Any], read: Metadata) -> str:
    kind = str(stated.get("type") or read.document_type)
    if kind not in DOCUMENT_TYPES:
        raise ParseError(f"{path} has the unknown type {kind!r}; use one of {', '.join(sorted(DOCUMENT_TYPES))}.")
    return kind


def _risk_level(path: str, stated: dict[str, Any], read: Metadata) -> str | None:
    level = stated.get("risk_level", read.risk_level)
    if level is not None and level not in RISK_LEVELS:
        raise ParseError(f"{path} has the unknown risk level {level!r}; use one of {', '.join(RISK_LEVELS)}.")
    return level


def _status(path: str, stated: dict[str, Any]) -> DocumentStatus:
    value = str(stated.get("status") or DocumentStatus.IN_FORCE)
    try:
        return DocumentStatus(value)
    except ValueError as error:
        known = ", ".join(status.value for status in DocumentStatus)
        raise ParseError(f"{path} has the unknown status {value!r}; use one of {known}.") from error


def _day(path: str, stated: dict[str, Any], key: str) -> date | None:
    value = stated.get(key)
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise ParseError(f"{path} has {key}: {value!r}, which is no date; write it as 2025-03-31.") from error


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]


def _code(value: Any) -> str:
    return f"{value:06d}" if isinstance(value, int) else str(value)


def _from_text(path: str, parsed: ParsedDocument) -> Metadata:
    labels = dict(_labelled(parsed))
    head = "\n".join(block.text for block in parsed.blocks[:HEAD_BLOCKS])
    names = _names(parsed.title, labels)
    codes = tuple(dict.fromkeys(name.code for name in names))
    period = reported_period(parsed.title)
    sent = max(SENT_ON.finditer(head), key=lambda found: found[0].startswith("送出"), default=None)
    company = MANAGED_BY.search(head)
    codes, warnings = _against_file_name(path, codes, period)
    return Metadata(
        title=parsed.title,
        document_type=_type_of(parsed.title, is_fund=bool(names)),
        period=period,
        product_codes=codes,
        publisher=company[1] if company else next(iter(labels.get("基金管理人", ())), None),
        published_on=date(int(sent[1]), int(sent[2]), int(sent[3])) if sent else None,
        names=names,
        risk_level=_stated_level(labels),
        warnings=warnings,
    )


def _stated_level(labels: dict[str, tuple[str, ...]]) -> str | None:
    """R1 to R5, as a sheet prints it: 风险等级 | R3（中风险）."""
    printed = next((values[0] for label, values in labels.items() if "风险等级" in label and values), "")
    found = RISK_PRINTED.search(printed.upper())
    return found[0] if found else None


def _type_of(title: str, *, is_fund: bool) -> str:
    if not is_fund:
        return "other"
    if "季度报告" in title or "季报" in title:
        return "fund_quarterly"
    if "中期报告" in title or "半年度报告" in title:
        return "fund_interim"
    if "年度报告" in title or "年报" in title:
        return "fund_annual"
    return "fund_profile" if "资料概要" in title or "概览" in title else "other"


def _labelled(parsed: ParsedDocument) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Rows "label | value ..." of the first tables; of "label | value | label | value" both pairs."""
    seen: set[str] = set()
    for block in parsed.blocks[:HEAD_BLOCKS]:
        for row in block.table.rows if block.table else ():
            texts = [cell.text for cell in row]
            twice = len(texts) == 4 and block.table is not None and not block.table.header_rows
            pairs = [texts[:2], texts[2:]] if twice else [texts]
            for label, *values in pairs:
                if label not in seen and any(values):
                    seen.add(label)
                    yield label, tuple(dict.fromkeys(value for value in values if value))


def _names(title: str, labels: dict[str, tuple[str, ...]]) -> tuple[ProductName, ...]:
    """Names of the fund and of its share classes, from the table of basic facts."""
    codes = labels.get("基金主代码") or labels.get("基金代码") or labels.get("产品代码") or ()
    main = next((code for code in codes if CODE.match(code)), None)
    if main is None:
        return ()
    found = []
    full = next(iter(labels.get("基金名称", ())), None) or REPORT_TAIL.sub("", title)
    if full:
        found.append(ProductName(code=main, name=full, kind="full"))
    for short in labels.get("基金简称") or labels.get("产品简称") or ():
        found.append(ProductName(code=main, name=short, kind="short"))
    for alias in labels.get("场内简称", ()):
        found.extend(
            ProductName(code=main, name=one, kind="alias")
            for one in re.split(r"[、，,；（）()：]", alias)
            if len(one) > 3 and one != "扩位简称"
        )
    return tuple(found) + _class_names(main, labels)


def _class_names(main: str, labels: dict[str, tuple[str, ...]]) -> tuple[ProductName, ...]:
    codes = next((values for label, values in labels.items() if _of_classes(label, "代码")), ())
    names = next((values for label, values in labels.items() if _of_classes(label, "简称")), ())
    return tuple(
        ProductName(code=code, name=name, kind="short", main_code=main, share_class=_class_of(name))
        for code, name in zip(codes, names, strict=False)
        if CODE.match(code)
    )


def _of_classes(label: str, what: str) -> bool:
    return label.startswith("下属") and label.endswith(what) and "场内" not in label


def _class_of(name: str) -> str | None:
    found = CLASS_SUFFIX.search(name)
    return found[1] if found else None


def _against_file_name(
    path: str, codes: tuple[str, ...], period: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The text is trusted; a file name that says otherwise is a warning, one that adds a code helps."""
    found = FILE_NAME.match(PurePosixPath(path).name)
    if found is None:
        return codes, ()
    code, year, quarter, half = found.groups()
    warnings = []
    if codes and code not in codes:
        warnings.append(f"The file name says product {code}, the text says {', '.join(codes)}; the text is used.")
    named = f"{year}{f'Q{quarter}' if quarter else f'H{half}' if half else ''}" if year else None
    if named and period and named != period:
        warnings.append(f"The file name says {named}, the text says {period}; the text is used.")
    return codes or (code,), tuple(warnings)
