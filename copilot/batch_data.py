"""What a batch of diagnoses starts from: the list of clients, and one hash over all that a report is made of."""

from __future__ import annotations

import csv
import hashlib
from datetime import date
from pathlib import Path

from copilot.diagnosis.errors import DiagnosisError
from knowledge_base.access import Principal
from knowledge_base.clients import Clients
from knowledge_base.consents import refused_by
from knowledge_base.errors import UnknownClientError
from knowledge_base.products import Products

COLUMNS = ("client_id", "id")  # of a list of clients
MOST_CLIENTS = 1_000_000
BLOCK = 1 << 20


class DataHash:
    """One hash over all that a client's report is made of.

    Of the client: row, what they refuse, positions, trades, behaviour. Of the firm: every product, since another one
    may be the better choice, and every file of the NAV folder, documents and the restricted list.
    """

    def __init__(self, clients: Clients, products: Products, navs: Path, benchmark: Path | None, shared: str) -> None:
        self._clients, self._products, self._navs, self._benchmark = clients, products, navs, benchmark
        self._shared, self._firm = shared, ""

    def of(self, client_id: str, *, principal: Principal, today: date) -> str:
        """Hex; of a client not to be seen the hash of nothing, so that the row fails once and not every time."""
        try:
            client = self._clients.get(client_id, principal=principal)
        except UnknownClientError:
            return "unknown"
        adviser = self._clients.advisor(client.advisor_id, principal=principal) if client.advisor_id else None
        with self._clients.engine.connect() as connection:
            refused = refused_by(connection, [client])
        parts = (
            client,
            sorted(refused[client_id]),
            client.risk_level_on(today),
            adviser,
            self._clients.holdings(client_id, principal=principal),
            self._clients.transactions(client_id, principal=principal),
            self._clients.events(client_id, principal=principal),
            self._of_firm(principal),
        )
        return _digest("\n".join(map(repr, parts)))

    def _of_firm(self, principal: Principal) -> str:
        """The same for all clients of a run; files are hashed by content, once."""
        if not self._firm:
            named = [self._benchmark] if self._benchmark else []
            files = {path for path in self._navs.rglob("*") if path.is_file()}.union(named)
            found = [f"{path} {file_hash(path)}" for path in sorted(files)]
            shelf = [repr(each) for each in self._products.all(principal=principal)]
            self._firm = _digest("\n".join([*found, *shelf, self._shared]))
        return self._firm


def read_clients(path: Path) -> list[str]:
    """Ids of a list of clients: CSV in UTF-8 with a column `client_id` or `id`, or one id a line.

    Raises DiagnosisError for a file that is no such list or names nobody.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DiagnosisError(f"{path} is no list of clients ({type(error).__name__}): give a CSV in UTF-8.") from error
    heads = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((heads.index(name) for name in COLUMNS if name in heads), None)
    if column is None and any(len(row) > 1 for row in rows):
        raise DiagnosisError(f"{path} has no column client_id: name the column of the ids client_id or id.")
    body, place = (rows, 0) if column is None else (rows[1:], column)
    found = [row[place].strip() for row in body if len(row) > place and row[place].strip()]
    if not found or len(found) > MOST_CLIENTS:
        raise DiagnosisError(f"{path} names {len(found)} clients: give a list of 1 to {MOST_CLIENTS:,}.")
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_hash(path: Path) -> str | None:
    """SHA-256 of a file's content, None where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()
