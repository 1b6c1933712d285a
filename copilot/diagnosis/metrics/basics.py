"""Conventions and small statistics that all metrics share.

Conventions, unless a docstring says otherwise:

- Returns are daily simple returns as fractions (0.01 = 1 %). A year has 252 trading days; standard
  deviations take ddof 1.
- The risk-free rate is 0 unless given: a DAILY fraction, or one a day, shape (n,).
- A day whose return is NaN is unknown: left out of means and deviations, and no change in compounding.
  What is shown to people goes further: a period with an unknown day has no figures (see `measured`).
- Too little data gives NaN, never 0; x/0 is +-inf, 0/0 is NaN.
- Two series are compared on the dates they share and on which both are known.

Where a formula also stands in empyrical-reloaded, the two agree to 1e-9 (the tests and
`tougu eval funds` hold this).
"""

from __future__ import annotations

from math import nan

import numpy as np

from copilot.diagnosis.series import Floats

TRADING_DAYS = 252
MONTHS, QUARTERS = 12, 4
TAIL = 0.05  # share of worst days in VaR and CVaR


def known(values: Floats) -> Floats:
    """The values that are not NaN, shape (m,) with m <= n."""
    kept: Floats = values[~np.isnan(values)]
    return kept


def mean(values: Floats) -> float:
    """Arithmetic mean of the known values; NaN without any."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else nan


def deviation(values: Floats) -> float:
    """Sample standard deviation of the known values; NaN with fewer than two."""
    kept = known(values)
    return float(kept.std(ddof=1)) if len(kept) > 1 else nan


def spread(values: Floats) -> float:
    """The deviation, exactly 0 for a constant series, where rounding would leave a crumb."""
    kept = known(values)
    return 0.0 if len(kept) > 1 and kept.max() == kept.min() else deviation(values)


def ratio(numerator: float, denominator: float) -> float:
    """IEEE division: x/0 is +-inf, 0/0 and anything with NaN is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(numerator) / np.float64(denominator))


def share(hits: int, of: int) -> float:
    """A share; NaN of nothing."""
    return hits / of if of else nan
