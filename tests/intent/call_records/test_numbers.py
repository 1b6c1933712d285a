"""One form for a number however it is written, and whose it is on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from intent.call_records.numbers import LineBook, Side, normal
from intent.call_records.tables import phone_lines

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("13800001234", "13800001234"),
        ("+86 138-0000-1234", "13800001234"),
        ("008613800001234", "13800001234"),
        ("８６１３８００００１２３４", "13800001234"),
        ("013800001234", "13800001234"),
        ("(010) 6688 1234", "01066881234"),
        ("+861066881234", "01066881234"),
        ("8021", "8021"),
        ("+85221234567", "85221234567"),
    ],
)
def test_a_line_is_the_same_however_it_is_written(written: str, digits: str) -> None:
    assert normal(written) == digits


@pytest.mark.parametrize("withheld", ["", "  ", "anonymous", "Unknown", "未知"])
def test_a_withheld_number_is_none(withheld: str) -> None:
    assert normal(withheld) is None


@pytest.mark.parametrize("wrong", ["12", "1380000abcd", "1" * 21, "*69#", "十三八"])
def test_what_is_no_number_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(ValueError, match="digits") as refused:
        normal(wrong)
    assert wrong not in str(refused.value)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["{}", "+86{}", "0086 {}", "0{}", " {} "]))
@limits(max_examples=40)
def test_every_mobile_number_survives_its_prefixes(number: str, form: str) -> None:
    assert normal(form.format(number)) == number


def keyed(text: str) -> str:
    return f"h({text})"


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    phone_lines.create(engine)
    with engine.begin() as made:
        LineBook(keyed).write(
            made,
            [
                row("13800000001", "client", "C1"),
                row("13800000002", "client", "C1"),
                row("01066880000", "client", "C2"),
                row("01066880000", "client", "C3"),
                row("13800000009", "client", "C4", until=date(2026, 6, 30)),
                row("13800000009", "client", "C5", since=date(2026, 7, 1)),
                row("8021", "advisor", "A1"),
                row("8000", "advisor", "A1"),
                row("8000", "advisor", "A2"),
            ],
        )
        yield made


def row(number: str, kind: str, owner: str, since: date | None = None, until: date | None = None) -> dict[str, object]:
    return {"number": number, "kind": kind, "owner_id": owner, "since": since, "until": until}


def sides(*told: tuple[str, str]) -> list[Side]:
    found = [LineBook(keyed).side(role, number) for role, number in told]
    return [side for side in found if side is not None]


@pytest.mark.parametrize(
    ("told", "client", "advisor", "reason"),
    [
        ([("client", "+86 13800000001"), ("advisor", "8021")], "C1", "A1", ""),
        ([("either", "13800000001"), ("either", "8021")], "C1", "A1", ""),
        ([("either", "8021"), ("either", "13800000002")], "C1", "A1", ""),
        ([("client", "010-66880000"), ("advisor", "8021")], None, "A1", "client_shared"),
        ([("client", "13900000000"), ("advisor", "8021")], None, "A1", "client_unknown"),
        ([("client", "13800000001"), ("advisor", "8000")], "C1", None, "advisor_shared"),
        ([("client", "13800000001"), ("advisor", "8999")], "C1", None, "advisor_unknown"),
        ([("client", "13800000001")], "C1", None, ""),
        ([("either", "8021"), ("either", "8000")], None, None, "client_unknown"),
        ([("client", "13800000009"), ("advisor", "8021")], "C5", "A1", ""),
    ],
)
def test_who_took_part(
    connection: Connection, told: list[tuple[str, str]], client: str | None, advisor: str | None, reason: str
) -> None:
    match = LineBook(keyed).match(connection, sides(*told), DAY)
    assert (match.client_id, match.advisor_id, match.reason) == (client, advisor, reason)


def test_a_number_that_changed_hands_is_who_had_it_on_the_day(connection: Connection) -> None:
    assert LineBook(keyed).match(connection, sides(("client", "13800000009")), date(2026, 6, 1)).client_id == "C4"


def test_no_number_is_stored(connection: Connection) -> None:
    book = LineBook(lambda text: f"{hash(text):x}")
    book.write(connection, [row("13712345678", "client", "C9")])
    assert "13712345678" not in str(connection.execute(select(phone_lines)).all())
    side = book.side("client", "13712345678")
    assert side is not None
    assert (side.tail, "1371234" in str(side)) == ("5678", False)
    short = book.side("advisor", "8021")
    assert short is not None
    assert short.tail == "21", "of a short number the half is hidden"


def test_a_line_told_again_is_the_same_line(connection: Connection) -> None:
    assert LineBook(keyed).write(connection, [row("13800000001", "client", "C1", until=DAY)]) == (0, 1)
