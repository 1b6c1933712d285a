"""What a process that runs for long loads at its start, beside its work, so that no first request waits for it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serve.wiring import House

log = logging.getLogger("tougu.warm")


def warm(house: House) -> None:
    """Load rules, dictionary and, where a model calls tools, its agent; what is wrong is told where it is asked for."""
    from mandarin.homophones import load_dictionary

    load_dictionary()
    try:
        house.rule_pack.normalise("")
    except Exception as error:
        log.warning("the rules could not be loaded at the start: %s", type(error).__name__)
    try:
        if house.gatherer is not None:
            house.gatherer.load()
    except Exception as error:  # told where the model is asked, and by `tougu doctor`
        log.warning("the tools of the chat model could not be loaded at the start: %s", type(error).__name__)


def warm_beside(house: House) -> threading.Thread:
    """Start warming up and return at once."""
    thread = threading.Thread(target=warm, args=(house,), name="warm", daemon=True)
    thread.start()
    return thread
