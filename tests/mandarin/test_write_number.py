from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandarin.chinese_number import read_number, write_number


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        ("0", "零"),
        ("10", "十"),
        ("12", "十二"),
        ("110", "一百一十"),
        ("105", "一百零五"),
        ("1005", "一千零五"),
        ("2000", "两千"),
        ("20000", "两万"),
        ("200000", "二十万"),
        ("100010", "十万零一十"),
        ("120000000", "一亿两千万"),
        ("3.5", "三点五"),
        ("-2.05", "负二点零五"),
    ],
)
def test_numbers_are_written_as_spoken(value: str, spoken: str) -> None:
    assert write_number(Decimal(value)) == spoken


@given(st.integers(0, 10**12 - 1))
def test_what_is_written_is_read_back(value: int) -> None:
    assert read_number(write_number(Decimal(value))).value == value


def test_what_nobody_speaks_so_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        write_number(Decimal(10**12))
