from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from mandarin.spoken_dates import SpokenMoment, find_moments
from mandarin.spoken_days import add_workdays

TUESDAY = datetime(2026, 9, 15, 10, 20, tzinfo=ZoneInfo("Asia/Shanghai"))


def one(text: str, said_at: datetime = TUESDAY) -> SpokenMoment:
    found = find_moments(text, said_at=said_at)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("我明天发您", "2026-09-16"),
        ("后天给您", "2026-09-17"),
        ("一会儿录个屏", "2026-09-15"),
        ("马上发您短信", "2026-09-15"),
        ("下周三之前", "2026-09-23"),
        ("礼拜四之前给您准信", "2026-09-17"),
        ("周二", "2026-09-22"),
        ("这周五", "2026-09-18"),
        ("下周", "2026-09-25"),
        ("周末", "2026-09-20"),
        ("月底", "2026-09-30"),
        ("下月初", "2026-10-05"),
        ("下个月五号", "2026-10-05"),
        ("这个月二十八号", "2026-09-28"),
        ("十号", "2026-10-10"),
        ("十七号", "2026-09-17"),
        ("9月29日", "2026-09-29"),
        ("三月五号", "2027-03-05"),
        ("明年三月", "2027-03-31"),
        ("年底", "2026-12-31"),
        ("两三天内", "2026-09-18"),
        ("半个月以后", "2026-09-30"),
        ("一个月内", "2026-10-15"),
        ("两个工作日内", "2026-09-17"),
        ("四个交易日到账", "2026-09-21"),
        ("一到两个工作日", "2026-09-17"),
    ],
)
def test_days_count_from_the_day_of_speaking(text: str, day: str) -> None:
    moment = one(text)
    assert (moment.day.isoformat(), moment.says_day) == (day, True)


@pytest.mark.parametrize(
    ("text", "at", "exact"),
    [
        ("三点前", "15:00", True),
        ("十一点前", "11:00", True),
        ("下午五点半之前", "17:30", True),
        ("四点四十", "16:40", True),
        ("3点15分", "15:15", True),
        ("11:30", "11:30", True),
        ("明天上午", "12:00", False),
        ("今晚", "22:00", False),
        ("今晚八点", "20:00", True),
        ("今天下班前", "18:00", False),
        ("周五收盘前", "15:00", False),
        ("礼拜四三点半", "15:30", True),
        ("半小时后", "10:50", True),
        ("二十分钟以后", "10:40", True),
        ("两小时之内", "12:20", True),
    ],
)
def test_times_of_day(text: str, at: str, exact: bool) -> None:
    moment = one(text)
    assert (moment.at, moment.exact) == (time.fromisoformat(at), exact)


def test_a_span_that_passes_midnight_is_due_the_next_day() -> None:
    moment = one("三个小时内", TUESDAY.replace(hour=22))
    assert (moment.day, moment.at) == (date(2026, 9, 16), time(1, 20))


def test_an_hour_that_is_over_is_in_the_evening_or_tomorrow() -> None:
    assert (one("八点").day, one("八点").at) == (date(2026, 9, 15), time(20))
    assert (one("三点前", TUESDAY.replace(hour=16)).day, one("九点半").at) == (date(2026, 9, 16), time(21, 30))


def test_the_same_hour_of_another_day_is_in_the_morning_again() -> None:
    assert one("九点半").on(date(2026, 9, 16)).at == time(9, 30)


@pytest.mark.parametrize(
    "text",
    ["回头发您", "改天", "过两天", "节后", "昨天下午三点多到的", "上周四", "每周三扣", "佣金万二点五", "快一点",
     "一点风险都没有", "涨了三点", "半年的那种", "一年半", "二十天日均", "等一等",
     "去年3月份推荐的", "去年的三月", "前年五月初", "上个月3号", "今年3月份买的",
     "去年的10月20号", "去年年底买的", "昨天周一", "今年3月5号"],
)  # fmt: skip
def test_what_is_past_vague_or_no_time_is_not_found(text: str) -> None:
    assert find_moments(text, said_at=TUESDAY) == ()


def test_the_quote_is_the_slice_and_says_whether_it_is_a_deadline() -> None:
    text = "那我下周三之前把表发您，周五三点以后再打"
    by, after = find_moments(text, said_at=TUESDAY)
    assert [text[m.start : m.end] for m in (by, after)] == [by.quote, after.quote] == ["下周三之前", "周五三点以后"]
    assert (by.relation, after.relation) == ("by", "after")


def test_the_last_day_of_a_short_month_stands_for_a_day_it_lacks() -> None:
    assert one("一个月内", datetime(2027, 1, 31, 9, tzinfo=TUESDAY.tzinfo)).day == date(2027, 2, 28)


def test_working_days_leave_out_weekends() -> None:
    assert add_workdays(date(2026, 9, 18), 1) == date(2026, 9, 21)
    assert add_workdays(date(2026, 9, 19), 2) == date(2026, 9, 22)
