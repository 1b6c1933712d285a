"""Background work: calls, reports, deliveries and deadlines, in this process or as a process of its own."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compliance_filters.review.decisions import TOPIC as REVIEW_TOPIC
from compliance_filters.settings import ReviewWebhookSettings
from copilot.delivery import TOPIC as MESSAGE_TOPIC
from copilot.loop.senders import CODE_TOPIC, MessageCourier
from intent.call_records.row import CallRow, CallState
from intent.errors import AudioError, WebhookError
from intent.follow_ups.item import Kind
from intent.leads.endpoints import Gate
from intent.leads.kafka import KafkaPublisher, open_producer
from intent.leads.queue import TOPIC as LEAD_TOPIC
from intent.leads.webhooks import WebhookSender
from intent.recordings import RecordingFile
from intent.settings import WebhookSettings
from intent.speech.audio import open_sound
from intent.speech.decoder import RawFormat
from jobs.errors import JobInterruptedError, PoisonJobError
from jobs.outbox import Dispatcher, OutboxMessage
from jobs.worker import Task, run_worker
from serve.call_lane import REASONS, Hold
from serve.call_queue import CALLS
from serve.commands.context import one_line
from serve.diagnosing import DiagnosisHandler
from serve.document_queue import DOCUMENTS, DocumentHandler
from serve.users import OPERATOR

if TYPE_CHECKING:
    from intent.call import CallReading
    from serve.wiring import House

log = logging.getLogger("tougu.worker")
DIAGNOSES = "diagnoses"
RECORDINGS_S = 6 * 3600.0  # between two looks for recordings whose time is over
DEADLINES_S = 60.0  # between two looks at the deadlines of the review queue


class CallHandler:
    """The work of one call: the whole call way; the result names what it led to, never what was said.

    A call that nobody knows whose it is, or that may not be analysed, is parked: the job is done without a reading,
    its `outcome` says so, and what is told or decided later starts it afresh.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    def __call__(self, task: Task) -> dict[str, Any]:
        lane, payload = self._house.call_lane, task.job.payload
        row = lane.arrive(task.job)
        if (hold := lane.hold_for(row)) is not None:
            return self._park(task, row, hold)
        recording = RecordingFile(
            path=Path(payload["path"]),
            call_id=row.call_id,
            client_id=row.client_id,
            advisor_id=row.advisor_id,
            started_at=row.started_at.isoformat() if row.started_at else None,
            advisor_channel=row.advisor_channel,
            call_type=row.call_type,
        )
        task.progress(0, 2, "transcribing")
        try:
            call, reading, recorded = self._house.take_call(
                recording, principal=OPERATOR, on_window=lambda done_s: _heard(task, done_s)
            )
        except AudioError as error:
            raise PoisonJobError(str(error)) from error
        task.progress(2, 2, "done")
        result = {
            "call_id": call.id,
            "outcome": CallState.READ.value,
            "turns": len(call.transcript.turns),
            "leads": [lead.id for lead in recorded.leads],
            # A job is open to whoever knows its id: that a case was registered is not for the advisor concerned.
            "follow_ups": [item.id for item in recorded.follow_ups if item.kind != Kind.CASE],
            "warnings": [*call.transcript.warnings, *reading.left_out],
            "marks": list(call.transcript.marks),
            "findings": sum(not finding.confidential for finding in reading.findings),
            "inspection": inspected(reading),
        }
        with task.finishing(result) as connection:
            lane.records.close(connection, row, duration_s=call.transcript.duration_s)
        return result

    def _park(self, task: Task, row: CallRow, hold: Hold) -> dict[str, Any]:
        """Keep the call unread. That it can be heard at all is looked at now, while the recorder still has it."""
        speech = self._house.settings.speech
        try:
            sound = open_sound(
                Path(task.job.payload["path"]), max_duration_s=speech.max_duration_s, raw=RawFormat.named(speech.raw)
            )
        except AudioError as error:
            raise PoisonJobError(str(error)) from error
        task.progress(0, 2, f"{hold.state}: {REASONS[hold.reason]}")
        if row.client_id is not None:
            self._house.call_lane.log_kept(row, hold)
        result = {"call_id": row.call_id, "outcome": hold.state.value, "reason": hold.reason}
        with task.finishing(result) as connection:
            parked = self._house.call_records.park(
                connection, row, hold.state, hold.reason, duration_s=sound.duration_s
            )
            if not parked:
                raise JobInterruptedError("Something was told of the call meanwhile.")
        return result


def _heard(task: Task, done_s: float) -> None:
    """Hours of recording take longer than a job may show no life: each window is a sign."""
    task.alive()
    task.progress(0, 2, f"transcribing, {done_s / 60:.1f} minutes heard")


def inspected(reading: CallReading) -> dict[str, Any] | None:
    """What an inspection comes to, without a word of the call."""
    found = reading.inspection
    if found is None:
        return None
    return {
        "call_type": found.call_type,
        "score": found.score.total,
        "passed": found.passed,
        "segments": len(found.segments),
    }


@contextmanager
def running_worker(house: House, *, wanted: bool) -> Iterator[None]:
    """Run the background threads while the block runs; stopping waits for the job in hand."""
    stop = threading.Event()
    threads = _start(house, stop) if wanted else ()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=house.settings.jobs.grace_s)


def work_until_signal(house: House) -> None:
    """Work until SIGINT or SIGTERM, then finish the job in hand."""
    asked = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: asked.set())
    with running_worker(house, wanted=True):
        asked.wait()


def _start(house: House, stop: threading.Event) -> Sequence[threading.Thread]:
    handlers = {CALLS: CallHandler(house), DIAGNOSES: DiagnosisHandler(house), DOCUMENTS: DocumentHandler(house)}
    threads = [
        threading.Thread(
            target=run_worker,
            args=(house.jobs, queue, handler),
            kwargs={"stop": stop, "settings": house.settings.jobs},
            name=queue,
            daemon=True,
        )
        for queue, handler in handlers.items()
    ]
    threads.append(threading.Thread(target=_watch_deadlines, args=(house, stop), name="deadlines", daemon=True))
    threads.append(threading.Thread(target=_sweep_leads, args=(house, stop), name="lead clock", daemon=True))
    threads.append(threading.Thread(target=_keep_recordings, args=(house, stop), name="recordings", daemon=True))
    threads.append(threading.Thread(target=_keep_documents, args=(house, stop), name="documents", daemon=True))
    threads.append(threading.Thread(target=_keep_up, args=(house, stop), name="upkeep", daemon=True))
    if house.watcher is not None:
        threads.append(threading.Thread(target=house.watcher.run, args=(stop,), name="watched folder", daemon=True))
    threads += [
        threading.Thread(target=dispatcher.run, args=(stop,), name=f"outbox {topic}", daemon=True)
        for topic, dispatcher in _dispatchers(house)
    ]
    for thread in threads:
        thread.start()
    return threads


def _watch_deadlines(house: House, stop: threading.Event) -> None:
    """Tell of texts in doubt, cases and tickets whose deadline comes; what goes wrong is tried again the next time."""
    watched = {"review queue": "decisions", "cases and tickets": "follow_ups"}
    while not stop.is_set():
        for what, room in watched.items():
            try:
                getattr(house, room).chase()
            except Exception as error:
                log.error("the deadlines of the %s were not watched: %s", what, type(error).__name__)
        stop.wait(DEADLINES_S)


def _sweep_leads(house: House, stop: threading.Event) -> None:
    """Let time do its work on leads, and forget what was delivered long ago; what goes wrong is tried again."""
    while not stop.is_set():
        try:
            house.lead_clock.sweep()
            house.outbox.forget(house.settings.jobs.outbox_keep_days)
        except Exception as error:
            log.error("the clocks of leads were not watched: %s", type(error).__name__)
        stop.wait(house.settings.leads.clock_every_s)


def _keep_recordings(house: House, stop: threading.Event) -> None:
    """Remove recordings whose time is over; what goes wrong is tried again the next time."""
    while not stop.is_set():
        try:
            house.recording_keeper.sweep(datetime.now(UTC))
        except Exception as error:
            log.error("recordings were not looked through: %s", type(error).__name__)
        stop.wait(RECORDINGS_S)


def _keep_documents(house: House, stop: threading.Event) -> None:
    """Erase documents whose time is over, forget old questions and talks, bring the index into line with the catalogue,
    look for contradictions of the new day."""
    while not stop.is_set():
        try:
            house.reconcile_index(principal=OPERATOR)
            house.erase_over(principal=OPERATOR)
            house.unanswered.forget(house.settings.knowledge.unanswered_weeks)
            house.talks.forget(house.settings.copilot.talk_days)
            house.find_conflicts(principal=OPERATOR)
        except Exception as error:
            log.error("documents were not looked through: %s", one_line(error))
        stop.wait(RECORDINGS_S)


def _keep_up(house: House, stop: threading.Event) -> None:
    """Scores, then tags, of whom something changed: the tags forget what changed, so that the scores come first."""
    while not stop.is_set():
        for what, keep in (
            ("leads were not scored", lambda: house.scores.refresh(principal=OPERATOR)),
            ("tags were not refreshed", lambda: house.tags.refresh(house.today(), principal=OPERATOR)),
        ):
            try:
                keep()
            except Exception as error:
                log.error("%s: %s", what, one_line(error))
        stop.wait(min(house.settings.scoring.rescore_s, house.settings.segments.refresh_s))


def client_messages(house: House) -> Dispatcher | None:
    """What brings addresses of reports and codes to clients; None where the settings name no sender."""
    sender, rules = house.code_sender, house.settings.jobs
    if sender is None:
        return None
    courier = MessageCourier(sender, house.link_keys, house.links.url)
    return Dispatcher(
        house.engine,
        courier.deliver,
        topics=(MESSAGE_TOPIC, CODE_TOPIC),
        lease_s=rules.outbox_lease_s,
        max_attempts=rules.outbox_max_attempts,
        backoff=rules.outbox_backoff,
    )


def _dispatchers(house: House) -> Iterator[tuple[str, Dispatcher]]:
    """A dispatcher for each topic that has a receiver: events of leads, of the review queue, messages to clients.

    Raises WebhookError for a receiver that may not be used, and for two receivers of one topic.
    """
    settings = house.settings
    if (messages := client_messages(house)) is not None:
        yield "client messages", messages
    kafka = settings.leads.kafka
    if kafka.brokers and settings.leads.webhook.url:
        raise WebhookError(
            "Lead events have two receivers, leads.webhook.url and leads.kafka.brokers: set one of them."
        )
    if kafka.brokers:
        publisher = KafkaPublisher(
            open_producer(kafka.brokers, kafka.options), topic=kafka.topic, timeout_s=kafka.timeout_s
        )
        yield LEAD_TOPIC, _dispatcher(house, LEAD_TOPIC, publisher.deliver)
    hooks: tuple[tuple[str, str, WebhookSettings | ReviewWebhookSettings], ...] = (
        (LEAD_TOPIC, "/tougu/leads", settings.leads.webhook),
        (REVIEW_TOPIC, "/tougu/reviews", settings.compliance.review_webhook),
    )
    for topic, source, hook in hooks:
        if hook.url:
            gate = Gate(house.endpoints, topic, hook.url)
            previous = getattr(hook, "previous_secret", None)
            sender = WebhookSender(
                url=hook.url,
                secret=hook.secret.get_secret_value() if hook.secret else "",
                previous_secret=previous.get_secret_value() if previous else "",
                allow_private=hook.allow_private,
                timeout_s=hook.timeout_s,
                source=source,
                gone=gate.gone,
            )
            yield topic, _dispatcher(house, topic, sender.deliver, gate.paused)


def _dispatcher(
    house: House,
    topic: str,
    deliver: Callable[[OutboxMessage], None],
    paused: Callable[[], bool] = lambda: False,
) -> Dispatcher:
    rules = house.settings.jobs
    return Dispatcher(
        house.engine,
        deliver,
        topics=(topic,),
        lease_s=rules.outbox_lease_s,
        max_attempts=rules.outbox_max_attempts,
        backoff=rules.outbox_backoff,
        paused=paused,
    )
