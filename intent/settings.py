"""Settings of speech, reading and leads; every field with its unit."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class RemoteSpeechSettings(BaseModel):
    """A speech server with the OpenAI-compatible path /v1/audio/transcriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(default="", description="Address up to and with /v1; empty = no remote engine.")
    model: str = Field(default="whisper-large-v3", description="Name of the model on that server.")
    api_key: SecretStr | None = Field(default=None, description="Bearer token of that server.")
    timeout_s: float = Field(default=300.0, gt=0, description="Longest wait for one answer, in seconds.")
    retries: int = Field(default=2, ge=0, le=10, description="Further tries after a failure, count.")
    concurrency: int = Field(
        default=4, ge=1, le=64, description="Requests of one process that are in flight at once, count."
    )
    allow_external: bool = Field(
        default=False, description="Recordings may go to a host outside this machine and private networks."
    )


class SpeechSettings(BaseModel):
    """From a recording to turns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Literal["local", "remote"] = Field(
        default="local", description="local (Whisper here) or remote (a server)."
    )
    compute_type: str = Field(default="int8", description="CTranslate2 arithmetic: int8, float16, float32 ...")
    device: str = Field(default="cpu", description="cpu or cuda.")
    language: str = Field(default="zh", description="Language code of the calls; auto = detected call by call.")
    beam_size: int = Field(default=5, ge=1, le=20, description="Hypotheses kept while decoding, count.")
    batch_size: int = Field(default=8, ge=1, le=64, description="Windows of 30 s decoded at once, count.")
    threads: int = Field(default=0, ge=0, le=64, description="Processor threads of one engine, count; 0 = all cores.")
    max_duration_s: float = Field(
        default=6 * 3600.0,
        gt=0,
        description="Longest recording accepted, in seconds.",
    )
    advisor_channel: Literal["words", "left", "right"] = Field(
        default="words", description="Stereo channel of the advisor; words = told from what is said."
    )
    turn_pause_s: float = Field(default=1.2, gt=0, description="Silence of one speaker that ends a turn, in seconds.")
    min_chars_per_s: float = Field(
        default=1.2, gt=0, description="Fewer characters per second of speech than this look like lost text."
    )
    max_chars_per_s: float = Field(
        default=12.0, gt=0, description="More characters per second of speech than this look invented."
    )
    keep_recordings_days: int = Field(
        default=0,
        ge=0,
        description="Recordings sent to the service are removed after this, days; 0 = never. Mind what the law orders.",
    )
    min_confidence: float = Field(
        default=0.4, ge=0, le=1, description="Below this mean confidence of the engine a person must listen, 0..1."
    )
    repair: bool = Field(
        default=True, description="Put names of the catalogue and terms right that were heard as others, yes/no."
    )
    repair_score: float = Field(
        default=0.8, ge=0.5, le=1, description="How sure a name or term must be meant before it is put right, 0..1."
    )
    hotwords: int = Field(
        default=0,
        ge=0,
        le=24,
        description="Names told to the engine a call (client's holdings, earlier calls, catalogue), count; 0 = none.",
    )
    mask: bool = Field(
        default=True, description="Mask identifiers in files of transcripts, the words kept encrypted, yes/no."
    )
    raw: str = Field(
        default="", description="Format of files without a header, alaw:8000 or mulaw:8000; empty = they are refused."
    )
    terms: Path | None = Field(
        default=None, description="A firm's own terms and names of stocks, beside those shipped; empty = those shipped."
    )
    remote: RemoteSpeechSettings = RemoteSpeechSettings()

    @property
    def configuration(self) -> str:
        """What of these settings changes a transcript, as one line; part of the key of archived work."""
        told = self.model_dump(mode="json", include=set(_CHANGING))
        return "|".join(f"{name}={told[name]}" for name in _CHANGING)


_CHANGING = (
    "advisor_channel", "turn_pause_s", "min_chars_per_s", "max_chars_per_s", "min_confidence", "repair",
    "repair_score", "terms", "hotwords", "mask", "raw",
)  # fmt: skip


class IntentSettings(BaseModel):
    """From turns to wishes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    taxonomy: Path | None = Field(default=None, description="A firm's own taxonomy file; empty = the one shipped.")
    model_dir: Path | None = Field(default=None, description="Folder of a trained model; empty = the active one.")
    method: Literal["best", "rules", "ngrams", "tuned", "blend"] = Field(
        default="best", description="How turns are read; best = what the card of the model found best."
    )
    lead_precision: float | None = Field(
        default=None,
        ge=0.5,
        le=0.99,
        description="Precision of leads of single lines, by which their threshold is chosen; empty = the card's, 0.92.",
    )
    lead_threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Confidence from which a line's wish becomes a lead, whatever the precision; empty = the card's.",
    )
    frozen_set: Path | None = Field(
        default=None,
        description="Labelled lines that no model is trained on, by which a new one is judged; empty = those shipped.",
    )
    checklists: Path | None = Field(
        default=None, description="A firm's own checklists of calls; empty = those shipped."
    )
    scoring: Path | None = Field(
        default=None, description="A firm's own scoring of inspected calls; empty = the one shipped."
    )
    context_turns: int = Field(
        default=2, ge=0, le=6, description="Turns before the client's that are read along, count."
    )


class CallSettings(BaseModel):
    """Calls as they come in: whose they are, whether they may be analysed, and the folder they are put into."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ai_consent: Literal["required", "unless_refused"] = Field(
        default="required",
        description="required: only calls of clients who agreed to AI analysis are read; unless_refused: the firm has "
        "another ground, and reads all but those of clients who refuse.",
    )
    watch: Path | None = Field(default=None, description="Folder that recordings are put into; empty = none.")
    watch_every_s: float = Field(default=5.0, gt=0, description="Seconds between two looks into that folder.")
    settle_s: float = Field(
        default=10.0, ge=0, description="A file is complete when it did not change for this long, seconds."
    )
    taken: Literal["leave", "move"] = Field(
        default="leave",
        description="What is done with a file that was taken: leave (it stays, and is read where it lies) or move "
        "(into home, where the retention of recordings holds).",
    )


class WebhookSettings(BaseModel):
    """Where lead events are pushed, signed after Standard Webhooks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(default="", description="Receiver of lead events; empty = none.")
    secret: SecretStr | None = Field(default=None, description="Signing secret, whsec_ and base64 of 24-64 bytes.")
    previous_secret: SecretStr | None = Field(
        default=None,
        description="The secret before, which signs as well while the receiver changes over.",
    )
    allow_private: bool = Field(default=False, description="Allow a receiver on a private or loopback address, yes/no.")
    timeout_s: float = Field(default=15.0, gt=0, description="Longest wait for the receiver, in seconds.")


class KafkaSettings(BaseModel):
    """Where lead events are published instead, needs tougu[kafka]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    brokers: str = Field(default="", description="host:port of one or more brokers, by comma; empty = no Kafka.")
    topic: str = Field(default="tougu.leads", description="Topic of lead events; the key is the client.")
    timeout_s: float = Field(default=30.0, gt=0, description="Longest wait until the brokers have it, in seconds.")
    options: dict[str, str] = Field(
        default_factory=dict, description="Further options of librdkafka, e.g. security.protocol."
    )


class LeadSettings(BaseModel):
    """From wishes to the queue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="A lead of the same client, intent and product is merged within this, days.",
    )
    lease_s: int = Field(
        default=900, ge=10, le=86_400, description="A claimed lead returns to the queue after this, seconds."
    )
    max_claim: int = Field(default=100, ge=1, le=1000, description="Leads claimed in one request at most, count.")
    stale_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Calls older than this raise cases and tickets but no live leads, days.",
    )
    capacity: int = Field(
        default=0, ge=0, description="Leads that may wait for one advisor before a colleague is asked; 0 = no limit."
    )
    required_consents: list[str] = Field(
        default_factory=list, description="Purposes a client must have agreed to before a lead is made of their words."
    )
    expire_days: int = Field(
        default=30, ge=1, le=3650, description="A lead that nobody took expires this long after its time, days."
    )
    clock_every_s: float = Field(default=15.0, gt=0, description="Seconds between two looks at clocks and leases.")
    honour: Path | None = Field(default=None, description="A firm's own rules of who is not offered; empty = shipped.")
    routing: Path | None = Field(default=None, description="A firm's own tiers and routing; empty = those shipped.")
    kafka: KafkaSettings = KafkaSettings()
    webhook: WebhookSettings = WebhookSettings()


class FollowUpSettings(BaseModel):
    """Cases, tickets, incidents and consents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deadlines: Path | None = Field(
        default=None, description="A firm's own deadlines and numbers of cases; empty = those shipped."
    )
    workdays: Path | None = Field(default=None, description="A firm's own working days; empty = those shipped.")
    outages: Path | None = Field(
        default=None, description="A firm's own systems and window of incidents; empty = those shipped."
    )
    consent_words: Path | None = Field(
        default=None, description="A firm's own words that take a consent back; empty = those shipped."
    )
    certain_consent: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="Confidence from which a withdrawal changes the ledger at once; below it a person is asked.",
    )


class BoardSettings(BaseModel):
    """The board of staff without a CRM."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lease_s: int = Field(
        default=8 * 3600, ge=60, le=7 * 86_400, description="A lead claimed on the board returns after this, seconds."
    )
    page: int = Field(default=50, ge=1, le=200, description="Leads a page of the board, count.")
    most_counted: int = Field(
        default=500, ge=10, le=100_000, description="Counts of the team go no further than this, count."
    )
