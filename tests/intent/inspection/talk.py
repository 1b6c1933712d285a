"""Short calls for the tests of the inspection."""

from __future__ import annotations

from intent.call import Speaker, SpeechFinding, Transcript, Turn

ROLES = {"a": Speaker.ADVISOR, "c": Speaker.CLIENT, "?": Speaker.UNKNOWN}


def talk(*said: str, roles_from: str = "metadata", every_s: float = 5.0, lasts_s: float = 4.0) -> Transcript:
    """Turns written as `a:text`, `c:text`, `?:text`; each starts `every_s` after the last and lasts `lasts_s`."""
    turns = tuple(
        Turn(index=n, speaker=ROLES[line[0]], text=line[2:], start_s=every_s * n, end_s=every_s * n + lasts_s)
        for n, line in enumerate(said)
    )
    return Transcript(turns=turns, duration_s=every_s * len(turns), roles_from=roles_from)


def timed(*said: tuple[str, float, float], roles_from: str = "metadata") -> Transcript:
    """Turns with their seconds: (`a:text`, start, end)."""
    turns = tuple(
        Turn(index=n, speaker=ROLES[line[0]], text=line[2:], start_s=start, end_s=end)
        for n, (line, start, end) in enumerate(said)
    )
    return Transcript(turns=turns, duration_s=max((t.end_s for t in turns), default=0.0), roles_from=roles_from)


def broke(turn: int, rule: str, quote: str = "", *, severity: str = "high") -> SpeechFinding:
    """A rule that the advisor broke."""
    return SpeechFinding(turn=turn, rule=rule, quote=quote, disposition="register", severity=severity)


CALL_BACK = (
    "a:您好，这里是远山证券客户服务中心的回访专员，本次通话录音。",
    "c:你好。",
    "a:请问您是陈女士本人吗？跟您核实一下身份。",
    "c:是的，我是本人。",
    "a:您购买的远山稳健债券基金，是不是您本人签字认购的？",
    "c:对，我自己买的。",
    "a:这次购买是不是出于您自愿？",
    "c:是，我自愿的。",
    "a:合同和风险揭示书您阅读过了吗？",
    "c:看过了，清楚。",
    "a:您的风险等级是C3，产品是R3，两者匹配，您知道吗？",
    "c:知道。",
    "a:申购费和管理费的费率您了解吗？",
    "c:了解。",
    "a:这个产品可能亏损本金，您清楚吗？",
    "c:清楚。",
    "a:封闭期一年，到期才能赎回，您知道吗？",
    "c:知道的。",
    "a:有没有人向您承诺过收益或者保本？",
    "c:没有。",
    "a:好的，感谢您，再见。",
)


def call_back(**changed: str) -> Transcript:
    """A sound call-back; `t15="嗯"` changes what is said in turn 15."""
    said = list(CALL_BACK)
    for name, text in changed.items():
        said[int(name[1:])] = f"{said[int(name[1:])][:2]}{text}"
    return talk(*said)
