"""A section of a report as the answer: for a question on a topic that reports tell under a heading of its own.

The section of the product and period asked for is quoted from the sentence that fits best. What else the question
names must stand there, too: the heading alone says what a section is about, not whether it answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from knowledge_base.periods import PeriodMatch
from rag.cite import Claim
from rag.passage import Chunk, Passage
from rag.question import Understood
from rag.retrieve import Query
from rag.sentences import ENUMERATED, MOST_ENUMERATED
from rag.tokens import names_a_thing, question_words, synonyms
from rag.topics import Topic, topics_asked
from rag.units import Unit, units

_SEARCHED = 20  # passages among which a section is looked for
_NAMED_AS = {
    **{f"Q{n}": re.compile(rf"(?:第?{n}|{word})季度?") for n, word in enumerate("一二三四", start=1)},
    "H1": re.compile("上半年"),
    "H2": re.compile("下半年"),
}
_MOST_CHARS = 420  # of what is told of a section; a sentence is never cut
_LOOKS_AHEAD = re.compile(r"(?:展望|下一?阶段)")  # ends what is told of the time reported on
_APART = 2  # characters between chunks that follow each other
_FEWEST_CHARS = 8  # of a sentence that says something


def answer_from_sections(
    asked: Understood, query: Query, available: Sequence[str], search: Callable[[Query], Sequence[Passage]]
) -> list[Claim]:
    """The section that a question on one product asks for; none where it asks for none, or none answers."""
    if len(asked.products) != 1:
        return []
    text = _without_names(asked)
    for topic in topics_asked(text):
        periods = () if topic.timeless else _periods(asked, available)
        if periods is None and not topic.ahead:
            continue
        found = search(replace(query, text=topic.search_text, periods=tuple(periods or ()), k=_SEARCHED))
        claims = told(topic, topic.left_of(text) or "", found, periods or ())
        if claims and (periods is not None or _speaks_of(asked.periods, claims)):
            return claims
    return []


def lacks_report(asked: Understood, available: Sequence[str]) -> bool:
    """Whether a topic of reports is asked for of a time that no report of the product is of: then nothing answers."""
    if len(asked.products) != 1 or _periods(asked, available) is not None:
        return False
    return any(not topic.timeless and not topic.ahead for topic in topics_asked(_without_names(asked)))


def _without_names(asked: Understood) -> str:
    """The question without names and periods, nor what else stands in the product's name (中短债900020)."""
    text = asked.claimed_text
    for word in question_words(text):
        if any(word in product.name.lower() for product in asked.products):
            text = text.replace(word, " ")
    return text


def _periods(asked: Understood, available: Sequence[str]) -> tuple[str, ...] | None:
    """Periods whose reports tell; () for the latest, None where no report is of what was asked for."""
    wanted = [one for one in asked.periods if one.period]
    fitting = [own for own in available for one in wanted if own == one.period or own.startswith(one.period or "-")]
    if fitting or not wanted:
        return tuple(dict.fromkeys(fitting))
    relative = all(not one.year_stated and len(one.period or "") == len("2024") for one in wanted)
    return () if relative else None


def _speaks_of(periods: Sequence[PeriodMatch], claims: Sequence[Claim]) -> bool:
    """Whether an outlook names the time that was asked for: 2025年, 三季度, 下半年."""
    text = "".join(claim.text for claim in claims)
    return all(
        _NAMED_AS[one.period[4:]].search(text) if len(one.period) > 4 else one.period in text
        for one in periods
        if one.period
    )


def told(topic: Topic, left: str, passages: Sequence[Passage], periods: Sequence[str]) -> list[Claim]:
    """Sentences of the topic's section that answer; none where it is not there or does not speak of what is asked.

    `left` is what the question says beside the topic and the names; `periods` those of which a report must be, the
    latest report where there are none.
    """
    for heading in topic.headings:
        own = (
            heading is topic.headings[0] and topic.ahead and len(topic.says) > 1
        )  # a section that looks ahead from its first sentence
        if claims := _told(replace(topic, must=topic.must and not own), left, _section(heading, passages, periods)):
            return claims
    return []


def _section(heading: re.Pattern[str], passages: Sequence[Passage], periods: Sequence[str]) -> list[Unit]:
    """The sentences under such a heading of one document, the latest, in their order."""
    documents: dict[tuple[str, str], list[Chunk]] = {}
    for passage in passages:
        chunk = passage.chunk
        if not periods or chunk.period in periods:
            documents.setdefault((chunk.period or "", chunk.version_id), []).append(chunk)
    found = {key: list(_under(heading, sorted(chunks, key=lambda one: one.start))) for key, chunks in documents.items()}
    return next((found[key] for key in sorted(found, reverse=True) if found[key]), [])


def _under(heading: re.Pattern[str], chunks: Sequence[Chunk]) -> Iterator[Unit]:
    """Sentences under the heading; what a chunk begins with goes on where the chunk before it ended."""
    inside, end = False, -1
    for chunk in chunks:
        inside = inside and chunk.start - end <= _APART
        opening = None
        for unit in units(chunk, ()):
            opening = unit.heading if opening is None and unit.claim.places[0].start == chunk.start else opening or ""
            if not (inside and unit.heading == opening):
                inside = bool(heading.search(unit.heading))
            if inside and unit.table is None and len(unit.words) >= _FEWEST_CHARS:
                yield unit
        end = chunk.end


def _told(topic: Topic, left: str, sentences: Sequence[Unit]) -> list[Claim]:
    words = question_words(left)
    if not (topic.ahead or topic.timeless):
        sentences = list(takewhile(lambda unit: not _LOOKS_AHEAD.match(unit.claim.text), sentences))
    held = [[word for word in words if _holds(unit, word)] for unit in sentences]
    said = {word for one in held for word in one}
    if any(word not in said and (topic.closed or names_a_thing(word)) for word in words):
        return []
    ranks = [_rank(topic, unit) for unit in sentences]
    if topic.ahead and topic.must and ranks:  # what lies behind the reporting period is told last
        begin = ranks.index(min(ranks))
        sentences, ranks, held = sentences[begin:], ranks[begin:], held[begin:]
    fitting = [n for n in range(len(sentences)) if not topic.must or ranks[n] < len(topic.says)]
    if not fitting:
        return []
    apart = _one_each(words, held, ranks, fitting)
    if apart:
        return [sentences[n].claim for n in apart[: topic.most]]
    return _from(sentences[_first(topic, sentences, held, ranks, fitting) :], topic.most)


def _first(
    topic: Topic, sentences: Sequence[Unit], held: Sequence[list[str]], ranks: Sequence[int], fitting: Sequence[int]
) -> int:
    """Where to begin: at the sentence that holds most of the question, or at what leads up to it."""
    if topic.closed:  # what happened is told before what became of it
        return min(fitting, key=lambda n: (-len(held[n]), n if held[n] else ranks[n], n))
    best = min(fitting, key=lambda n: (-len(held[n]), ranks[n], n))
    leading = min(fitting, key=lambda n: (ranks[n], n))
    between = sum(len(unit.claim.text) for unit in sentences[leading : best + 1])
    return leading if leading < best and between < _MOST_CHARS else best


def _one_each(
    words: Sequence[str], held: Sequence[list[str]], ranks: Sequence[int], fitting: Sequence[int]
) -> list[int]:
    """A sentence for each word (股市和债市怎么看), where no sentence holds two of them."""
    told_of = [word for word in words if any(word in held[n] for n in fitting)]
    if len(told_of) < 2 or any(len(held[n]) > 1 for n in fitting):
        return []
    return sorted({min((n for n in fitting if word in held[n]), key=lambda n: (ranks[n], n)) for word in told_of})


def _from(sentences: Sequence[Unit], most: int) -> list[Claim]:
    """The first sentences, as many as fit; points that are counted (第一, 第二) are told to the last."""
    claims: list[Claim] = []
    length = 0
    for unit in sentences:
        length += len(unit.claim.text)
        full = len(claims) >= most or length > _MOST_CHARS
        if claims and full and not (len(claims) < MOST_ENUMERATED and ENUMERATED.match(unit.claim.text)):
            break
        claims.append(unit.claim)
    return claims


def _rank(topic: Topic, unit: Unit) -> int:
    """Which of the patterns the sentence fits; their number where it fits none."""
    return next((n for n, pattern in enumerate(topic.says) if pattern.search(unit.claim.text)), len(topic.says))


def _holds(unit: Unit, word: str) -> bool:
    text = f"{unit.heading}{unit.words}".lower()
    return word in text or any(other in text for other in synonyms().get(word, ()))
