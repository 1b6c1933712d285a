"""Pseudonyms: nothing personal in what goes out, the same token for the same thing, nothing but tokens restored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance_filters.pii.pseudonyms import Pseudonyms
from prompts.chat import Message, PseudonymisingChat, Reply
from prompts.errors import ChatUnavailableError
from prompts.scripted_chat import ScriptedChat

SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def _groups(number: str, sizes: tuple[int, ...]) -> list[str]:
    cuts = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    return [number[a:b] for a, b in pairwise(cuts)]


def _written(number: str, sizes: tuple[int, ...], how: int) -> str:
    """One of the ways in which people write or say a number."""
    parts = _groups(number, sizes)
    return (
        number, " ".join(parts), "-".join(parts), number.translate(SPOKEN), number.translate(WIDE),
        ",".join(parts).translate(SPOKEN), "\u200b".join(parts), "·".join(parts), " ".join(number),
    )[how]  # fmt: skip


@given(
    tail=st.text(alphabet="0123456789", min_size=9, max_size=9),
    second=st.sampled_from("3456789"),
    how=st.integers(0, 8),
    before=st.sampled_from(["我手机", "电话是", "客户王小明，", "请联系", "您好，", "手机号："]),
    after=st.sampled_from(["，谢谢", "。", " 可以吗", "是我的", ""]),
)
def test_no_mobile_gets_out_however_it_is_written(tail: str, second: str, how: int, before: str, after: str) -> None:
    number = f"1{second}{tail}"
    written = _written(number, (3, 4, 4), how)
    hidden, tokens = Pseudonyms(["王小明"]).hide(f"{before}{written}{after}")
    assert written not in hidden
    assert "王小明" not in hidden
    assert not any(char.isdigit() or char in "零幺" for char in hidden)
    assert Pseudonyms().restore(hidden, tokens) == f"{before}{written}{after}"


@example(body="03202004188362", how=0)  # eighteen digits that begin with a province and name no county
@example(body="013000000000", how=1)  # the last groups look like a mobile number
@given(
    body=st.text(alphabet="0123456789", min_size=12, max_size=15),
    how=st.sampled_from([0, 1, 2, 3, 4, 6]),
)
def test_no_card_gets_out(body: str, how: int) -> None:
    number = f"6217{body}"
    hidden, _ = Pseudonyms().hide(f"卡号{_written(number, (4, 4, 4, 4, 3), how)}，请核对")
    assert not any(char.isdigit() or char in "零幺" for char in hidden)


def test_tokens_are_stable_and_restored() -> None:
    text = "王小明的手机13800138000，王小明的邮箱a.b@yuanshan.example"
    pseudonyms = Pseudonyms(["王小明"])
    hidden, tokens = pseudonyms.hide(text)
    assert set(tokens.values()) == {"王小明", "13800138000", "a.b@yuanshan.example"}
    assert pseudonyms.restore(hidden, tokens) == text
    later, _ = pseudonyms.hide("另外问一下，13800138000是王小明的吗")
    assert set(tokens) - {next(t for t in tokens if "邮箱" in t)} == {t for t in tokens if t in later}


def test_one_number_in_two_writings_is_one_token() -> None:
    hidden, tokens = Pseudonyms().hide("手机138 0013 8000，就是幺三八零零幺三八零零零")
    assert list(tokens.values()) == ["138 0013 8000"]
    assert hidden.count(next(iter(tokens))) == 2


def test_other_objects_give_other_tokens() -> None:
    assert Pseudonyms().hide("13800138000") != Pseudonyms().hide("13800138000")


@pytest.mark.parametrize("text", ["王小明明来电", "王 小 明 明来电", "王\u200b小明明来电"])
def test_the_longest_known_name_is_hidden(text: str) -> None:
    hidden, tokens = Pseudonyms(["王小明", "王小明明", "小明"]).hide(text)
    assert hidden.endswith("来电")
    assert list(tokens.values()) == [text.removesuffix("来电")]


def test_a_token_that_stands_in_the_text_is_not_given_out() -> None:
    pseudonyms = Pseudonyms(key=b"k")
    token = pseudonyms.hide("13800138000")[0]
    hidden, tokens = pseudonyms.hide(f"{token}和13800138000")
    assert token not in tokens
    assert hidden.startswith(token)


@pytest.mark.parametrize(
    "draft",
    ["没有记号了", "{0}和〔手机BCDF〕", "{0}和〔客户", "{0}和手机KXQT", "{0}和【客户KXQT】", "{0}和〔 客户KXQT 〕"],
)
def test_lost_invented_and_mangled_tokens_fail(draft: str) -> None:
    hidden, tokens = Pseudonyms().hide("13800138000")
    with pytest.raises(ValueError, match="again"):
        Pseudonyms().restore(draft.format(hidden), tokens)


def test_names_that_come_later_are_hidden_and_the_list_is_built_once() -> None:
    read = 0

    class Names(list[str]):
        def __iter__(self) -> Iterator[str]:
            nonlocal read
            read += 1
            return super().__iter__()

    known = Names(["李秀英"])
    pseudonyms = Pseudonyms(lambda: known, key=b"k")
    text = "李秀英与王小明"
    before, _ = pseudonyms.hide(text)
    assert "王小明" in before
    assert pseudonyms.hide(text)[0] == before
    assert read == 1
    known = Names(["李秀英", "王 小明"])
    hidden, tokens = pseudonyms.hide(text)
    assert before.split("与")[0] == hidden.split("与")[0]  # the same value keeps its token
    assert "王小明" not in hidden
    assert pseudonyms.restore(hidden, tokens) == text


def test_names_that_cannot_be_read_let_nothing_out() -> None:
    def names() -> list[str]:
        if started:
            raise OSError("the database is away")
        return []

    started = False
    pseudonyms = Pseudonyms(names)
    started = True
    with pytest.raises(OSError, match="away"):
        pseudonyms.hide("王小明")


def test_document_numbers_are_no_tokens() -> None:
    assert Pseudonyms().restore("证监发〔2020〕5号", {}) == "证监发〔2020〕5号"


def test_the_model_never_sees_what_a_client_said_of_themself() -> None:
    model = ScriptedChat(["已记录。"])
    chat = PseudonymisingChat(model, Pseudonyms(["李秀英"]))
    chat.complete([
        Message(role="system", content="客户李秀英，身份证11010519491231002X。"),
        Message(role="user", content="我住望江路12号3栋502室，卡6222021001116245702，手机幺三八零零幺三八零零零"),
    ])  # fmt: skip
    sent = "".join(message.content for message in model.asked[0])
    for personal in ("李秀英", "11010519491231002X", "望江路", "502室", "6222021001116245702", "幺三八"):
        assert personal not in sent


def test_a_mangled_token_in_a_reply_is_an_error() -> None:
    class Echo(ScriptedChat):
        def complete(self, messages: Sequence[Message], **options: Any) -> Reply:
            reply = super().complete(messages, **options)
            return replace(reply, text=self.asked[-1][0].content.replace("〔", "[").replace("〕", "]"))

    chat = PseudonymisingChat(Echo(["x"]), Pseudonyms())
    with pytest.raises(ChatUnavailableError, match="was not in its input"):
        chat.complete([Message(role="user", content="手机13800138000")])
