"""Settings of the compliance room; values come from serve, nothing here reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class ReviewWebhookSettings(BaseModel):
    """Where it is told that a text in doubt is overdue or has expired; signed after Standard Webhooks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(default="", description="receiver of review.overdue and review.expired; empty = none")
    secret: SecretStr | None = Field(default=None, description="signing secret, whsec_ and base64 of 24-64 bytes")
    allow_private: bool = Field(default=False, description="whether the receiver may lie on a private address")
    timeout_s: float = Field(default=15.0, gt=0, description="longest wait for the receiver, seconds")


class ComplianceSettings(BaseModel):
    """Which rules judge, how long a judgement may take, and how the audit log is keyed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule_packs: tuple[Path, ...] = Field(
        default=(),
        description="rule packs of the firm (YAML files) laid over the built-in pack, in this order",
    )
    pack_keys: tuple[Path, ...] = Field(
        default=(),
        description="public keys (PEM) of officers; one of them must have signed every rule pack, the built-in one too",
    )
    pack_signatures: Path | None = Field(
        default=None, description="folder of signatures that cannot lie beside their pack, as of the built-in one"
    )
    profile: Literal["full", "rules"] = Field(
        default="full",
        description="full: rules and the semantic model; rules: without the model, which every verdict's entry says",
    )
    semantic_model: Path | None = Field(
        default=None, description="folder of a semantic model of the firm's own; the shipped one when not set"
    )
    second_reading: bool = Field(
        default=True,
        description="whether the model may acquit words that a phrase rule found where it hardly believes in them; "
        "each acquittal stands in the verdict's entry",
    )
    time_budget_ms: int = Field(
        default=5_000,
        gt=0,
        description="longest time for one judgement, milliseconds, and for each 5,000 characters of a long text; "
        "beyond it an officer decides",
    )
    max_chars: int = Field(
        default=200_000,
        gt=0,
        description="longest text judged automatically, characters; beyond it an officer decides",
    )
    audit_key: SecretStr | None = Field(
        default=None,
        description="secret of the audit log's keyed hashes, at least 32 characters; by default audit.key in home",
    )
    audit_suite: str = Field(
        default="ed25519-sha256-aesgcm",
        description="cipher suite of the audit log: ed25519-sha256-aesgcm or sm2-sm3-sm4gcm; fixed by its first entry",
    )
    audit_keep_years: int = Field(
        default=20, ge=1, description="years a client's texts are kept after the last one, before their key may die"
    )
    audit_signing_key: Path | None = Field(
        default=None,
        description="private key that signs checkpoints and dossiers; a path, by default checkpoint.key in home",
    )
    audit_checkpoint: Path | None = Field(
        default=None,
        description="where checkpoints go, best on another disk; a file, or a folder that keeps every one",
    )
    audit_checkpoint_every: int = Field(
        default=1_000, ge=1, description="entries from one checkpoint of the writer to the next"
    )
    review_due_h: float = Field(
        default=24.0, gt=0, description="hours in which an officer decides on a text in doubt, before it is overdue"
    )
    review_expire_h: float = Field(
        default=168.0, gt=0, description="hours after which a text in doubt that nobody decided can only be asked anew"
    )
    review_two_persons: Literal["off", "grave", "all"] = Field(
        default="off",
        description="whose approval needs two officers: off, grave (rules that block, severity high) or all",
    )
    review_sample_share: float = Field(
        default=0.01, ge=0, le=1, description="share of delivered texts that an officer looks at afterwards, 0 to 1"
    )
    review_webhook: ReviewWebhookSettings = ReviewWebhookSettings()
    mistakes_two_persons: bool = Field(
        default=True, description="whether a second officer must approve a mistake before it becomes a test case"
    )
    approved_disclosures: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "disclosure texts an officer approved, by rule id (missing.past_performance, "
            "missing.risk_disclosure, missing.ai_label, missing.adviser_identity), or by rule id/product code or type; "
            "they replace the pack's"
        ),
    )
    complaint_phone: str = Field(
        default="",
        description="complaint telephone number printed beside the adviser's name; empty = not printed",
    )
