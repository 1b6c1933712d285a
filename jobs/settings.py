"""Settings of background work."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from jobs.retry import Backoff


class JobSettings(BaseModel):
    """How workers lease rows, retry and stop; how the outbox retries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lease_s: float = Field(
        default=60.0, gt=0, description="Length of a lease in seconds; a killed worker's job waits this long."
    )
    heartbeat_s: float = Field(
        default=15.0,
        gt=0,
        description="Seconds between two extensions of a lease; keep it under lease_s / 3.",
    )
    idle_s: float = Field(default=0.5, gt=0, description="Seconds between two looks at an empty queue.")
    job_timeout_s: float = Field(
        default=3600.0,
        gt=0,
        description="Seconds after which a running job counts as hung and its worker is replaced.",
    )
    grace_s: float = Field(default=30.0, ge=0, description="Seconds a stopping worker may use to finish its job.")
    max_attempts: int = Field(default=3, ge=1, description="Attempts, kills included, before a job is quarantined.")
    backoff_base_s: float = Field(default=2.0, gt=0, description="Seconds before the second attempt of a job.")
    backoff_cap_s: float = Field(
        default=600.0, gt=0, description="Longest wait between two attempts of a job, in seconds."
    )
    outbox_lease_s: float = Field(default=120.0, gt=0, description="Longest time of one delivery, in seconds.")
    outbox_max_attempts: int = Field(default=18, ge=1, description="Deliveries tried before a message is dead.")
    outbox_backoff_base_s: float = Field(default=5.0, gt=0, description="Seconds before the second delivery.")
    outbox_backoff_cap_s: float = Field(
        default=28_800.0, gt=0, description="Longest wait between two deliveries, in seconds."
    )

    outbox_keep_days: float = Field(default=30.0, gt=0, description="Delivered messages are removed after this, days.")

    @property
    def backoff(self) -> Backoff:
        """The retry rule of jobs."""
        return Backoff(base_s=self.backoff_base_s, cap_s=self.backoff_cap_s)

    @property
    def outbox_backoff(self) -> Backoff:
        """The retry rule of deliveries: with the defaults, eighteen attempts over about three days."""
        return Backoff(base_s=self.outbox_backoff_base_s, factor=2.5, cap_s=self.outbox_backoff_cap_s)
