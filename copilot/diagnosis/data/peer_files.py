"""Makes the table of peers' returns from a folder of NAV files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from copilot.diagnosis.data.calendars import UNKNOWN_KIND, fund_kind
from copilot.diagnosis.data.peers import PeerReturn, peer_returns, peers_csv
from copilot.diagnosis.data.provider import PEERS, NavFolder
from copilot.diagnosis.errors import DiagnosisError


@dataclass(frozen=True, kw_only=True)
class PeerFile:
    path: Path
    funds: int  # with at least one whole period
    unread: int  # NAV files that could not be used


def write_peers(folder: NavFolder, kinds: Mapping[str, str | None]) -> PeerFile:
    """Write `peers.csv` beside the NAV files, whole or not at all. `kinds`: the kind of each product by code.

    A fund whose kind is not known has no peers and is left out.
    """
    rows: list[PeerReturn] = []
    unread = 0
    for code in folder.codes():
        kind = fund_kind(kinds.get(code))
        if kind is UNKNOWN_KIND:
            continue
        try:
            nav = folder.nav(code, kind=kind, today=None)
        except DiagnosisError:
            unread += 1
            continue
        rows += peer_returns(code, kind.id, nav.returns)
    path = folder.path / f"{PEERS}.csv"
    beside = path.with_suffix(".part")
    beside.write_text(peers_csv(rows), encoding="utf-8")
    beside.replace(path)
    return PeerFile(path=path, funds=len({row.code for row in rows}), unread=unread)
