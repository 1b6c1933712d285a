"""The tools of the question way over a small knowledge base, wired as the house wires them."""

from __future__ import annotations

from datetime import date

from knowledge_base.access import Principal, Role
from rag.tools.finding import Notebook
from rag.tools.lookups import Lookups
from rag.tools.registry import Toolbox, toolbox
from tests.rag.firm import Firm

DAY = date(2025, 6, 1)
ADVISOR = Principal(user_id="A1", roles=frozenset({Role.ADVISOR}))


def box(firm: Firm, by: Principal = ADVISOR, on: date = DAY) -> Toolbox:
    """Tools of their own notebook."""
    answerer = firm.answerer()
    return toolbox(
        Lookups(
            retriever=answerer.retriever,
            facts_of=answerer.facts,
            resolver=answerer.resolver,
            principal=by,
            on=on,
            notebook=Notebook(),
        )
    )
