"""Settings of the lead score; every field with its unit."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class ScoringSettings(BaseModel):
    """How leads are ordered, and when a trained score may order them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = Field(
        default=None, description="Folder of trained scores; empty = lead_score in home. Without one the rule scores."
    )
    min_outcomes: int = Field(
        default=2000, ge=50, description="Leads with an outcome before a score may be trained, count."
    )
    min_each: int = Field(
        default=100, ge=10, description="Of them at least so many won, lost and wrong ones each, count."
    )
    capacity_share: float = Field(
        default=0.2, gt=0, lt=1, description="Share of offered leads that staff can work; precision is judged there."
    )
    capacity: int = Field(default=20, ge=1, le=1000, description="Leads in an advisor's list of a day, count.")
    explore_share: float = Field(
        default=0.05, ge=0, le=0.5, description="Share of each day's list that is drawn at random, whatever the score."
    )
    rescore_s: float = Field(
        default=300.0, gt=0, le=86_400, description="New and changed leads are scored anew after this, seconds."
    )
