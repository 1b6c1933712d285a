"""Threads that wait for a database most of the time and compute for a moment in between."""

from __future__ import annotations

import gc
import sys

HAND_OVER_S = 0.0005
COLLECT_EVERY = (20_000, 20, 20)  # objects made since the last look at the young ones; young looks, middle looks


def answer_in_threads() -> None:
    """Set the interpreter of a process whose threads answer people: call it once all is imported."""
    _hand_over_quickly()
    _collect_rarely()


def _hand_over_quickly() -> None:
    """Let a thread whose answer has come run after half a millisecond, for the whole process.

    By Python's default it waits 5 ms for a thread that computes, after each of the few ways to the database that a
    claim takes; 24 threads at 160 claims a second then wait for each other several times as long as for the database.
    """
    sys.setswitchinterval(HAND_OVER_S)


def _collect_rarely() -> None:
    """Let the collector of cycles leave alone what the process has loaded by now, and look less often at the rest.

    By Python's default it walks through every object of every library again and again while a batch makes thousands
    of rows, a quarter of the time that writing them takes; and whoever waits for an answer waits for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)
