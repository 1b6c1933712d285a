"""Settings of the copilot."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CopilotSettings(BaseModel):
    """How much history an answer sees, and where reports find NAV and benchmark."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    history_turns: int = Field(4, ge=0, description="Earlier messages considered for a follow-up question, count.")
    nav_dir: str = Field("", description="Folder of NAV files CODE.csv for `tougu diagnose`; empty = nav in home.")
    benchmark_file: str = Field(
        "", description="Benchmark CSV (date,close) of all reports; empty = benchmark.csv in nav_dir."
    )
    benchmark_name: str = Field("", description="Name of the benchmark in reports; empty = its file's name.")
