"""Share classes that a question names: by a letter behind the fund, apart from it, or by a currency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from knowledge_base.products import KnownName, ProductMatch

_LETTER = r"[A-Z](?:类|份额|级)?"
FOLLOWING_CLASS = re.compile(
    rf"^\s*(?:的(?![A-Z]股))?({_LETTER}(?:\s*[、和与及跟加+/]?\s*{_LETTER})*)(?![A-Za-z])(?:(?!\d)|(?=\d{{2}}(?:\d\d)?年))"
)
FOLLOWING_KIND = re.compile(r"\s*(?:ETF联接|ETF|FOF|LOF|QDII|REITs?)(?:基金)?", re.IGNORECASE)
NAMED_CLASS = re.compile(r"(?<![A-Za-z])([A-Z])(?:类|份额|级|(?:(?<=^[A-Z])|(?<=^那[A-Z]))(?=[的呢]))(?!债|信用|评级)")
CLASSES_TOGETHER = re.compile(r"(?<![A-Za-z])([A-Z]{2,4})(?=[两二三四]类|[两二三四]个?份额)")  # AC两类
CURRENCY_CLASS = re.compile(r"(美元|港币|港元|欧元)(?:现汇|现钞)?(?=份额|类)")


def names_class(one: KnownName) -> bool:
    """Whether a name is that of a share class: the class with the fund's own code has the fund's names, too."""
    return bool(one.share_class) and one.name.endswith(one.share_class or "")


def of_class(text: str, match: ProductMatch, main_code: str, names: Sequence[KnownName]) -> ProductMatch:
    """The match narrowed to the share classes whose letters follow in the text: C, C类, A和C."""
    kind = FOLLOWING_KIND.match(text, match.end)
    match = replace(match, end=kind.end()) if kind else match
    following = FOLLOWING_CLASS.match(text[match.end :])
    if following is None:
        return match
    classes = _classes(names, main_code)
    chosen = [classes[letter] for letter in re.findall("[A-Z]", following[1]) if letter in classes]
    if not chosen:
        return match
    name = chosen[0].name if len(chosen) == 1 else match.name
    codes = tuple(dict.fromkeys(one.code for one in chosen))
    return replace(match, codes=codes, name=name, end=match.end + following.end())


def with_class(
    rest: str, plain: list[ProductMatch], names: Sequence[KnownName]
) -> tuple[list[ProductMatch], tuple[str, ...]]:
    """A class named apart from its fund (四季度末A份额) narrows a single fund; letters that no fund has are told.

    `rest` is the question with the products `plain` blank.
    """
    letters, together = tuple(dict.fromkeys(NAMED_CLASS.findall(rest))), CLASSES_TOGETHER.search(rest)
    currency = CURRENCY_CLASS.search(rest)
    if not (letters or together or currency) or len(plain) != 1 or plain[0].is_share:
        return plain, () if plain else letters
    main = next(one.main_code for one in names if one.code == plain[0].codes[0])
    classes = _classes(names, main)
    if together and not letters:  # what are no classes of the fund are some other letters: ABS
        letters = tuple(together[1]) if set(together[1]) <= classes.keys() else ()
    chosen = [classes[letter].code for letter in letters if letter in classes]
    if chosen and (len(plain[0].codes) > 1 or len(classes) == len(plain[0].codes)):
        plain = [replace(plain[0], codes=tuple(chosen), name=_name_of(names, chosen, plain[0].name))]
    own = set(classes) or {"A"}  # what has no classes is asked for as its class A
    return plain, (*(letter for letter in letters if letter not in own), *_other_currency(rest, main, names))


def _other_currency(text: str, main_code: str, names: Sequence[KnownName]) -> Iterator[str]:
    """Currencies of share classes that no name of the fund has: 港币份额."""
    for found in CURRENCY_CLASS.finditer(text):
        if not any(found[1] in one.name for one in names if one.main_code == main_code):
            yield found[1]


def _name_of(names: Sequence[KnownName], codes: Sequence[str], otherwise: str) -> str:
    own = (one.name for one in names if len(codes) == 1 and one.code == codes[0] and names_class(one))
    return next(own, otherwise)


def _classes(names: Iterable[KnownName], main_code: str) -> dict[str, KnownName]:
    """Share classes of a fund by letter."""
    return {
        one.share_class: one for one in names if one.main_code == main_code and one.share_class and names_class(one)
    }
