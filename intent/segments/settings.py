"""Settings of tags and segments; every field with its unit."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class SegmentSettings(BaseModel):
    """Tags of clients, and what is picked by them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tags: Path | None = Field(
        default=None, description="A firm's own file of tag rules, beside those shipped; empty = none."
    )
    refresh_s: float = Field(
        default=300.0, gt=0, le=86_400, description="Tags of changed clients are set anew after this, seconds."
    )
    free_export: int = Field(
        default=200, ge=0, description="A list of more clients than this needs another person's approval, count."
    )
    approval_days: int = Field(default=7, ge=1, le=90, description="An approved list can be fetched this long, days.")
    longest_days: int = Field(default=366, ge=1, le=1830, description="A segment is valid this long at most, days.")
