from __future__ import annotations

from email.message import EmailMessage

import pytest

from knowledge_base.errors import ParseError
from knowledge_base.parse import parse_bytes
from knowledge_base.settings import KnowledgeBaseSettings
from tests.knowledge_base.files import message
from tests.knowledge_base.made import check_offsets
from tests.knowledge_base.test_office import docx_bytes


def attach(outer: EmailMessage, content: bytes, name: str) -> None:
    outer.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)


def test_subject_text_and_attachments_are_one_document() -> None:
    mail = message()
    attach(mail, docx_bytes(), "办法.docx")
    attach(mail, "代码,费率\n990001,1.20%\n".encode("gb18030"), "费率.csv")
    parsed = parse_bytes(mail.as_bytes(), name="通知.eml")
    check_offsets(parsed)
    assert parsed.title == "费率调整"
    texts = [block.text for block in parsed.blocks]
    assert texts[0] == "费率调整"
    assert "发件人：运营部 <ops@example.invalid>" in texts
    assert "发送日期：2026-05-20" in texts
    assert "管理费率自2026年7月1日起为1.20%。" in texts
    rules = next(block for block in parsed.blocks if block.text == "本办法适用于全部产品。")
    assert rules.heading_path == ("费率调整", "附件：办法.docx", "费率办法")
    rates = parsed.blocks[-1].table
    assert rates is not None
    assert [cell.text for cell in rates.body[0]] == ["990001", "1.20%"]
    assert parsed.warnings == ()


def test_of_two_forms_of_a_text_the_one_with_tables_is_read() -> None:
    mail = message(body="费率 见表")
    mail.add_alternative(
        "<p>费率见表</p><table><tr><th>费用</th><th>费率</th></tr><tr><td>管理费</td><td>1.20%</td></tr></table>",
        subtype="html",
    )
    parsed = parse_bytes(mail.as_bytes(), name="a.eml")
    assert [block.text for block in parsed.blocks][-2:] == ["费率见表", "费用 | 费率\n管理费 | 1.20%"]
    assert "费率 见表" not in parsed.text


def test_gbk_that_calls_itself_gb2312() -> None:
    head = b"Subject: =?gb2312?B?" + __import__("base64").b64encode("朱镕基金".encode("gbk")) + b"?=\n"
    raw = head + b"Content-Type: text/plain; charset=gb2312\n\n" + "镕字不在GB2312里。".encode("gbk")
    parsed = parse_bytes(raw, name="a.eml")
    assert parsed.text == "朱镕基金\n镕字不在GB2312里。"


def test_a_broken_attachment_is_a_warning_and_the_rest_goes_on() -> None:
    mail = message()
    attach(mail, b"%PDF-1.4 nonsense", "坏.pdf")
    attach(mail, "还在。".encode(), "好.txt")
    parsed = parse_bytes(mail.as_bytes(), name="a.eml")
    assert "还在。" in parsed.text
    assert len(parsed.warnings) == 1
    assert "坏.pdf is a broken PDF" in parsed.warnings[0]


def test_messages_inside_messages_are_read_to_a_bound() -> None:
    mail = message("第0层", "底。")
    for depth in range(1, 5):
        outer = message(f"第{depth}层", f"第{depth}层的话。")
        outer.add_attachment(mail)
        mail = outer
    parsed = parse_bytes(mail.as_bytes(), name="a.eml", settings=KnowledgeBaseSettings(max_mail_depth=2))
    check_offsets(parsed)
    assert "第2层的话。" in parsed.text
    assert "第1层的话。" not in parsed.text
    assert "messages deep" in parsed.warnings[-1]


def test_attachments_beyond_the_bound_are_counted() -> None:
    mail = message()
    for n in range(3):
        attach(mail, f"第{n}份。".encode(), f"{n}.txt")
    parsed = parse_bytes(mail.as_bytes(), name="a.eml", settings=KnowledgeBaseSettings(max_attachments=2))
    assert "第1份。" in parsed.text
    assert "第2份。" not in parsed.text
    assert parsed.warnings == ("Only the first 2 of 3 attachments were read.",)


def test_what_is_no_message_says_so() -> None:
    with pytest.raises(ParseError, match="no message headers"):
        parse_bytes("只是一行字".encode(), name="a.eml")


def test_the_catalog_learns_when_a_message_was_sent() -> None:
    from datetime import date

    from knowledge_base.describe import describe

    content = message().as_bytes()
    assert describe("a.eml", content, parse_bytes(content, name="a.eml")).published_on == date(2026, 5, 20)
