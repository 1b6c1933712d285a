"""`tougu eval wordings`: questions beside the sample's approved wordings; which are served one, and rightly."""

from __future__ import annotations

from pathlib import Path

from eval.case import load_cases, only_split
from eval.fresh import fresh_house
from eval.metrics import wordings as m
from eval.metrics.summed import Metric
from eval.output import own_cases
from eval.result import Result, data_of, figures
from serve.sample import import_people, import_wordings
from serve.users import OPERATOR
from serve.wiring import House


def run(house: House, data: Path | None, split: str | None = None) -> Result:
    """`dev` is the half on which the thresholds were chosen, `test` (by default) the other one.

    Needed in `data`: `id`, `question`, `wording` (its id, or null where none should be served).
    """
    cases = only_split(load_cases(data or own_cases("wordings.jsonl"), required=("question",)), split or "test")
    with fresh_house(house) as fresh:
        import_people(fresh)
        import_wordings(fresh)
        served = [fresh.approved.match(item["question"], principal=OPERATOR, on=fresh.today()) for item in cases.items]
        rules, encoder = fresh.settings.rag, fresh.encoder.name
    scored = [
        m.Served(wanted=item.get("wording"), served=found.id if found else None)
        for item, found in zip(cases.items, served, strict=True)
    ]
    metrics: dict[str, Metric[m.Served]] = {
        "precision": m.precision,
        "recall": m.recall,
        "false_served": m.false_served,
    }
    return Result(
        suite="wordings",
        data=data_of(cases),
        model={"encoder": encoder},
        parameters={
            "split": split or "test",
            "threshold": rules.wording_threshold,
            "margin": rules.wording_margin,
            "coverage": rules.wording_coverage,
        },
        metrics=figures(scored, metrics),
        predictions=tuple({**item, "served": one.served} for item, one in zip(cases.items, scored, strict=True)),
    )
