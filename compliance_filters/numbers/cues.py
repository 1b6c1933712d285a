"""Words around a figure that ask for a computation, and those that tell how it is meant: 合计, 相差, 占, 其余, 到手."""

from __future__ import annotations

import re

_UP = (
    "少跌|少亏|放量|跑赢|超过|超出|超越|超额|领先|高|多(?![跌亏])|提高|上升|增加|增长|上行|提升|扩大|上调|增厚|拉升|好于|优于"
    "|加了|加仓|升|净增|增了|超了|走高|拉长|加快|长了|买了"
)
_DOWN = (
    "多跌|多亏|少涨|少赚|缩量|跑输|落后|低于|低|少|下降|减少|回落|下行|收窄|下调|降低|缩小|下滑|降|不及|不如|逊于"
    "|减了|减仓|净减|走低|缩短|缩水|缩减|压缩|放缓|砍了|卖了"
)
DIFFERENCE = re.compile(
    rf"(?P<up>{_UP})|(?P<down>{_DOWN})|相差|差距|差值|差额|之差|差|较|比|变化|变动|利差|[虚实]值|区间"
)
# Between rates only words that compare: 净值增长率 holds a 增长 and asks for no difference.
BETWEEN_RATES = re.compile(
    "跑赢|跑输|超额|第六|后五|(?<!不)超过|超出|超越|(?<!不)高于|高出|(?<!不)低于|领先|落后|相差|差|多|少|利差|提高|下降|上升"
)
GAIN = re.compile("(?P<up>赚|盈利|浮盈|增值)|(?<!盈)亏|赔|损失")
FALLS_BY = re.compile("(?:跌|亏)(?:得|了)?[^，,。；;]{0,8}[多少]$")  # 跌得比基准多: lies below it
FALLS_LESS = frozenset({"少跌", "少亏", "多跌", "多亏"})
OF_A_FALL = re.compile("降幅|跌幅|回撤|亏损")  # which narrows when the figure rises
LEFT = re.compile(
    "其余|剩|余下|另外|余额|结余|盈余|浮盈|浮亏|盈利|亏损|收益|赚|亏|增值|净(?!值|资产|利)|可用于|可投|缺口|还差|还需|扣除|实得|实收|到手|[=＝]"
)
SUM = re.compile(
    "[前后这]?[两二三四五][只者类项]|合起来|加一起|(?:加|凑|放)在?一块|凑起来|拢共|前[三五十]大|合计|及以[上下]|共|总计|总和|之和|加总|相加|加起来|累计|综合|总额|总费|[=＝]"
)
PLUS = re.compile(r"\d[%元份][^，,。；;\d]{0,8}(?:加上?|[+＋])[^，,。；;\d]{0,4}\d")  # 1.20%的管理费加0.20%的托管费
FORMERLY = re.compile("即|倒推|季末|年初|原|此前|之前|期初|前|上[季月年]|上个|去年|变成|变为|达到|增至")
BEFORE = re.compile(
    r"倒推|推算|测算|反推|往回算|此前|之前|原来|原先|当时|上[季月年]度?末|上个?[月季]末|[去上]年同期|即\d{1,2}月|\d{1,2}月末?[为是]|期初|年初|季初|月初|[一二三]季度末"
)  # a move taken back
NET = re.compile("净(?:(?P<came>申购|增加?|流入|转入|买入|投放)|赎回|减少?|流出|转出|卖出|回笼)[^，,。；;]{0,4}$")
HELD = re.compile("合计|总共|市值|余额|规模")  # of a sum that is told, not supposed
ENDED = re.compile("期末|[年季月]末|照此|应为|现在|(?:增加|减少|升|降|减|涨)到|目前|变为|变成|达到|[升增降减]至")
THEN = re.compile("现在?约?为|现约|升至|降至|调至|达到|变为|之后为|后约?为")
OF_BENCHMARK = re.compile("跑赢|跑输|基准|超额|不及|战胜|落后|领先")
ORDERED = re.compile("前者|后者")
A_MONTH = re.compile("月利率|月息|每月|月化")  # of a rate a year
WEIGHTED = re.compile("权重|加权|按.{0,4}比例")
BALANCE = re.compile("期末|余额|结余|损益|盈亏")
SHARE = re.compile(
    "占|比例|比重|权重|加权|倍|份额|分之|相当于|折合|约为|收益率|派息率|分红率|股息率|净利率|利润率|负债率|胜率|翻|前|[=＝]"
)
AMONG = re.compile("里|中|内")  # 信用债里八成: of two rates
GROWN_BY = re.compile("便宜|贵|省[了下]|打了|[升贬]值|涨|增长|增加|跌|下降|减少|缩水|缩减|[降升少多增减]了")
PART = re.compile("占|比重|权重|份额|分之")  # of which nothing is more than the whole
GROWTH = re.compile(
    "增长|增幅|增速|增加|下降|降幅|同比|环比|(?<!比)较|涨|跌|减少|上升|缩水|缩减|扩大|回落|下滑|滑落|回升|反弹|上行|下行|盈|亏|收益|回撤"
    "|折|回本|回到|空间|还差|[转卖赎]掉|溢价|折价|[降升少多增减]了|便宜|贵|省[了下]|[升贬]值"
)
# 1.1576的三次方根, (1+33.10%)的三分之一次方
ROOT = re.compile("的?(?:(?P<n>[二三四五六七八九十两]|\\d{1,2})次方根|(?P<m>[二三四五六七八九十两])分之一次方)")
MULTIPLIED = re.compile("翻了|[多增]了|增[加长]了|扩大了")
YEARLY = re.compile("年化|年均|平均每年")
COMPOUND = re.compile("加起来|累计|合计|一共|总共|连续|[两三四五]年")
AVERAGE = re.compile("平均|均值|[年月日户人]均")
EACH = re.compile(f"{AVERAGE.pattern}|每|各")
RECOVERS = re.compile("回本|回到|回来|涨回|扳回")
REST = re.compile("其余|剩余|余下|另外|剩下|其他|个人|散户")
LESS = re.compile("差|多|少|省|便宜|贵|高|低")
APART = re.compile("差|省|便宜|贵")
AFTER = re.compile("到手|到账|净|市值|剩|余|扣|本息|变|回到|合|共|实际|只有|还有|申购|认购|费|[=＝]")
GROWN = re.compile("剩|变成|变为|增长到|增值到|滚到|本息|终值|复利")
COMPUTED = re.compile(
    "(?:收取?|计收|计提)[，,]?[为是合]|折|[，,；;]合约?,|进账|入账|派|红利|分红|费|[利票]息|本息|本金|即|就是|相当|折合|合计|共|累计|[=＝]"
)
PAID = re.compile(
    rf"{COMPUTED.pattern}|分[到得]|收益|盈|亏|赚|赔|损|跌|涨|少|多|差|省|约|计|到手|到账|净(?!值|资产|利)|剩|余|扣|变|实际"
    "|市值|得|大概|大约|差不多|准备|还需|需要|付|缴|每|平均"
)
SINCE = re.compile("成立|运作|运营|至今|历时|任职|管理|存续")
# Words behind which a number need not be one that stands there already.
COMPUTES = re.compile(f"{LEFT.pattern}|{SUM.pattern}|差|多|少")
APART_COLUMN = re.compile("差额|超额|差值|差异|增减|变动")
SINCE_THEN = re.compile("[较比](?:上|去|前一|年初|期初|季初|月初|此前|之前|[一二三四]季)")
# 比后两项之和多: of those named last or first, or of all others.
AGAINST_SUM = re.compile(
    r"[较比于][^，,。；;\d]{0,6}(?P<n>[两二三四五])[项者只个家大类笔][^，,。；;\d]{0,4}(?:之和|合计|总和|相加|加起来|加总)"
)
# By how much of itself one is more or less than another: 比前一周的2,210亿元少一成.
MORE_OR_LESS = re.compile("(?:(?<!占)比(?![例重率较])|(?<!比)较)[^，。；;]{1,24}?(?:(?P<less>[少低])|[多高])出?了?约?$")
IMPACT = re.compile("影响|贡献|拖累|拉动|换算到|换算成占|折算到|折合到|折到|摊到|穿透")  # of a part, by its weight
RELATIVE = re.compile("按比例|相对(?:幅度|变化|于)|比例上")
CHANGED = re.compile("(?:(?P<fell>[降少减]|便宜|省|[转卖赎](?=掉))|[升多增贵])(?:掉?了|掉)[^，,。；;]{0,3}$")
# Shares told side by side make 100% in all.
OF_A_WHOLE = re.compile("(?P<name>[\u4e00-\u9fff]{2,6}?)类?占(?:比|到|了|全部|总资产|总市值)?[为约]{0,2}$")
# 前三个行业占: so many of a list.
FIRST_OF = re.compile("前(?P<n>[二两三四五六七八九十]|\\d{1,2})(?:大|个|名|只|家|项|类)[\u4e00-\u9fff]{0,6}$")
ADDED = re.compile(
    r"(?P<terms>[\u4e00-\u9fff]{2,8}(?:[、和与及加跟][\u4e00-\u9fff]{2,8}){1,3}?)(?:两[者类项]|三[者类项])?(?:(?:合计|一共|合起来|加起来|相加|加总|共计?|合)[占为约是]{1,2}|(?:合起来|加起来|相加|加总))$"
)
AND = re.compile("[、和与及加跟]")
TOGETHER = re.compile("合占|合共|一共占|共占|两者占|三者占")
AGAINST = re.compile("比|较|相比|对比|相较|于")  # two held against each other
