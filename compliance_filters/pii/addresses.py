"""Home addresses: a street or estate with a house number, said or shaped to be where somebody lives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance_filters.pii.hit import Hit

_NUM = r"(?:[0-9零〇一二三四五六七八九十百]{1,5}|[甲乙丙丁A-Za-z])"
_UNIT = r"(?:期|号院|号楼|号|栋|幢|座|单元|室|弄|组|社|队|户|层|楼|门|房|院|排)"
_DOOR = r"[0-9]{1,4}(?:[\-#][0-9]{1,4}){1,3}"
_PART = rf"(?:{_NUM}{_UNIT}|{_DOOR}(?![0-9.年月日元%]))"
# A street or estate, up to a house number: the place where an address is recognised.
_CORE = re.compile(
    rf"(?:大道|[路街巷弄里村屯庄区园苑寓城湾府邨坊庭居院舍镇乡]|胡同|宿舍)[东南西北中]?[段口]?\s{{0,3}}"
    rf"(?:[\u4e00-\u9fff]{{1,6}}?(?:小区|花园|苑|公寓|家园|村|园|[路街巷弄])\s{{0,3}})?{_PART}"
)
# A building with a door in it needs no street: 滨江一品3栋1801.
_DOOR_IN_BUILDING = re.compile(
    rf"{_NUM}(?:栋|幢|单元|号楼|座)\s{{0,2}}(?:{_NUM}(?:单元|楼|层|梯|门)\s{{0,2}})?[0-9零一二三四五六七八九]{{3,4}}(?:室|号|户)?(?![0-9.年元%份])"
)
_TAIL = re.compile(
    rf"(?:[\s,\-]{{0,3}}附?(?:[\u4e00-\u9fff]{{2,8}}?(?:小区|花园|苑|公寓|家园|宿舍))?{_PART}){{0,6}}"
    r"(?:[\s\-]{0,3}[0-9]{3,5}(?![0-9.年月日元%份]|,[0-9]{3}))?"
)
_HEAD_REACH = 36  # characters of province, city and district before a street
_HEAD = re.compile(r"[\u4e00-\u9fff0-9A-Za-z \-]{0,36}$")
# Words after which an address begins.
_LEAD = re.compile(
    r"寄往|寄到|寄至|寄送至|寄给|送到|送至|送往|住在|家住|住于|居住|住址|地址|所在地|户籍|上门到|搬到|搬至|位于|家在|"
    r"您?(?:是|为|在|到|至|往|住|于|按)|登记|更新|留的|资料|收件人|[您你他她的寄]|家里|先生|女士|小姐|客户|投资者"
)
_HOME = re.compile(
    r"住在|家住|住址|家庭|居住|家在|户籍|老家|[您你他她家]住|寄往|寄到|寄至|寄送|寄出|邮寄|快递|送到|送至|送往|上门|收件|收货"
    r"|(?:女士|先生|小姐|总|阿姨)住"
)
_CONTACT = re.compile(
    r"(?:联系|通讯|通信|登记|预留|客户|原|新)地址|(?<![司所构关行会])[您你他她的家]地址|地址[是为:]{0,2}$"
)
_DWELLING = re.compile(
    r"小区|花园|苑|公寓|家园|新村|宿舍|单元|(?:栋|幢|号楼)[0-9零一二三四五六七八九]{3,4}|[0-9一二三四五六七八九十]栋|幢|号院|弄|组[0-9一二三四五六七八九十]{1,4}号|村.{0,6}号|-[0-9]{1,2}-[0-9]{3,4}"
)
_OFFICE = re.compile(
    r"营业部|公司|总部|分部|支行|银行|网点|柜台|办公|注册地|地点|会场|讲座|路演|酒店|管理人|协会|交易所|法院|学校|医院|门店|写字楼"
    r"|大厦|中心|广场|事务所|企业|经营|注册资本|代表人|有限|合伙|股份|托管|发行人|金融街|窗口|会议室|展馆|机构|单位"
)
_DATE_BEFORE = re.compile(r"[月日第]\s?$")
_REACH = 24  # characters before an address in which it is said whose house it is
_MASK = re.compile(r"\s?[*＊×●•]{2}")


def addresses(view: str) -> Iterator[Hit]:
    """Whole addresses of dwellings; those of offices, counters and halls are innocent."""
    position = 0
    for core in sorted((*_CORE.finditer(view), *_DOOR_IN_BUILDING.finditer(view)), key=lambda found: found.start()):
        if core.start() < position:
            continue
        end = _TAIL.match(view, core.end()).end()  # type: ignore[union-attr]  # it matches the empty string
        start = max(position, _begin(view, core.start()))
        position = end
        if _is_home(view, start, end):
            yield Hit(kind="住址", start=start, end=end)


def _begin(view: str, core: int) -> int:
    """Where the address begins: after the last word that leads to one, or the last mark."""
    head = _HEAD.search(view, max(0, core - _HEAD_REACH), core)
    assert head is not None  # it matches the empty string
    # A word may reach into what was taken for a street: 家里 ends with 里.
    leads = _LEAD.finditer(view, head.start(), min(len(view), core + 3))
    begin = max((found.end() for found in leads), default=head.start())
    while view[begin : begin + 1] in (" ", "-"):
        begin += 1
    return begin


def _is_home(view: str, start: int, end: int) -> bool:
    place, before = view[start:end], view[max(0, start - _REACH) : start]
    before = re.split(r"[。!?\n;]", before)[-1]
    if _MASK.match(view, end):
        return False
    if _HOME.search(before):
        return not (_OFFICE.search(before[-10:]) or _OFFICE.match(view, end))  # 寄到…12号三楼营业部柜台
    if _OFFICE.search(before) or _OFFICE.search(view, start, min(len(view), end + 10)):
        return False
    return bool(_DWELLING.search(place) or _CONTACT.search(before))
