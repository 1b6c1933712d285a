"""What can go wrong between a NAV file and a written report; each error is one sentence with the remedy."""


class DiagnosisError(Exception):
    """Root of all errors of fund diagnosis."""


class NavFileError(DiagnosisError):
    """A NAV or index file that cannot be read at all."""


class RuleFileError(DiagnosisError):
    """A rule file that is not valid; an invalid rule set never counts as "nothing found"."""


class RenderError(DiagnosisError):
    """A report that could not be written."""
