"""What can go wrong on the call way; every message says what happened, why and what to do."""

from __future__ import annotations


class IntentError(Exception):
    """Base of all errors of this package."""


class AudioError(IntentError):
    """A recording cannot be decoded into sound."""


class TranscriptionError(IntentError):
    """The speech engine is missing, refused the sound or did not answer."""


class TaxonomyError(IntentError):
    """The taxonomy file is broken; the message names the entry."""


class RulesError(IntentError):
    """A rule file of the classifier is broken; the message names the rule."""


class ClassifierError(IntentError):
    """The classifier's weights are missing, broken, or of another taxonomy or encoder."""


class OtherTaxonomyError(ClassifierError):
    """The model was trained for another taxonomy than the one that is loaded."""


class ModelGateError(IntentError):
    """A model that may not read: unknown, or worse than the one that reads."""


class TrainingDataError(IntentError):
    """Labelled data cannot be used; the message names the line."""


class CallFileError(IntentError):
    """A file of calls or call metadata cannot be read; the message names the line."""


class LeadError(IntentError):
    """A change of a lead that its state, its holder or its owner does not allow."""


class LeadNotFoundError(LeadError):
    """No such lead, or none that this principal may see."""


class CallRecordError(LeadError):
    """What is asked of a call on its way does not fit where it stands."""


class LeadRulesError(IntentError):
    """A rule file of who is offered, or of whom leads are given to, is broken; the message names it."""


class BatchError(LeadError):
    """More leads at once than may be asked for."""


class LeadExportError(LeadError):
    """Leads that cannot be written as the file asked for."""


class CursorError(LeadError):
    """A cursor that this query did not give out."""


class NoteConflictError(LeadError):
    """A note or a task that somebody else changed meanwhile."""


class WebhookError(IntentError):
    """A webhook target that may not be used, or a delivery that failed."""


class InspectionDataError(IntentError):
    """A data file of the inspection is broken, or names a checklist that is not there; the message names it."""


class FollowUpDataError(IntentError):
    """A data file of deadlines, faults or consents is broken; the message names the place."""


class SegmentError(IntentError):
    """Tag rules that cannot be read, or a segment or list that may not be made, changed or fetched.

    zh: the same for the page, where there is a page on which it can happen.
    """

    def __init__(self, message: str, zh: str = "") -> None:
        super().__init__(message)
        self.zh = zh


class SegmentNotFoundError(SegmentError):
    """No such segment or list, or none that this principal may see."""


class ScoreError(IntentError):
    """A trained score that cannot be made, loaded or let score."""
