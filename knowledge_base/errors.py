"""The errors of this package: each message is one sentence with what happened, why and what to do."""

from __future__ import annotations


class KnowledgeBaseError(Exception):
    """Root of all errors that `knowledge_base` raises."""


class ParseError(KnowledgeBaseError):
    """A file could not be turned into a document."""


class UnknownVersionError(KnowledgeBaseError):
    """No such document version, or none that this principal may read; the two look alike on purpose."""

    def __init__(self, version_id: str) -> None:
        super().__init__(
            f"No document version {version_id} is open to you: it was removed or carries a label you lack; "
            "search again or ask an editor."
        )


class UnknownClientError(KnowledgeBaseError):
    """No such client, or none that this principal may see; the two look alike on purpose."""

    def __init__(self, client_id: str) -> None:
        super().__init__(
            f"No client {client_id} is open to you: the id is wrong or the client is another advisor's; "
            "check the id or ask your supervisor."
        )


class UnknownProductError(KnowledgeBaseError):
    """No product with this code has been imported or named by a synced document."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"No product {code} is known: import it with `tougu import products FILE` or sync a document that names it."
        )


class SyncError(KnowledgeBaseError):
    """A folder as a whole could not be synced."""


class ImportFileError(KnowledgeBaseError):
    """A file to import could not be read at all."""


class EventError(KnowledgeBaseError):
    """An event of a kind or of a client that nobody knows."""


class EditorError(KnowledgeBaseError):
    """What an editor asked for cannot be done; `zh` says it to the person at the page."""

    def __init__(self, message: str, *, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class UnknownConflictError(KnowledgeBaseError):
    """No such contradiction, or none between documents that this principal may read."""

    def __init__(self, conflict_id: str) -> None:
        super().__init__(f"No contradiction {conflict_id} is open to you: see `tougu kb conflicts`.")
        self.zh = "没有这一条矛盾，或您无权查看。"


class UnknownWordingError(KnowledgeBaseError):
    """No such approved wording, or no such version of it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no wording {name}: see `tougu kb wording list`.")
        self.zh = "没有这条话术或这个版本。"
