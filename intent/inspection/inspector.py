"""Inspection of a whole call: measures, emotions, checklist, score, segments, and whether it passes by machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from intent.call import Speaker, SpeechFinding, Transcript
from intent.inspection.answers import AnswerWords, load_answers
from intent.inspection.checking import MISSING, UNHEARD, Checker
from intent.inspection.checklists import Checklists, load_checklists
from intent.inspection.emotions import EmotionCues, emotions, load_emotions
from intent.inspection.measures import has_times, measures
from intent.inspection.result import UNKNOWN, Inspection, ItemResult, Place, Score, TurnEmotion
from intent.inspection.scoring import score_call
from intent.inspection.scoring_data import PassRules, Scoring, load_scoring
from intent.inspection.segments import doubts, segments, suspicions
from intent.inspection.wording import Wording, load_wording

METADATA, CONTENT = "metadata", "content"
RULES_FAILED = "合规规则未能判断"


class Inspector:
    """Inspects calls by data: checklists, scoring, cues. Reads only, and never raises on a poor transcript."""

    def __init__(
        self,
        *,
        checklists: Checklists,
        scoring: Scoring,
        answers: AnswerWords,
        cues: Sequence[EmotionCues],
        wording: Wording,
    ) -> None:
        self.checklists, self.scoring = checklists, scoring
        self._answers, self._cues, self._wording = answers, tuple(cues), wording

    def inspect(
        self,
        call_id: str,
        transcript: Transcript,
        findings: Sequence[SpeechFinding] | None = (),
        *,
        call_type: str | None = None,
    ) -> Inspection:
        """Inspect one call. `findings`: what `spoken_violations` found; `call_type` where metadata gives it.

        None for `findings` says that the rules could not judge: such a call never passes. A finding that is only
        suspected costs no points: it is worth an ear. What the transcript does not allow to judge stands in
        `left_out`.
        """
        turns = transcript.turns
        judged = tuple(findings or ())
        certain = [finding for finding in judged if not finding.suspected]
        named, known_from = self._type_of(transcript, call_type)
        measured = measures(transcript, self._wording)
        checklist = self._check(transcript, named)
        score = score_call(turns, measured, certain, checklist, scoring=self.scoring, wording=self._wording)
        felt = emotions(turns, self._cues, self._wording)
        in_doubt, suspected = doubts(turns, self.scoring, self._wording), suspicions(turns, judged)
        duration_s = max([transcript.duration_s, *(turn.end_s for turn in turns)])
        passes = self.scoring.passes
        reasons = (
            *_why_not_passed(transcript, named, score, certain, checklist, in_doubt, felt, passes),
            *((f"{len(suspected)}处模型存疑",) if suspected and not passes.suspected else ()),
            *((RULES_FAILED,) if findings is None else ()),
        )
        return Inspection(
            call_id=call_id,
            duration_s=round(duration_s, 2),
            call_type=named,
            call_type_from=known_from,
            measures=measured,
            emotions=felt,
            checklist=checklist,
            score=score,
            segments=segments(turns, duration_s, score, checklist, (*in_doubt, *suspected), felt, self.scoring),
            passed=not reasons,
            why_not_passed=reasons,
            left_out=(
                *_left_out(transcript, named, call_type, measured.estimated),
                *((f"{RULES_FAILED}：违规未作。",) if findings is None else ()),
            ),
            version=f"checklists {self.checklists.version}, scoring {self.scoring.version}",
        )

    def _type_of(self, transcript: Transcript, call_type: str | None) -> tuple[str, str]:
        if call_type is not None:
            return (call_type if call_type in self.checklists else UNKNOWN), METADATA
        found = self.checklists.detect(transcript.turns, self._wording)
        return found, UNKNOWN if found == UNKNOWN else CONTENT

    def _check(self, transcript: Transcript, named: str) -> tuple[ItemResult, ...]:
        checklist = self.checklists.of(named)
        if checklist is None or not _speaks(transcript, Speaker.ADVISOR):
            return ()
        return Checker(transcript.turns, self._answers, self._wording).check(checklist)


def load_inspector(checklists: Path | None = None, scoring: Path | None = None) -> Inspector:
    """An inspector with the shipped data, or a firm's own files. Raises InspectionDataError."""
    return Inspector(
        checklists=load_checklists(checklists),
        scoring=load_scoring(scoring),
        answers=load_answers(),
        cues=load_emotions(),
        wording=load_wording(),
    )


def _speaks(transcript: Transcript, speaker: Speaker) -> bool:
    return any(turn.speaker is speaker and turn.text.strip() for turn in transcript.turns)


def _why_not_passed(
    transcript: Transcript,
    named: str,
    score: Score,
    findings: Sequence[SpeechFinding],
    checklist: Sequence[ItemResult],
    in_doubt: Sequence[Place],
    felt: Sequence[TurnEmotion],
    rules: PassRules,
) -> tuple[str, ...]:
    """Why somebody has to listen; empty where nobody has to."""
    wanting = [item for item in checklist if item.critical and item.state in {MISSING, "refused", "unclear", UNHEARD}]
    reasons = {
        "没有顾问的话，无从判断": score.total is None,
        "角色系推断，不由机器放行": not rules.estimated_roles and transcript.roles_from not in {"metadata", "settings"},
        "通话类型不明，不由机器放行": named == UNKNOWN and not rules.unknown_type,
        f"命中规则：{'、'.join(sorted({finding.rule for finding in findings}))}": bool(findings),
        f"关键项：{'、'.join(item.zh for item in wanting)}": bool(wanting),
        f"评分{score.total}，低于{rules.score:g}": score.total is not None and score.total < rules.score,
        f"{len(in_doubt)}处用语待听": len(in_doubt) > rules.doubts,
        "客户生气": not rules.anger and any(each.emotion == "anger" for each in felt),
    }
    return tuple(reason for reason, applies in reasons.items() if applies)


def _left_out(transcript: Transcript, named: str, asked: str | None, estimated: bool) -> tuple[str, ...]:
    """What could not be judged, and why."""
    advisor, client = (_speaks(transcript, who) for who in (Speaker.ADVISOR, Speaker.CLIENT))
    spoken = any(turn.text.strip() for turn in transcript.turns)
    no_list = f"没有通话类型“{asked}”的检查清单" if asked else "未能从内容判断通话类型"
    said = {
        "没有可读的通话内容，未作质检。": not spoken,
        "不知道谁是顾问，或没有顾问的话：规则、清单和评分未作。": spoken and not advisor,
        "没有客户的话：情绪、倾听、回应和客户答复未作。": spoken and not client,
        "文本没有时间：时长、静默、语速、打断和片段未作。": spoken and not has_times(transcript.turns),
        "角色由声音或用语推断，各项指标为估计值。": spoken and advisor and estimated,
        f"{no_list}：清单未作。": spoken and named == UNKNOWN,
    }
    return tuple(sentence for sentence, applies in said.items() if applies)
