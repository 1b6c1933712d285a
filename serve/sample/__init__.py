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


def import_people(house: House) -> None:
    """Put the sample's advisors, clients, products and holdings into a house."""
    from serve.users import OPERATOR

    for kind in IMPORTS:
        house.import_file(kind, sample_folder() / "clients" / f"{kind}.csv", principal=OPERATOR)
