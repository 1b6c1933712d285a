"""Threads that wait for a database most of the time and compute for a moment in between."""

from __future__ import annotations

import sys

HAND_OVER_S = 0.0005


def hand_over_quickly() -> None:
    """Let a thread whose answer has come run after half a millisecond, for the whole process.

    By Python's default it waits 5 ms for a thread that computes, after each of the few ways to the database that a
    claim takes; 24 threads at 160 claims a second then wait for each other several times as long as for the database.
    """
    sys.setswitchinterval(HAND_OVER_S)
