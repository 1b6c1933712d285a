"""Personal identifiers: found by pattern and checksum, judged by whose they are, masked where they may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stdnum import luhn
from stdnum.cn import ric

from compliance_filters.finding import Draft, Finding, Outcome, ReviewContext, Target
from compliance_filters.rules import RulePack
from mandarin.offsets import Edit, Mapped
from mandarin.script import fold_width, strip_invisible

_SPOKEN = dict(zip("零〇幺一二三四五六七八九", "001123456789", strict=True))
_SAID = "[零〇幺一二三四五六七八九]"
_SPOKEN_RUN = re.compile(rf"{_SAID}{{3,19}}(?:[ ,，、]{_SAID}{{3,6}}){{1,4}}|{_SAID}{{6,19}}")
_GAP = r"[ \t\-.·]?"
_NO_MORE = r"(?!\d|\.\d|[份元%万亿美港股倍])"
_ID = re.compile(rf"(?<![\dA-Za-z])\d{{6}}{_GAP}\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{3}}[\dXx](?![\dA-Za-z])")
_OLD_ID = re.compile(r"(?<![\dA-Za-z])\d{15}(?![\dA-Za-z])")
_MOBILE = re.compile(rf"(?<![\d.A-Za-z])(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}{_NO_MORE}")
_CARD = re.compile(
    rf"(?<![\dA-Za-z])\d{{4}}(?:{_GAP}\d{{4}}){{3}}(?:{_GAP}\d{{1,3}})?(?![\dA-Za-z]){_NO_MORE}|(?<![\dA-Za-z])\d{{16,19}}(?![\dA-Za-z]){_NO_MORE}"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}(?![\w-])", re.ASCII)
_ACCOUNT = re.compile(
    r"(?P<what>(?:股东|证券|资金|基金|交易|客户|沪A|深A|信用)(?:账户|账号|账户号码?|卡号?|代码|号)(?:号码|号)?)"
    r"[\s是为:：]{0,3}(?P<number>[A-Fa-f]?\d{8,14}(?!\d))"
)
_SHANGHAI = re.compile(r"(?<![\dA-Za-z])[AE]\d{9}(?![\dA-Za-z])")
_ADDRESS = re.compile(
    r"(?:住在|家住|住址|家庭地址|家庭住址|居住地址|居住地|家在|寄到|送到|上门到)[是为:：于在]{0,3}"
    r"(?P<place>[\u4e00-\u9fff]{0,12}(?:路|街|道|巷|弄|村|小区|花园|苑|大道|胡同|里)[\u4e00-\u9fff]{0,6}[\dA-Za-z一二三四五六七八九十百]{1,5}"
    r"(?:号|弄|栋|幢|座|单元|室|楼)[\u4e00-\u9fff\dA-Za-z\-]{0,14})"
)
_ROLE_MAIL = re.compile(
    r"^(?:service|services|cs|kf|info|support|help|contact|complaint|ir|pr|hr|95\d+|noreply|no-reply)@", re.I
)
_NOT_A_CARD = re.compile(
    r"(?:订单|流水|编号|合同|批次|单号|凭证|备案|登记|统一社会信用代码|协议|工单|录音)[编号码为是:：\s]{0,4}$"
)
_NOT_A_MOBILE = re.compile(
    r"(?:订单|流水|编号|合同|批次|单号|份额|规模|金额|资产|合计|总额)[\u4e00-\u9fff编号码为是:：\s]{0,4}$"
)
_ID_CONTEXT = re.compile(r"身份证|证件|户口")
_CARD_CONTEXT = re.compile(r"卡号|银行卡|账号|储蓄卡|借记卡|信用卡|尾号|户名|开户行|银行账户|卡")
_MASKED = re.compile(r"[*＊×xX•]{3,}")
_REACH = 16  # characters before an identifier in which its kind or owner is named

_OTHERS = re.compile(
    r"(?:他|她|其)(?:的|是|住|家|叫|手机|电话|本人)?|(?:另一|别的|其他|上一|前一|隔壁|某)[位个名]?(?:客户|投资者|同事|顾客)|"
    r"(?:同事|邻居|朋友|亲戚|客户经理|老板|同学|室友)|(?:客户|投资者|股东)[\u4e00-\u9fff]{2,3}(?=的|手机|电话|身份|银行|住)|"
    r"[\u4e00-\u9fff]{1,2}(?:先生|女士|小姐|总|姐|哥|阿姨|叔叔|老师|经理|大爷|太太)|"
    r"(?:爱人|老公|老婆|丈夫|妻子|儿子|女儿|父亲|母亲|爸爸|妈妈)"
)
_OWN = re.compile(r"您|你|本人|贵方|尊敬的客户")


@dataclass(frozen=True, kw_only=True)
class Identifier:
    """One personal identifier; offsets are into the text handed in, `mask` is what may be shown instead."""

    kind: str  # 身份证号 | 手机号 | 银行卡号 | 证券账户 | 邮箱 | 住址
    start: int
    end: int
    value: str
    mask: str


@dataclass(frozen=True, kw_only=True)
class _Hit:
    kind: str
    start: int  # in the plain view
    end: int


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """Whole, unmasked identifiers in order of place, spaced and spoken forms too."""
    source = _plain(text)
    chosen: list[_Hit] = []
    for finder in _FINDERS:
        for hit in finder(source.text):
            if not any(other.start < hit.end and hit.start < other.end for other in chosen):
                chosen.append(hit)
    return tuple(_identifier(text, source, hit) for hit in sorted(chosen, key=lambda h: h.start))


def mask(text: str) -> str:
    """The text with every identifier masked, for display."""
    pieces: list[str] = []
    position = 0
    for item in find_identifiers(text):
        pieces += (text[position : item.start], item.mask)
        position = item.end
    return "".join([*pieces, text[position:]])


class PiiFilter:
    """pii.leak: the client's own identifier is masked (revise), a third party's blocks and is an incident."""

    name = "pii"

    def __init__(self, pack: RulePack) -> None:
        self._rule = pack.rule("pii.leak")

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """A finding an identifier; what a client says of themself is exempt."""
        if draft.target is Target.CLIENT_INPUT:
            return ()
        return tuple(self._finding(draft.text, item, context) for item in find_identifiers(draft.text))

    def _finding(self, text: str, item: Identifier, context: ReviewContext) -> Finding:
        others = is_third_party(text, item, context.client_names)
        reason = self._rule.reason.replace("{what}", item.kind)
        return self._rule.finding(
            text,
            item.start,
            item.end,
            outcome=Outcome.BLOCK if others else Outcome.REVISE,
            reason=f"{reason[:-1]}，且属于他人。" if others else reason,
            suggestion="删去他人的个人信息；此事已作为事件上报。" if others else self._rule.suggestion,
            replacement=None if others else item.mask,
        )


def is_third_party(text: str, item: Identifier, client_names: tuple[str, ...]) -> bool:
    """Whether the words nearest before the identifier, in its sentence, name somebody else."""
    begin = max((text.rfind(mark, 0, item.start) for mark in "。！？!?\n"), default=-1) + 1
    before = text[max(begin, item.start - 3 * _REACH) : item.start]
    own = [m.end() for m in _OWN.finditer(before)]
    own += [m.end() for name in client_names if name for m in re.finditer(re.escape(name), before)]
    family = {name[0] for name in client_names if name}
    theirs = [
        m.end()
        for m in _OTHERS.finditer(before)
        if not (m.group()[-2:] in ("先生", "女士", "小姐") and m.group()[-3:-2] in family)
    ]
    return max(theirs, default=-1) > max(own, default=-1)


def _plain(text: str) -> Mapped:
    """Full width folded, invisible characters gone, spoken digits written as digits."""
    folded = strip_invisible(fold_width(text))
    return folded.edit(
        Edit(start=m.start(), end=m.end(), replacement="".join(_SPOKEN.get(c, "") for c in m.group()))
        for m in _SPOKEN_RUN.finditer(folded.text)
    )


def _digits(text: str) -> str:
    return re.sub(r"[^\dXx]", "", text)


def _near(text: str, start: int, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.search(text[max(0, start - _REACH) : start]))


def _ids(text: str) -> Iterator[_Hit]:
    for found in _ID.finditer(text):
        number = _digits(found.group()).upper()
        if ric.is_valid(number) or (_plausible_birth(number) and _near(text, found.start(), _ID_CONTEXT)):
            yield _Hit(kind="身份证号", start=found.start(), end=found.end())
    for found in _OLD_ID.finditer(text):
        if _near(text, found.start(), _ID_CONTEXT):
            yield _Hit(kind="身份证号", start=found.start(), end=found.end())


def _plausible_birth(number: str) -> bool:
    return number[6:8] in ("19", "20") and "01" <= number[10:12] <= "12" and "01" <= number[12:14] <= "31"


def _mobiles(text: str) -> Iterator[_Hit]:
    for found in _MOBILE.finditer(text):
        if not _near(text, found.start(), _NOT_A_MOBILE):
            yield _Hit(kind="手机号", start=found.start(), end=found.end())


def _cards(text: str) -> Iterator[_Hit]:
    for found in _CARD.finditer(text):
        number = _digits(found.group())
        if _near(text, found.start(), _NOT_A_CARD):
            continue
        known_issuer = number.startswith(("62", "4", "5", "35", "60", "94", "95", "96", "98"))
        if (known_issuer and luhn.is_valid(number)) or _near(text, found.start(), _CARD_CONTEXT):
            yield _Hit(kind="银行卡号", start=found.start(), end=found.end())


def _emails(text: str) -> Iterator[_Hit]:
    for found in _EMAIL.finditer(text):
        if not _ROLE_MAIL.match(found.group()):
            yield _Hit(kind="邮箱", start=found.start(), end=found.end())


def _accounts(text: str) -> Iterator[_Hit]:
    for found in _ACCOUNT.finditer(text):
        yield _Hit(kind="证券账户", start=found.start("number"), end=found.end("number"))
    for found in _SHANGHAI.finditer(text):
        yield _Hit(kind="证券账户", start=found.start(), end=found.end())


def _addresses(text: str) -> Iterator[_Hit]:
    for found in _ADDRESS.finditer(text):
        if not _MASKED.search(found["place"]):
            yield _Hit(kind="住址", start=found.start("place"), end=found.end("place"))


_FINDERS: tuple[Callable[[str], Iterator[_Hit]], ...] = (
    _ids,
    _accounts,
    _mobiles,
    _cards,
    _emails,
    _addresses,
)


def _identifier(text: str, source: Mapped, hit: _Hit) -> Identifier:
    start, end = source.original_span(hit.start, hit.end)
    shown = source.text[hit.start : hit.end]
    value = shown if hit.kind in ("邮箱", "住址") else re.sub(r"[\s\-.·,、]", "", shown)
    return Identifier(kind=hit.kind, start=start, end=end, value=value, mask=_masked(hit.kind, value))


def _masked(kind: str, value: str) -> str:
    if kind == "邮箱":
        name, host = value.split("@", 1)
        return f"{name[0]}***@***.{host.rsplit('.', 1)[-1]}"
    if kind == "住址":
        return value[:2] + "****"
    head, tail = (3, 4) if kind in ("手机号", "身份证号") else (2, 4)
    return value[:head] + "*" * max(4, len(value) - head - tail) + value[-tail:]
