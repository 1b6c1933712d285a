from __future__ import annotations

import pytest

from intent.inspection.passing import Outcome, pass_figure, upper_bound


@pytest.mark.parametrize(
    ("found", "of", "bound"),
    [(0, 100, 0.0295), (0, 59, 0.0495), (1, 100, 0.0466), (5, 50, 0.1988), (10, 10, 1.0)],
)
def test_the_bound_is_that_of_clopper_and_pearson(found: int, of: int, bound: float) -> None:
    assert upper_bound(found, of) == pytest.approx(bound, abs=0.0002)  # scipy.stats.beta.ppf(0.95, k + 1, n - k)


@pytest.mark.parametrize(("found", "of"), [(1, 0), (-1, 5), (6, 5)])
def test_no_sample_has_no_bound(found: int, of: int) -> None:
    with pytest.raises(ValueError, match="no count"):
        upper_bound(found, of)


def test_a_share_is_stated_with_its_error() -> None:
    clean, wrong, held = (Outcome(passed=p, broken=b) for p, b in ((True, False), (True, True), (False, True)))
    unseen = Outcome(passed=True, broken=None)
    figure = pass_figure([clean] * 18 + [wrong] + [held] * 4 + [unseen])
    assert (figure.calls, figure.passed, figure.reviewed, figure.wrong) == (24, 20, 19, 1)
    assert (figure.caught, figure.broken) == (4, 5)
    assert figure.wrong_upper_95 == pytest.approx(0.226, abs=0.001)


def test_nothing_looked_at_has_no_rate() -> None:
    figure = pass_figure([Outcome(passed=True, broken=None)])
    assert (figure.share, figure.wrong_rate, figure.wrong_upper_95) == (1.0, None, None)
    assert pass_figure([]).share is None
