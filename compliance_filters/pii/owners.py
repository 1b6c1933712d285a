"""Whose an identifier is: the client's of the conversation, or somebody else's.

The nearest possessor before it in its sentence decides, else one behind it. 您 as the person spoken to (告诉您)
owns nothing; a person addressed by name at the head of the text (李女士，您好) is the client. Where nobody is
named it is the client's own, which is masked. Where the client's names are known, whoever else is called by a
title or owns it by name is somebody else, whatever the surname.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from compliance_filters.pii.words import words

_ENDS = "。！？!?\n"
_REACH = 60  # characters of a sentence in which a possessor is looked for
_BEHIND = 14  # characters behind an identifier in which its owner may stand
_GREETING = r"[,:!\s]{0,2}(?:[您你]|早上|上午|中午|下午|晚上|新年|节日)?好?[,:!。\s]"
_CLIENT_NUMBER = re.compile(r"客户(?:号|编号)?\s?(?P<id>[A-Za-z]{1,3}[0-9]{2,8})")


@dataclass(frozen=True, kw_only=True)
class Client:
    """The client of the conversation as the firm knows them."""

    id: str | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Owner:
    end: int
    theirs: bool  # somebody else's, not the client's


def is_third_party(view: str, start: int, end: int, client: Client) -> bool:
    """Whether `view[start:end]` is said to belong to somebody else than the client."""
    begin = max((view.rfind(mark, 0, start) for mark in _ENDS), default=-1) + 1
    stop = min((at for mark in _ENDS if (at := view.find(mark, end)) >= 0), default=len(view))
    before = view[max(begin, start - _REACH) : start]
    owners = list(_owners(before, client, _addressee(view)))
    if not owners:
        behind = view[end : min(stop, end + _BEHIND)]
        owners = [o for o in _owners(behind, client, _addressee(view)) if o.theirs][:1]
    if not owners and "您" not in view and "你" not in view:
        owners = list(_owners(_sentence_before(view, begin), client, _addressee(view)))
    return bool(owners) and max(owners, key=lambda owner: owner.end).theirs


def _owners(text: str, client: Client, addressee: str | None) -> Iterator[_Owner]:
    own, theirs, addressed = _patterns()
    for found in theirs.finditer(text):
        mine = _is_client(found, client, addressee)
        yield _Owner(end=found.end(), theirs=not mine)
    for found in _anybody().finditer(text) if any(client.names) else ():
        if not _may_be_client(found["called"] or found["named"], client):
            yield _Owner(end=found.end(), theirs=True)
    for found in own.finditer(text):
        if not addressed.search(text, max(0, found.start() - 6), found.start()) or found.group()[1:2] == "的":
            yield _Owner(end=found.start() + 1, theirs=False)
    for name in client.names:
        at = text.rfind(name) if name else -1
        if at >= 0:
            yield _Owner(end=at + len(name) + 2, theirs=False)
    for found in _CLIENT_NUMBER.finditer(text) if client.id else ():
        yield _Owner(end=found.end(), theirs=found["id"] != client.id)


def _is_client(found: re.Match[str], client: Client, addressee: str | None) -> bool:
    """A titled or plain name may be the client's: 陈先生 for 陈立, or the one greeted at the head."""
    titled, name = found["titled"], found["name"]
    if titled:
        return titled == addressee or any(known.startswith(titled[: len(found["family"])]) for known in client.names)
    return bool(name) and any(known in name or name in known for known in client.names if known)


def _may_be_client(words: str, client: Client) -> bool:
    """Whether some end of the words before a title, or before 的, begins or holds a name of the client."""
    ends = [words[at:] for at in range(len(words))]
    return any(known.startswith(end) or known in words for known in client.names if known for end in ends)


def _addressee(view: str) -> str | None:
    """The person greeted at the head of the text, if the text then speaks to them."""
    found = _greeted().match(view)
    return found["titled"] if found and ("您" in view or "你" in view) else None


def _sentence_before(view: str, begin: int) -> str:
    end = max(begin - 1, 0)
    first = max((view.rfind(mark, 0, end) for mark in _ENDS), default=-1) + 1
    return view[max(first, end - _REACH) : end]


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Own possessors, others' possessors, and what makes 您 the person spoken to."""
    data = words()["owners"]
    family = f"(?:{data['compound_surnames']}|[{data['surnames']}])"
    titled = rf"(?P<titled>(?P<family>{family})[\u4e00-\u9fff]{{0,2}}?(?:{data['titles']}))"
    familiar = rf"[老小阿大]{family}(?=的|他|她|手机|电话|家|[,(:]|\s?$)"
    name = (
        rf"(?<![\u4e00-\u9fff])(?:客户|投资者|股东|持有人|我同事|叫)?(?!{data['no_names']})"
        rf"(?P<name>{family}[\u4e00-\u9fff]{{1,2}}?)(?=的?(?:{data['belongings']})|[,(:]\s?(?:{data['belongings']})|\s{{0,2}}$)"
    )
    called = rf"(?:叫|客户|投资者|联系人)(?!{data['no_names']}){family}[\u4e00-\u9fff]{{1,2}}?(?=[,(的:])"
    # 跟您同一天开户的孙立群: who is held beside the client is another.
    beside = (
        rf"[跟和与同][您你](?:同|一起|一块|一样|认识)[^,。]{{0,10}}的(?!{data['no_names']})"
        rf"{family}[\u4e00-\u9fff]{{1,2}}(?=[,(的:])"
    )
    kin = rf"(?:{data['kin']})(?![\u4e00-\u9fff]{{0,1}}(?:好|圈))"
    theirs = "|".join((titled, name, called, beside, familiar, kin, *data["others"]))
    return re.compile("|".join(data["own"])), re.compile(theirs), re.compile(data["addressed"])


@cache
def _anybody() -> re.Pattern[str]:
    """Anybody by a personal title, or at the head of a clause by name: the surname need not be a known one."""
    data = words()["owners"]
    return re.compile(
        rf"(?P<called>(?!{data['no_names']})[\u4e00-\u9fff]{{0,3}}[\u4e00-\u9fff])(?<!{data['no_one']})(?:{data['personal_titles']})"
        rf"(?=的?(?:{data['belongings']})|[,(:是]|\s|$)"
        rf"|(?<![\u4e00-\u9fff])(?!{data['no_names']}|{data['no_owners']})(?P<named>(?:(?![您你我他她它是在了])[\u4e00-\u9fff]){{2,3}})的(?={data['belongings']})"
    )


@cache
def _greeted() -> re.Pattern[str]:
    data = words()["owners"]
    family = f"(?:{data['compound_surnames']}|[{data['surnames']}])"
    return re.compile(
        rf"\s{{0,3}}(?:尊敬的|亲爱的)?(?P<titled>{family}[\u4e00-\u9fff]{{0,2}}?(?:{data['titles']})){_GREETING}"
    )
