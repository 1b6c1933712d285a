from __future__ import annotations

from collections.abc import Sequence

from intent.call import Speaker
from intent.speech.clean import by_sentence, tidy, turns
from intent.speech.transcribe import Segment, Word


def segment(*words: tuple[str, float, float]) -> Segment:
    made = tuple(Word(text=t, start_s=s, end_s=e, probability=0.8) for t, s, e in words)
    return Segment(text="".join(w.text for w in made), start_s=made[0].start_s, end_s=made[-1].end_s, words=made)


def shown(client: Sequence[Segment], advisor: Sequence[Segment]) -> list[str]:
    said = turns([(Speaker.CLIENT, client), (Speaker.ADVISOR, advisor)], pause_s=1.0)
    assert [t.index for t in said] == list(range(len(said)))
    return [f"{t.speaker.value[0]}:{t.text}" for t in said]


def test_one_segment_of_a_channel_is_cut_where_the_other_answers() -> None:
    client = [segment(("喂", 0.0, 0.3), ("你好", 0.3, 0.8), ("想买", 5.0, 5.5), ("基金", 5.5, 6.0))]
    advisor = [segment(("您好", 1.5, 2.0), ("请讲", 2.2, 2.6))]
    assert shown(client, advisor) == ["c:喂你好", "a:您好请讲", "c:想买基金"]


def test_neighbours_of_one_speaker_are_joined_over_a_short_silence() -> None:
    client = [segment(("想买", 0.0, 0.5), ("基金", 2.0, 2.5)), segment(("不急", 9.0, 9.5))]
    assert shown(client, []) == ["c:想买，基金", "c:不急"]


def test_overlaps_stay_in_order_of_their_start() -> None:
    client = [segment(("嗯", 1.0, 1.2))]
    advisor = [segment(("我们", 0.0, 0.5), ("这边", 0.5, 1.5), ("介绍", 1.6, 2.0))]
    assert shown(client, advisor) == ["a:我们这边介绍", "c:嗯"]


def test_times_and_confidence_come_from_the_words() -> None:
    turn = turns([(Speaker.CLIENT, [segment(("想", 1.25, 1.5), ("买", 1.5, 2.75))])], pause_s=1.0)[0]
    assert (turn.start_s, turn.end_s, turn.confidence) == (1.25, 2.75, 0.8)


def test_a_segment_without_words_is_one_turn() -> None:
    said = turns([(Speaker.CLIENT, [Segment(text="想买基金", start_s=1, end_s=3, confidence=0.5)])])
    assert (said[0].text, said[0].confidence) == ("想买基金", 0.5)


def test_shared_voices_are_cut_at_sentences_and_never_joined() -> None:
    said = by_sentence(
        [segment(("方便吗?", 0, 1), ("方便,", 1.1, 1.4), ("你讲。", 1.4, 2), ("好", 2.6, 3))], pause_s=0.35
    )
    assert [t.text for t in said] == ["方便吗？", "方便，你讲。", "好"]
    assert {t.speaker for t in said} == {Speaker.UNKNOWN}


def test_tidy_removes_spaces_beside_chinese_and_keeps_latin_ones() -> None:
    assert tidy(" 我想 买 ETF fund 吗?") == "我想买ETF fund吗？"
    assert tidy("1,000 元") == "1,000元"
