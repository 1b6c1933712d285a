"""What a search may look at: applied before anything is ranked, as SQL over versions and as chunk ids."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from knowledge_base.access import Principal, Role
from knowledge_base.document import SHARE_RESEARCH
from rag.lexical import Ids


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What a search may look at; applied before anything is ranked. Empty tuples do not narrow."""

    principal: Principal
    on: date
    product_codes: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    document_types: tuple[str, ...] = ()
    general: bool = False  # only documents that speak of no product


def conditions(narrow: Filter) -> tuple[str, dict[str, Any]]:
    """The filter as SQL over `versions v`; a document without product or period is never narrowed away."""
    where = ["coalesce(v.effective_from, :on) <= :on", "coalesce(v.effective_to, :on) >= :on"]
    values: dict[str, Any] = {"on": narrow.on.isoformat()}
    if not narrow.principal.has(Role.SYSTEM):
        values["labels"] = json.dumps(sorted(narrow.principal.labels))
        where.append(
            "v.no NOT IN (SELECT no FROM version_labels WHERE label NOT IN (SELECT value FROM json_each(:labels)))"
        )
    _withhold_opinions(narrow.principal, where, values)
    if narrow.product_codes:
        values["codes"] = json.dumps(narrow.product_codes)
        where.append(
            "(v.no IN (SELECT no FROM version_codes WHERE code IN (SELECT value FROM json_each(:codes))) "
            "OR NOT EXISTS (SELECT 1 FROM version_codes k WHERE k.no = v.no))"
        )
    if narrow.periods:
        values["periods"] = json.dumps(narrow.periods)
        where.append("(v.period IS NULL OR v.period IN (SELECT value FROM json_each(:periods)))")
    if narrow.general:
        where.append("NOT EXISTS (SELECT 1 FROM version_codes k WHERE k.no = v.no)")
    if narrow.document_types:
        values["types"] = json.dumps(narrow.document_types)
        where.append("v.document_type IN (SELECT value FROM json_each(:types))")
    return " AND ".join(where), values


def _withhold_opinions(principal: Principal, where: list[str], values: dict[str, Any]) -> None:
    """Research on a share is found only in the act of who may give an opinion on it; the system is no exception."""
    values["opinion"] = SHARE_RESEARCH
    if not principal.opinions:
        where.append("v.document_type <> :opinion")
        return
    values["no_opinion_on"] = json.dumps(sorted(principal.no_opinion_on))
    where.append(
        "(v.document_type <> :opinion OR v.no NOT IN "
        "(SELECT no FROM version_codes WHERE code IN (SELECT value FROM json_each(:no_opinion_on))))"
    )


def ids_of(spans: Sequence[tuple[int, int]]) -> Ids:
    """Every id of spans that do not overlap (first, last), sorted."""
    if not spans:
        return np.empty(0, dtype=np.int64)
    first, last = np.array(sorted(spans), dtype=np.int64).T
    many = last - first + 1
    return np.repeat(first - np.concatenate([[0], np.cumsum(many)[:-1]]), many) + np.arange(many.sum())
