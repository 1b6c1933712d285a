"""The demo: the three ways on the sample content, in a home of its own, opening no port."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_filters.finding import Draft, Target, Verdict
from intent.recordings import load_call_metadata
from models.encoders.remembering import RememberingEncoder
from serve.sample import import_people, import_wordings, sample_folder
from serve.users import OPERATOR

if TYPE_CHECKING:
    from copilot.reports import JudgedReport
    from copilot.session import Reply
    from intent.call import Call, CallReading
    from serve.wiring import House

QUESTION = "云岭价值精选2026年三季度过去一年净值增长率和业绩比较基准收益率各是多少"
PROMISE = "这只产品您放心，稳赚不赔，亏了我给您补上。"
FUND = "990002"
BENCHMARK = "远山宽基300指数"
TOLD_CALL = "call10"
FIRST_CALLS = ("call10", "call05", "call02")  # a client with wishes, a complaint, refusals; then the others


@dataclass(frozen=True, kw_only=True)
class DemoResult:
    """Everything that the demo prints."""

    calls: tuple[tuple[Call, CallReading], ...]
    told: str  # id of the call whose transcript is printed
    left_out: str | None  # why there are no calls
    reply: Reply
    question: str
    blocked: Verdict
    report: JudgedReport
    pdf: Path
    seconds: float


def demo_home(house: House) -> Path:
    """The demo's own folder inside home; emptied at every run."""
    return house.settings.home / "demo"


@contextmanager
def demo_house(house: House) -> Iterator[House]:
    """A fresh house with the sample's people, products and NAV; it stays for `tougu serve` afterwards."""
    home = demo_home(house)
    shutil.rmtree(home, ignore_errors=True)
    (home / "nav").mkdir(parents=True)
    for file in sorted((sample_folder() / "funds" / "nav").iterdir()):
        shutil.copyfile(file, home / "nav" / file.name)
    fresh = house.at_home(home, benchmark_name=BENCHMARK)
    remembering = RememberingEncoder(fresh.encoder, fresh.cache_dir / "sample-vectors.npz")
    fresh.encoder = remembering
    try:
        import_people(fresh)
        import_wordings(fresh)
        yield fresh
    finally:
        remembering.save()
        fresh.close()


def run_demo(house: House, *, calls: int, step: Callable[[str, int, int], None]) -> DemoResult:
    """Run the three ways; `step(what, done, total)` reports progress."""
    started = time.perf_counter()
    with demo_house(house) as fresh:
        for folder in (sample_folder() / "documents", sample_folder() / "shares" / "documents"):
            fresh.sync(
                folder,
                delete=False,
                principal=OPERATOR,
                progress=lambda done, total, _path: step("documents", done, total),
            )
        reply = fresh.session.ask(QUESTION, principal=OPERATOR, today=fresh.today())
        draft = Draft(text=PROMISE, target=Target.ADVISOR_MESSAGE, by=OPERATOR.user_id, generated=False)
        blocked = fresh.check(draft, client_id="C0003", product_codes=(), channel="client", principal=OPERATOR)
        step("report", 0, 1)
        judged = fresh.reports.fund(FUND, principal=OPERATOR, today=fresh.today())
        pdf = judged.write(demo_home(house) / "reports" / f"{FUND}.pdf")
        step("report", 1, 1)
        read, left_out = _calls(fresh, calls, step)
    return DemoResult(
        calls=tuple(read),
        told=TOLD_CALL,
        left_out=left_out,
        reply=reply,
        question=QUESTION,
        blocked=blocked,
        report=judged,
        pdf=pdf,
        seconds=time.perf_counter() - started,
    )


def _calls(
    house: House, wanted: int, step: Callable[[str, int, int], None]
) -> tuple[list[tuple[Call, CallReading]], str | None]:
    """Read the first sample calls; without speech weights none, with the reason."""
    state = house.model_store.check("whisper")
    if not state.ok:
        return [], f"{state.detail}; {state.remedy}"
    listed = load_call_metadata(sample_folder() / "calls" / "calls.csv")
    by_id = {recording.call_id: recording for recording in listed}
    order = dict.fromkeys((*FIRST_CALLS, *by_id))
    recordings = [by_id[call_id] for call_id in order][:wanted]
    read = []
    for n, recording in enumerate(recordings):
        step("calls", n, len(recordings))
        call, reading, _recorded = house.take_call(recording, principal=OPERATOR)
        read.append((call, reading))
    step("calls", len(recordings), len(recordings))
    return read, None


def written_into(call_id: str) -> list[str]:
    """What the script of a sample call was written to hold, to print beside what was heard."""
    script = json.loads((sample_folder() / "calls" / "scripts" / f"{call_id}.json").read_text(encoding="utf-8"))
    gold = script["gold"]
    return [
        f"{kind[:-1]} {item['intent']}" for kind in ("leads", "cases", "tickets", "consents") for item in gold[kind]
    ]
