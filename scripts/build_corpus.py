"""Build the corpus of `intent/corpus/data` from the files that authors and second readers wrote.

    python scripts/build_corpus.py --out intent/corpus/data --base FILE.jsonl \\
        --lines u1.txt u2.txt --maps u1.map.json u2.map.json --readings u1.read.tsv u2.read.tsv \\
        --settled settled.tsv --calls k1.jsonl k2.jsonl --against eval/cases/intent.jsonl

A batch is named by its file up to the first dot. What is built:

- `--lines`: lines of the compact format (intent/corpus/compact.py) below a first line `# SPLIT who speaks`.
  The id is the batch and the number of the line, so it stays when other lines come or go.
- `--base`: lines that have the format of the corpus already; ids are kept, batches of `--lines` replaced. With the
  corpus itself as the base, batches are added to it: readings of the others stay.
- `--readings`: `id<TAB>labels[<TAB>?]` of the second reader; `--settled`: the same, the labels that are kept;
  `drop` leaves a line out that no border settles.
  Ids are those of the corpus, or those of the batch's `--maps` file `{id: line as the author wrote it}`.
- `--calls`: whole calls, JSON Lines in the format of `tougu eval calls` with `split`.
- Lines alike above a trigram Jaccard of 0.6, in themselves and with their context, are removed: the one in
  test stays before dev, calibration and train. Contrast pairs stay. `--against`: lines that none may repeat.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from compliance_filters.rules.shelf import builtin_pack
from intent.classifier.taxonomy import Taxonomy, load_taxonomy
from intent.corpus.calls import CALLS, SHIPPED_TURNS, call_of
from intent.corpus.card import PROVENANCE
from intent.corpus.compact import compact_labels, compact_line, row_labels, row_words, with_shown_tags
from intent.corpus.lines import LineError
from intent.corpus.readings import READINGS, load_readings
from intent.corpus.utterances import (
    SPLITS,
    UTTERANCES,
    Labelled,
    Labels,
    as_json,
    labels_json,
    load_labelled,
    utterance_of,
    whole_text,
)
from intent.corpus.variety import are_twins, near_pairs

DROP = "drop"
Maps = Mapping[str, Mapping[str, str]]  # batch -> id that the reader saw -> line as its author wrote it
KEPT_FIRST = ("test", "dev", "calibration", "train")


@dataclass(kw_only=True)
class Corpus:
    """What is being built."""

    taxonomy: Taxonomy
    items: list[Labelled] = field(default_factory=list)
    voices: dict[str, str] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a reader gave one line."""

    labels: Labels | None  # None: the line is to be left out
    doubt: bool
    row: str | None  # the line as its author had written it, where a map tells


def main() -> None:
    options = arguments()
    corpus = Corpus(taxonomy=load_taxonomy())
    known = options.out / PROVENANCE
    if known.exists():
        corpus.voices |= json.loads(known.read_text("utf-8"))["voices"]
    rebuilt = {batch_of(path) for path in options.lines}
    for path in options.base:
        corpus.items += [i for i in load_labelled(corpus.taxonomy, path).items if i.batch not in rebuilt]
    for path in options.lines:
        corpus.items += author_lines(path, corpus)
    maps = {batch_of(path): json.loads(path.read_text("utf-8")) for path in options.maps}
    author = {item.id: item.gold for item in corpus.items}
    corpus.items = settle(corpus, readers_labels(options.settled, maps, corpus))
    corpus.items = without_doubles(corpus, [json.loads(line) for path in options.against for line in lines_of(path)])
    anew = list(second_readings(options.readings, maps, author, corpus))
    readings = [*kept_readings(options.out / READINGS, corpus, rebuilt, anew), *anew]
    calls = list(whole_calls(options.calls, corpus))
    for mistake in corpus.mistakes:
        print(mistake, file=sys.stderr)
    if corpus.mistakes and not options.skip_bad:
        sys.exit(
            f"{len(corpus.mistakes)} mistakes, nothing was written: mend the lines, or leave them out (--skip-bad)."
        )
    write(options.out, corpus, readings, calls if options.calls else None)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the data files")
    for name in ("base", "lines", "maps", "readings", "settled", "calls", "against"):
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[])
    parser.add_argument("--skip-bad", action="store_true", help="leave out lines with a mistake instead of stopping")
    return parser.parse_args()


def author_lines(path: Path, corpus: Corpus) -> Iterator[Labelled]:
    """The lines of one author; mistakes are noted with file and line."""
    first, *rest = path.read_text("utf-8").split("\n")
    batch, (split, _, who) = batch_of(path), first.removeprefix("#").strip().partition(" ")
    if split not in SPLITS:
        sys.exit(f"{path}, line 1: there is no split {split}: begin with `# SPLIT who speaks`.")
    corpus.voices[batch] = who
    for n, row in enumerate(rest, start=1):
        if row.strip():
            try:
                yield compact_line(row, f"{batch}-{n:04d}", split, batch, corpus.taxonomy)
            except (LineError, ValueError, KeyError) as error:
                corpus.mistakes.append(f"{path}, line {n + 1}: {error}")


def readers_labels(paths: Sequence[Path], maps: Maps, corpus: Corpus) -> dict[str, Seen]:
    """What a reader gave each line, by the id of the line."""
    by_words = {(item.batch, whole_text(item.utterance)): item.id for item in corpus.items}
    found: dict[str, Seen] = {}
    for path in paths:
        batch = batch_of(path)
        for n, line in enumerate(lines_of(path), start=1):
            id_, _, rest = line.partition("\t")
            labels, _, doubt = rest.partition("\t")
            row = maps.get(batch, {}).get(id_)
            try:
                line_id = id_ if row is None else by_words.get((batch, row_words(row)))
                if line_id is not None:  # else the line was changed or removed since it was read
                    kept = None if labels == DROP else compact_labels(labels, corpus.taxonomy)
                    found[line_id] = Seen(labels=kept, doubt="?" in doubt, row=row)
            except LineError as error:
                corpus.mistakes.append(f"{path}, line {n}: {error}")
    return found


def settle(corpus: Corpus, settled: Mapping[str, Seen]) -> list[Labelled]:
    """The lines with the labels that were settled on, and the tags that follow from them."""
    kept = []
    for item in corpus.items:
        gold = settled[item.id].labels if item.id in settled else item.gold
        if gold is None:
            corpus.removed["undecided"] += 1
        else:
            kept.append(with_shown_tags(replace(item, gold=gold)))
    return kept


def second_readings(
    paths: Sequence[Path], maps: Maps, author: Mapping[str, Labels], corpus: Corpus
) -> Iterator[dict[str, Any]]:
    """One object for each line of the corpus that was read twice."""
    kept = {item.id for item in corpus.items}
    for id_, seen in readers_labels(paths, maps, corpus).items():
        if id_ in kept and seen.labels is not None:
            first = author[id_] if seen.row is None else row_labels(seen.row, corpus.taxonomy)
            yield {"id": id_, "author": labels_json(first), "reader": labels_json(seen.labels), "doubt": seen.doubt}


def kept_readings(
    path: Path, corpus: Corpus, rebuilt: Collection[str], anew: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Earlier readings of lines that are still there, of no batch that is built anew, and not read anew."""
    stay = {item.id for item in corpus.items if item.batch not in rebuilt} - {reading["id"] for reading in anew}
    earlier = map(json.loads, lines_of(path) if path.exists() else ())
    return (reading for reading in earlier if reading["id"] in stay)


def without_doubles(corpus: Corpus, against: Sequence[Mapping[str, Any]]) -> list[Labelled]:
    """Lines that say nothing twice; counts what was removed within a split, across splits, and against others."""
    others = [
        Labelled(id="", utterance=utterance_of(o["text"], o.get("context", ())), gold=(), split="") for o in against
    ]
    ranked = others + sorted(corpus.items, key=lambda item: KEPT_FIRST.index(item.split))
    gone: set[int] = set()
    for first, later in near_pairs(ranked):
        a, b = ranked[first], ranked[later]
        twins = are_twins(a, b) and whole_text(a.utterance) != whole_text(b.utterance)
        if first not in gone and later not in gone and b.split and not twins:
            gone.add(later)
            corpus.removed["other_cases" if not a.split else "within" if a.split == b.split else "across"] += 1
    kept = {item.id for n, item in enumerate(ranked) if n not in gone}
    return [item for item in corpus.items if item.id in kept]


def whole_calls(paths: Sequence[Path], corpus: Corpus) -> Iterator[dict[str, Any]]:
    """The calls that hold what the corpus asks of them; mistakes are noted with file and line."""
    rules = builtin_pack().rules
    seen: set[str] = set()
    for path in paths:
        for n, line in enumerate(lines_of(path), start=1):
            try:
                raw = {**json.loads(line), "batch": batch_of(path)}
                call = call_of(raw, corpus.taxonomy, rules=rules, lengths=SHIPPED_TURNS)
                if call.id in seen:
                    raise LineError(f"the id {call.id} stands twice", "give each call its own")
                seen.add(call.id)
                yield raw
            except (LineError, KeyError, TypeError, ValueError) as error:
                corpus.mistakes.append(f"{path}, line {n}: {error}")


def write(
    out: Path, corpus: Corpus, readings: Sequence[dict[str, Any]], calls: Sequence[dict[str, Any]] | None
) -> None:
    """Files are written beside, read back with all checks, and renamed."""
    batches = {item.batch for item in corpus.items}
    removed = {kind: corpus.removed[kind] for kind in ("within", "across", "other_cases", "undecided")}
    provenance = {"removed": removed, "voices": {b: who for b, who in sorted(corpus.voices.items()) if b in batches}}
    files = {
        UTTERANCES: json_lines([as_json(item) for item in corpus.items]),
        READINGS: json_lines(readings),
        **({} if calls is None else {CALLS: json_lines(calls)}),
        PROVENANCE: json.dumps(provenance, ensure_ascii=False, indent=1) + "\n",
    }
    for name, text in files.items():
        (out / f".{name}").write_text(text, "utf-8")
    load_labelled(corpus.taxonomy, out / f".{UTTERANCES}")
    load_readings(corpus.taxonomy, out / f".{READINGS}")
    for name in files:
        (out / f".{name}").replace(out / name)
    print(f"{len(corpus.items)} lines, {len(readings)} read twice, {len(calls or ())} calls; removed: {removed}")


def json_lines(objects: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(o, ensure_ascii=False) + "\n" for o in objects)


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").split("\n") if line.strip()]


def batch_of(path: Path) -> str:
    return path.name.partition(".")[0]


if __name__ == "__main__":
    main()
