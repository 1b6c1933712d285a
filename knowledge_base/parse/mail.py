"""EML: a message as one document, what was attached as sections of it, as deep and as many as allowed."""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime

from knowledge_base.document import ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.parse.builder import DocumentBuilder
from knowledge_base.parse.text import decode

ParsePart = Callable[[bytes, str], ParsedDocument]

_SHOWN_HEADERS = (("From", "发件人"), ("To", "收件人"), ("Cc", "抄送"))
_LONGEST_HEADER = 400  # characters; a message may be sent to hundreds
_HEADER_LINE = re.compile(rb"^[!-9;-~]+:", re.MULTILINE)
_SPACE = re.compile(r"\s+")
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030"}


def parse_eml(content: bytes, *, name: str, parse: ParsePart, max_attachments: int) -> ParsedDocument:
    """Subject, sender and date, then the text, then each attachment under a heading of its name.

    `parse` reads one part (bytes, name). An attachment that cannot be read is a warning and the rest
    goes on. Raises ParseError when the bytes hold no message.
    """
    if not _HEADER_LINE.search(content[:4096]):
        raise ParseError(f"{name} holds no message headers; export it again from the mail program.")
    message = email.message_from_bytes(content, policy=compat32)
    subject = _header(message, "Subject") or name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    builder = DocumentBuilder()
    builder.heading(subject, 1)
    for field, label in _SHOWN_HEADERS:
        if said := _header(message, field):
            builder.paragraph(f"{label}：{said[:_LONGEST_HEADER]}")
    if sent := _sent_on(message):
        builder.paragraph(f"发送日期：{sent}")
    for part in _body(message):
        _add(builder, part, f"{name}（正文）{'.html' if part.get_content_subtype() == 'html' else '.txt'}", parse)
    _attachments(builder, message, parse, max_attachments)
    return builder.build(subject)


def _attachments(builder: DocumentBuilder, message: Message, parse: ParsePart, most: int) -> None:
    attached = list(_attached(message))
    for number, part in enumerate(attached[:most], start=1):
        file_name = _file_name(part) or f"附件{number}"
        builder.heading(f"附件：{file_name}", 2)
        _add(builder, part, file_name, parse)
    if len(attached) > most:
        builder.warnings.append(f"Only the first {most} of {len(attached)} attachments were read.")


def _add(builder: DocumentBuilder, part: Message, name: str, parse: ParsePart) -> None:
    content = _content(part)
    if not content.strip():
        return
    try:
        builder.graft(parse(content, name))
    except ParseError as error:
        builder.warnings.append(f"A part of the message was left out: {error}")


def _body(message: Message) -> Iterator[Message]:
    """Parts that are the text itself; of two forms of one text the HTML one, which keeps its tables."""
    if message.get_content_type() == "multipart/alternative":
        forms = [part for part in _parts(message) if not _is_attached(part)]
        texts = [found for part in forms for found in _body(part)]
        html = [part for part in texts if part.get_content_subtype() == "html"]
        yield from html or texts[:1]
    elif message.is_multipart() and message.get_content_type() != "message/rfc822":
        for part in _parts(message):
            if not _is_attached(part):
                yield from _body(part)
    elif message.get_content_maintype() == "text":
        yield message


def _attached(message: Message) -> Iterator[Message]:
    for part in _parts(message):
        if _is_attached(part):
            yield part
        elif part.is_multipart():
            yield from _attached(part)


def _is_attached(part: Message) -> bool:
    """Whether a part is a file of its own; pictures inside the text (with a Content-ID alone) are not."""
    if part.get_content_type() == "message/rfc822" or part.get_content_disposition() == "attachment":
        return True
    return not part.is_multipart() and part.get_content_maintype() != "text" and bool(_file_name(part))


def _parts(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _content(part: Message) -> bytes:
    """The bytes of a part: of a message inside a message the whole; of text UTF-8."""
    if part.get_content_type() == "message/rfc822":
        inner = _parts(part)
        return inner[0].as_bytes() if inner else b""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    if part.get_content_maintype() != "text" or _is_attached(part):
        return raw
    return _declared_text(raw, part.get_content_charset()).encode()


def _declared_text(raw: bytes, charset: str | None) -> str:
    """Text in the stated character set, else in the one that fits; what fits none is marked, not lost."""
    if charset:
        with suppress(LookupError, UnicodeDecodeError):  # programs state sets that are none, or other ones
            return raw.decode(_wide(charset))
    try:
        return decode(raw, name="")
    except ParseError:
        return raw.decode("utf-8", errors="replace")


def _wide(charset: str) -> str:
    """GB18030 for its older parts: programs say gb2312 and write characters that only GBK has."""
    return _WIDER.get(charset.lower(), charset)


def _file_name(part: Message) -> str:
    name = part.get_filename() or ""
    if not name and part.get_content_type() == "message/rfc822":
        inner = _parts(part)
        return f"{_header(inner[0], 'Subject') or '转发的邮件'}.eml" if inner else ""
    return _words(name).replace("\\", "/").rsplit("/", 1)[-1][:120]


def _header(message: Message, field: str) -> str:
    return _words(str(message.get(field, "")))


def _sent_on(message: Message) -> str:
    """The day by the sender's clock, as 2026-05-20; "" where none is stated or readable."""
    try:
        return parsedate_to_datetime(str(message.get("Date", ""))).date().isoformat()
    except ValueError:
        return ""


def _words(raw: str) -> str:
    """A header with its encoded words decoded."""
    try:
        pieces = decode_header(raw)
    except (ValueError, email.errors.HeaderParseError):
        return raw
    texts = (_declared_text(text, charset) if isinstance(text, bytes) else text for text, charset in pieces)
    return _SPACE.sub(" ", "".join(texts)).strip()
