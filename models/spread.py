"""How many processor threads a batch of texts is worth."""

from __future__ import annotations

from functools import cache

FEW = 8  # texts


def spread_over(texts: int) -> None:
    """Give torch one thread for few texts, all that it may use for more.

    Every layer of a small model ends with its threads waiting for one another; where anything else runs (a database,
    another question), one text took 30 ms on one thread and 160 to 360 ms on two.
    """
    import torch

    most = _most()
    torch.set_num_threads(1 if texts <= FEW else most)


@cache
def _most() -> int:
    """What torch was allowed before: by `models.threads`, else by itself."""
    import torch

    return torch.get_num_threads()
