"""Leads as files for people: CSV, one lead a line, without what was said."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from intent.classifier.taxonomy import Taxonomy
from intent.leads.lead import Lead
from intent.leads.queue import LeadQueue
from knowledge_base.access import Principal

COLUMNS = (
    "id", "client_id", "advisor_id", "intent", "name", "product", "line", "state", "score", "confidence",
    "amount_cny", "urgency", "due_at", "first_seen_at", "last_seen_at", "call", "second", "held_because",
)  # fmt: skip
PAGE = 1000


def export_csv(
    queue: LeadQueue,
    path: Path,
    *,
    taxonomy: Taxonomy,
    principal: Principal,
    before: Callable[[Sequence[Lead]], None] = lambda page: None,
) -> int:
    """Write every lead the principal may see, page by page, beside and renamed; returns how many.

    before: called with each page before it is written, e.g. to log the export.
    """
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8-sig", newline="") as file:  # the mark makes Excel read UTF-8
        count = write_csv(queue, file, taxonomy=taxonomy, principal=principal, before=before)
    beside.replace(path)
    return count


def write_csv(
    queue: LeadQueue,
    file: TextIO,
    *,
    taxonomy: Taxonomy,
    principal: Principal,
    before: Callable[[Sequence[Lead]], None] = lambda page: None,
) -> int:
    """The same to an open file."""
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    count, after = 0, ""
    while page := queue.list(principal=principal, after=after, limit=PAGE):
        before(page)
        writer.writerows(_row(lead, taxonomy) for lead in page)
        count, after = count + len(page), page[-1].id
    return count


def _row(lead: Lead, taxonomy: Taxonomy) -> dict[str, object]:
    proof = lead.evidence[0] if lead.evidence else {}
    row: dict[str, object] = {name: getattr(lead, name, "") for name in COLUMNS}
    return row | {
        "name": taxonomy[lead.intent].zh if lead.intent in taxonomy else lead.intent,
        "state": lead.state.value,
        "due_at": lead.due_at.isoformat(),
        "first_seen_at": lead.first_seen_at.isoformat(),
        "last_seen_at": lead.last_seen_at.isoformat(),
        "call": proof.get("call", ""),
        "second": proof.get("start_s", ""),
    }
