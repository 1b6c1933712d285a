"""Offline by default: no library may ask a hub, and none may report home, unless settings allow the hub."""

from __future__ import annotations

import os
import sys

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
SILENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    # LangSmith would send every prompt to its own servers when one of these is "true".
    "LANGSMITH_TRACING": "false",
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
}


def stay_offline(*, allow_hub: bool = False) -> None:
    """Close the ways out of this process; call it before the first import of a model library.

    With `allow_hub` telemetry still stays off, but downloads are left as the operator set them.
    """
    os.environ.update(SILENT)
    if allow_hub:
        return
    os.environ.update(OFFLINE)
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:  # it read the environment when it was imported, so tell it again
        constants.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]
