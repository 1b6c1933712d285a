"""Settings of the compliance room; values come from serve, nothing here reads the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class ComplianceSettings(BaseModel):
    """Which rules judge, how long a judgement may take, and how the audit log is keyed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule_packs: tuple[Path, ...] = Field(
        default=(),
        description="rule packs of the firm (YAML files) laid over the built-in pack, in this order",
    )
    time_budget_ms: int = Field(
        default=5_000,
        gt=0,
        description="longest time for one judgement, milliseconds; beyond it an officer decides",
    )
    max_chars: int = Field(
        default=200_000,
        gt=0,
        description="longest text judged automatically, characters; beyond it an officer decides",
    )
    audit_key: SecretStr | None = Field(
        default=None, description="secret of the audit log's keyed hashes, at least 32 characters"
    )
    audit_checkpoint: Path | None = Field(
        default=None, description="checkpoint file of the audit log, best kept on another disk; a path"
    )
    approved_disclosures: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "disclosure texts an officer approved, by rule id (missing.past_performance, "
            "missing.risk_disclosure, missing.ai_label, missing.adviser_identity); they replace the pack's"
        ),
    )
    complaint_phone: str = Field(
        default="",
        description="complaint telephone number printed beside the adviser's name; empty = not printed",
    )
