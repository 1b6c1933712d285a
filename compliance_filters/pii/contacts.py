"""Mail addresses, telephones at home and messenger ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance_filters.pii.hit import Hit

_SIGN = re.compile(r"\s?[(\[{]\s?at\s?[)\]}]\s?|@|艾特", re.I)
_NAME_BACKWARDS = re.compile(r"[\w.+-]{1,64}(?![\w.+*-])", re.ASCII)  # the part before the sign, read from its end
_HOST = re.compile(
    r"[A-Za-z0-9-]{1,63}(?:(?:\.|点|\s?[(\[]dot[)\]]\s?)[A-Za-z0-9-]{1,63}){1,4}(?![\w-])", re.ASCII | re.I
)
_NAME_REACH = 65  # characters before the sign of a mail address
_ROLE_MAIL = re.compile(
    r"^(?:service|services|customer|custody|manager|cs|kf|kefu|info|support|help|contact|complaint|tousu|jubao|ir|pr|hr|admin|office|95\d+"
    r"|no-?reply|notice|compliance|webmaster)[\w.-]{0,12}@",
    re.I,
)
_LANDLINE = re.compile(r"(?<![0-9])\(?0[1-9][0-9]{1,2}\)?[ \-]{0,2}[2-9][0-9]{2,3}[ \-]?[0-9]{4}(?![0-9])")
_AT_HOME = re.compile(r"家里|家中|家庭|住宅|宅电|[他她您你]家|家(?:里|中)?的?(?:电话|座机)")
_AT_WORK = re.compile(r"公司|单位|办公|营业部|总机|客服|热线|协会|总部")
_MESSENGER = re.compile(
    r"(?:微信(?!公众)(?:号码?|ID|id|账号)?|(?<![A-Za-z])(?:wechat|WeChat|vx|VX|QQ)号?)[是为:\s的]{0,4}"
    r"(?P<name>[A-Za-z][\w-]{5,19}|(?<=QQ)[1-9]\d{4,10}|(?<=QQ[号:是])[1-9]\d{4,10})(?![\w@])",
    re.ASCII,
)
_MESSENGERS = ("微信", "QQ", "wechat", "WeChat", "vx", "VX")
_REACH = 14  # characters before a telephone in which it is said to stand at home
_SOMEBODYS = re.compile(r"[您你他她]|先生|女士|小姐|[总姐哥]|阿姨|客户|老师")


def emails(view: str) -> Iterator[Hit]:
    """Mail addresses of persons, `(at)` for the sign too; boxes of an office are left out."""
    for sign in _SIGN.finditer(view):
        name = _NAME_BACKWARDS.match(view[max(0, sign.start() - _NAME_REACH) : sign.start()][::-1])
        host = _HOST.match(view, sign.end()) if name else None
        if name and host and not _ROLE_MAIL.match(f"{name.group()[::-1]}@"):
            yield Hit(kind="邮箱", start=sign.start() - name.end(), end=host.end())


def landlines(view: str) -> Iterator[Hit]:
    """A telephone with area code that is said to stand in somebody's home."""
    for found in _LANDLINE.finditer(view) if "家" in view or "宅" in view else ():
        before = view[max(0, found.start() - _REACH) : found.start()]
        if _AT_HOME.search(before) and not _AT_WORK.search(before):
            yield Hit(kind="电话号码", start=found.start(), end=found.end())


def messengers(view: str) -> Iterator[Hit]:
    """Somebody's messenger id; one that no person is named for may be the firm's."""
    for found in _MESSENGER.finditer(view) if any(word in view for word in _MESSENGERS) else ():
        if _SOMEBODYS.search(view, max(0, found.start() - _REACH), found.start()):
            yield Hit(kind="微信号", start=found.start("name"), end=found.end("name"))
