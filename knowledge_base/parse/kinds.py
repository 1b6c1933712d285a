"""Which parser a file is for, by its first bytes where they tell, else by its extension."""

from __future__ import annotations

from pathlib import Path

from knowledge_base.errors import ParseError
from knowledge_base.parse.archive import kind_of_zip

_BY_EXTENSION = {
    ".htm": "html",
    ".html": "html",
    ".md": "md",
    ".markdown": "md",
    ".txt": "txt",
    ".csv": "csv",
    ".eml": "eml",
}
EXTENSIONS = frozenset({*_BY_EXTENSION, ".pdf", ".docx", ".xlsx", ".pptx"})
REFUSED = {  # documents by their extension, in formats that are not read: named in the report, never passed over
    ".doc": "DOCX",
    ".wps": "DOCX",
    ".rtf": "DOCX",
    ".odt": "DOCX",
    ".xls": "XLSX",
    ".et": "XLSX",
    ".ods": "XLSX",
    ".ppt": "PPTX",
    ".dps": "PPTX",
    ".msg": "EML",
}
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Office before 2007, and what wraps a protected file
_PROTECTED = "EncryptedPackage".encode("utf-16-le")


def sniff(content: bytes, name: str, *, max_unpacked_mb: int) -> str | None:
    """Kind of a file; None when unknown. Raises ParseError for one that is protected or of an old format."""
    head = content[:1024].lstrip(b"\xef\xbb\xbf\x00 \t\r\n").lower()
    suffix = Path(name).suffix.lower()
    if b"%pdf-" in head and suffix != ".eml":
        return "pdf"
    if content.startswith(b"PK\x03\x04"):
        return kind_of_zip(content, name=name, max_unpacked_mb=max_unpacked_mb)
    if content.startswith(_COMPOUND):
        raise ParseError(_why_compound(content, name))
    if suffix in REFUSED:
        raise ParseError(f"{name} is of a format that is not read; save it as {REFUSED[suffix]} or PDF.")
    if head.startswith(_HTML_STARTS) and suffix not in (".md", ".markdown", ".eml"):
        return "html"
    return _BY_EXTENSION.get(suffix)


def _why_compound(content: bytes, name: str) -> str:
    if _PROTECTED in content:
        return f"{name} is protected by a password; save a copy without one."
    wanted = REFUSED.get(Path(name).suffix.lower(), "DOCX, XLSX or PPTX")
    return f"{name} is of a format before Office 2007, which is not read; save it as {wanted}."
