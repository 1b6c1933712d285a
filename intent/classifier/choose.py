"""Which classifier reads: by settings, or what the card of the heads found best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from intent.classifier.heads import Heads, load_heads
from intent.classifier.model import HeadsClassifier, IntentClassifier, RulesClassifier
from intent.classifier.rules import Rules
from intent.classifier.taxonomy import Taxonomy
from intent.errors import ClassifierError
from intent.settings import IntentSettings
from models.encoder import Encoder


def load_classifier(
    settings: IntentSettings, *, taxonomy: Taxonomy, rules: Rules, encoder: Callable[[], Encoder]
) -> IntentClassifier:
    """The classifier that the settings ask for; `encoder` is called only where heads read.

    `best` takes what the card found best on the development split. Raises ClassifierError when the
    heads asked for are missing, broken, of another taxonomy or encoder, or were trained otherwise.
    """
    if settings.method == "rules":
        return RulesClassifier(rules, context_turns=settings.context_turns)
    heads = load_heads(taxonomy, settings.model_dir)
    if settings.method == "best" and heads.card.best == "rules":
        return RulesClassifier(rules, context_turns=settings.context_turns)
    if settings.method in ("heads", "combined") and heads.card.with_rules != (settings.method == "combined"):
        raise ClassifierError(
            f"The trained heads are not of the kind {settings.method}: set intent.method = best, or train again."
        )
    if settings.lead_threshold is not None:
        heads = Heads(heads.tensors, replace(heads.card, lead_threshold=settings.lead_threshold))
    return HeadsClassifier(heads, encoder(), rules, context_turns=settings.context_turns)
