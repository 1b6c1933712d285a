"""What can go wrong with the firm's message archive and with outreach; each error is one sentence."""

from __future__ import annotations


class MessageArchiveError(Exception):
    """An archive that cannot be read; the message names file, line and remedy."""


class OutreachError(Exception):
    """An outreach that cannot be made or fetched as asked; `zh` says so to the person on the page."""

    def __init__(self, message: str, *, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class UnknownOutreachError(OutreachError):
    """There is no such outreach, or it is not this person's."""

    def __init__(self, outreach_id: str) -> None:
        super().__init__(f"There is no outreach {outreach_id} that you may see.", zh="没有这次外发，或您无权查看。")
