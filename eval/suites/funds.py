"""`tougu eval funds`: metric functions against empyrical-reloaded, and pandas for the rest, on the same returns."""

from __future__ import annotations

import hashlib
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from eval.case import EvalError
from eval.result import Result

if TYPE_CHECKING:
    from copilot.diagnosis.data.index import IndexSeries
    from copilot.diagnosis.data.nav import NavSeries
    from copilot.diagnosis.series import ReturnSeries


def run(nav: Path, benchmark: Path, *, progress: Callable[[int, int], None]) -> Result:
    """Compare every metric that both sides define, for every NAV file of a folder.

    `max_abs_diff` is over all metrics and funds where both are numbers; `nan_agreement` is the share of
    comparisons in which both or neither are NaN. Files that cannot be read are counted as unscored.
    """
    from copilot.diagnosis.data.index import read_index
    from copilot.diagnosis.data.nav import read_nav
    from copilot.diagnosis.errors import DiagnosisError

    files = [path for path in sorted(nav.glob("*.csv")) if path.resolve() != benchmark.resolve()]
    if not files:
        raise EvalError(f"{nav} holds no CSV files: give the folder of NAV files to --nav.")
    started = time.perf_counter()
    index = read_index(benchmark, benchmark.stem)
    compared = _Compared()
    unscored = 0
    for n, path in enumerate(files, 1):
        try:
            compared.take(*_both(read_nav(path, path.stem), index))
        except DiagnosisError:
            unscored += 1
            continue
        progress(n, len(files))
    everything = [same for values in compared.agreement.values() for same in values]
    worst = compared.worst
    return Result(
        suite="funds",
        data={"path": str(nav), "sha256": _hash(files), "n": len(files)},
        parameters={
            "benchmark": str(benchmark),
            "reference": "empyrical-reloaded, default arguments; pandas for what it lacks",
        },
        metrics={
            "max_abs_diff": max(worst.values(), default=None),
            "nan_agreement": sum(everything) / len(everything) if everything else None,
        },
        by={
            "metric": {
                name: {"n": len(same), "max_abs_diff": worst.get(name)} for name, same in compared.agreement.items()
            }
        },
        unscored=unscored,
        seconds=time.perf_counter() - started,
    )


@dataclass
class _Compared:
    """What was found so far, by metric, over all funds."""

    differences: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # where both are numbers
    agreement: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))  # both or neither NaN

    def take(self, ours: Mapping[str, float], theirs: Mapping[str, float]) -> None:
        for name in sorted(ours.keys() & theirs.keys()):
            same_nan = math.isnan(ours[name]) == math.isnan(theirs[name])
            self.agreement[name].append(same_nan)
            if same_nan and not math.isnan(ours[name]):
                self.differences[name].append(_difference(ours[name], theirs[name]))

    @property
    def worst(self) -> dict[str, float]:
        return {name: max(values, default=0.0) for name, values in self.differences.items()}


def _difference(ours: float, theirs: float) -> float:
    """Absolute difference; equal infinities differ by nothing."""
    return 0.0 if ours == theirs else abs(ours - theirs)


def _hash(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _both(nav: NavSeries, index: IndexSeries) -> tuple[dict[str, float], dict[str, float]]:
    from copilot.diagnosis.metrics import raw_metrics
    from eval.suites.funds_by_pandas import by_pandas, further_metrics

    reference = index.returns_on(nav.returns.dates)
    ours = raw_metrics(nav.returns, reference) | further_metrics(nav.returns, reference)
    return ours, reference_metrics(nav.returns, reference) | by_pandas(nav.returns, reference)


def reference_metrics(returns: ReturnSeries, benchmark: ReturnSeries) -> dict[str, float]:
    """The same metrics by empyrical-reloaded's defaults: 252 days a year, ddof 1, risk-free rate zero.

    empyrical drops days on which either series is unknown by itself. Raises EvalError without empyrical.
    """
    try:
        import empyrical
    except ImportError as error:
        raise EvalError("empyrical-reloaded is not installed: pip install 'tougu[dev]' to run this suite.") from error
    import pandas as pd

    own = pd.Series(returns.values, index=pd.DatetimeIndex(returns.dates))
    other = pd.Series(benchmark.values, index=pd.DatetimeIndex(benchmark.dates))
    alone = {
        "total_return": empyrical.cum_returns_final,
        "annualised_return": empyrical.annual_return,
        "annualised_volatility": empyrical.annual_volatility,
        "max_drawdown": empyrical.max_drawdown,
        "sharpe": empyrical.sharpe_ratio,
        "sortino": empyrical.sortino_ratio,
        "calmar": empyrical.calmar_ratio,
        "downside_risk": empyrical.downside_risk,
        "value_at_risk": empyrical.value_at_risk,
        "conditional_value_at_risk": empyrical.conditional_value_at_risk,
    }
    found = {name: float(metric(own)) for name, metric in alone.items()}
    both = pd.concat([own, other], axis=1, join="inner").dropna()  # empyrical's captures do not align
    pair = (both.iloc[:, 0], both.iloc[:, 1])
    return found | {
        "beta": float(empyrical.beta(own, other)),
        "alpha": float(empyrical.alpha(own, other)),
        "tracking_error": float(empyrical.annual_volatility((own - other).dropna())),
        "information_ratio": float(empyrical.excess_sharpe(own, other)) * math.sqrt(252),
        "up_capture": float(empyrical.up_capture(*pair)),
        "down_capture": float(empyrical.down_capture(*pair)),
    }
