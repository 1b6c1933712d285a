"""Prices of what clients hold, from the NAV files of the report way, as tag rules need them."""

from __future__ import annotations

import logging
import math
import threading
from datetime import date
from decimal import Decimal
from typing import Protocol

from copilot.diagnosis.data.calendars import UNKNOWN_KIND, FundKind
from copilot.diagnosis.data.nav import HOME_CURRENCY, NavSeries
from copilot.diagnosis.errors import DiagnosisError

log = logging.getLogger("tougu.segments")
STALE_DAYS = 15  # a price older than this says nothing of today: longer than any holiday of the exchanges


class Navs(Protocol):
    """The part of the fund data that is asked here."""

    def nav(self, code: str, *, kind: FundKind, today: date | None) -> NavSeries: ...


class NavPrices:
    """The last unit NAV up to a day; each file is read once a day."""

    def __init__(self, navs: Navs) -> None:
        self._navs = navs
        self._lock = threading.Lock()
        self._day: date | None = None
        self._known: dict[str, Decimal | None] = {}

    def price(self, product_code: str, day: date) -> Decimal | None:
        """None without a file, with a last value older than `STALE_DAYS`, or in another currency."""
        with self._lock:
            if day != self._day:
                self._day, self._known = day, {}
            if product_code not in self._known:
                self._known[product_code] = self._read(product_code, day)
            return self._known[product_code]

    def _read(self, code: str, day: date) -> Decimal | None:
        try:
            series = self._navs.nav(code, kind=UNKNOWN_KIND, today=day)
        except DiagnosisError as error:
            log.info("no price of %s: %s", code, error)
            return None
        last = float(series.unit_nav[-1])
        if series.currency != HOME_CURRENCY or (day - series.last_day).days > STALE_DAYS or math.isnan(last):
            return None
        return Decimal(str(last))
