"""The sample content: a fictional firm with funds, documents, clients and calls. See README.md beside this."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serve.wiring import House

# In this order: holdings and events refer to clients.
IMPORTS = ("advisors", "products", "restricted", "clients", "holdings", "transactions", "events")


def sample_folder() -> Path:
    """The folder of the sample content inside the installed package."""
    return Path(str(files("serve") / "sample"))


def import_wordings(house: House) -> int:
    """Put the sample's approved wordings into a house: written by one fictional person, approved by another."""
    from knowledge_base.access import Principal, Role
    from knowledge_base.wordings import read_drafts

    author = Principal(user_id="sample-editor", roles=frozenset({Role.EDITOR}))
    officer = Principal(user_id="sample-officer", roles=frozenset({Role.COMPLIANCE}))
    drafts = read_drafts(sample_folder() / "wordings.yaml")
    for draft in drafts:
        made = house.wordings.propose(draft, principal=author)
        house.wordings.decide(made.id, made.version, approve=True, reason="示例话术", principal=officer)
    return len(drafts)


def import_people(house: House) -> None:
    """Put the sample's advisors, clients, products, holdings and shares into a house."""
    from serve.users import OPERATOR

    for kind in IMPORTS:
        house.import_file(kind, sample_folder() / "clients" / f"{kind}.csv", principal=OPERATOR)
    for kind in ("shares", "agreements"):
        house.import_file(kind, sample_folder() / "shares" / f"{kind}.csv", principal=OPERATOR)
