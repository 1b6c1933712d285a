"""Errors of talks; what a person reads is Chinese."""


class TalkError(Exception):
    """What was asked of a talk cannot be done as it stands."""


class UnknownTalkError(TalkError):
    """There is no such talk, turn or text of this user; who else may own one is not told."""
