"""`tougu eval public NAME`: published test sets, beside the figures that others published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from eval.case import EvalError
from eval.result import Result
from serve.wiring import House


class Suite(Protocol):
    """One published set: reads `folder`, measures, and says whose figures stand beside."""

    def __call__(
        self, house: House, folder: Path, *, limit: int | None, progress: Callable[[int, int, str], None]
    ) -> Result: ...


def run(
    house: House, name: str, data: Path, *, limit: int | None = None, progress: Callable[[int, int, str], None]
) -> Result:
    """Run the named set over the published files in `data`. Raises EvalError for an unknown set."""
    from eval.suites.public_answers import fincuge, rgb
    from eval.suites.public_intents import banking77, clinc150, smp2017, smp2019

    sets: dict[str, Suite] = {
        "banking77": banking77,
        "clinc150": clinc150,
        "smp2017": smp2017,
        "smp2019": smp2019,
        "rgb": rgb,
        "fincuge": fincuge,
    }
    if name not in sets:
        raise EvalError(f"There is no public set {name}: use one of {', '.join(sets)}.")
    if not data.is_dir():
        raise EvalError(f"The folder {data} does not exist: give the folder of the published files to --data.")
    return sets[name](house, data, limit=limit, progress=progress)
