"""Phrase rules with clause logic: the hard cases, many voices of each kind, evasions, places and speed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance_filters.context import context_from_meta
from compliance_filters.finding import Draft, Filter, Finding, Outcome, Target

HARD_VIOLATING = [
    "并非空话，这只保本",
    "不得不说，这只产品稳赚",
    "别人不保本，我们保本",
    "过往业绩不构成承诺，但我个人保证收益",
    "不会不赚的",
    "保*本*保*息",
    "保 本 保 息",
    "保證本金不虧",
    "ｂａｏ本",
    "哪有不赚的道理",
    "谁说不能保本",
]
HARD_COMPLIANT = [
    "本产品不保本，也不承诺最低收益",
    "任何人承诺保本保收益都是违规的，请举报",
    "您刚才问是否保本，答案是否定的",
    "最大回撤12.3%，出现在2022年4月",
    "第一季度规模增长",
    "该基金为中低风险（R2）产品",
]
VIOLATING = [
    "保本保息，随存随取",
    "这款稳赚不赔的产品您要不要来点？",
    "亏是不可能亏的，您放心",
    "保证您年底有8%",
    "年化8%，写进合同的，保证兑付",
    "咱家这个产品跟存银行一样安全",
    "要说不保本那是别家，我家保本",
    "不是我吹，这只绝对赚",
    "我敢打包票，三个月回本",
    "我从来不乱讲，但这个真保本",
    "虽说监管不让承诺收益，但我可以给您保底",
    "这不就是保本吗",
    "买它就对了，稳赚",
    "没有比它更稳赚的了",
    "合同里没写，但实际上保本",
    "虽然不能明说，收益是有保障的",
    "您刚才问是否保本，答案是肯定的",
    "难道您还怕亏钱？不可能亏的",
    "包ben包息",
    "保、本、保、息",
    "保本，懂的都懂",
    "闭着眼睛买都赚钱",
    "这只基金只涨不跌",
    "不用担心本金，百分百拿得回来",
    "本金一分钱都不会少",
    "每个月固定给您返1%的利息",
    "赚了归您，亏了归我",
    "如果亏损，差额部分我来补",
    "您放心，亏多少我赔多少",
    "预计年化收益6%到8%",
    "今年拿到20%的收益没问题",
    "目标年化12%",
    "到年底能涨到2块",
    "明年翻一番不成问题",
    "下周肯定大涨",
    "反弹已成定局，必涨无疑",
    "这个位置只会涨不会跌",
    "中国最好的债券基金经理",
    "全市场排名第一的基金",
    "业绩一骑绝尘，行业顶尖",
    "零风险，随时赎回",
    "高收益低门槛，快来",
    "收益高、风险低，老少皆宜",
    "最后三个名额，先到先得",
    "今晚不下单明天就涨价了",
    "机会不等人，赶紧上车",
    "我同学在这家公司当高管，说下个月有大动作，先埋伏",
    "我有内线",
    "主力资金明天拉升，跟上",
    "据传要降息",
    "圈内朋友透露要重组",
    "某券商的投顾就知道割韭菜",
    "我有个客户张阿姨买了这个，半年赚了20万",
    "私募产品，朋友圈可转发，人人可买",
    "把您的交易密码发给我，我替您下单",
    "咱们三七分成",
    "钱先打到我私人账户",
    "可以帮您找人加三倍杠杆",
    "您可以借亲戚的账户来打新",
    "开户就送京东卡",
    "佣金返您一半",
    "您要销户的话我们不给办",
    "要转走可以，先把这只基金买了再说",
    "我是听朋友说的，这票要起飞",
    "年底前必定突破四千点",
    "咱们这只产品历史上从没亏过，以后也不会亏",
    "你就放一百二十个心，本金动不了",
    "六个点打底，上不封顶",
    "您就当存定期，利息还高",
    "亏不着您",
    "只要拿得住，没有不赚钱的",
    "哪会让您亏钱",
    "铁定不会让您吃亏",
    "这波行情稳了，闭眼冲",
    "绝对收益产品，年年正收益，从不亏损",
]
COMPLIANT = [
    "绝对收益策略以获取正回报为目标，但不保证盈利",
    "您好，您持有的云岭稳健债券今天净值是1.0234元",
    "基金经理在季报中表示，未来将继续关注高端制造板块",
    "建议您先完成风险测评，再看适合的产品",
    "这只基金的最大回撤是12.3%，发生在2022年4月",
    "本基金属于R3中风险产品，适合C3及以上的投资者",
    "投资有风险，过往业绩不代表未来",
    "我不能向您承诺收益",
    "您说的保本理财现在已经没有了",
    "我理解您想要保本，但这只产品是净值型的",
    "保本基金早在2017年以后就陆续转型了",
    "公司严禁员工承诺保本保收益",
    "本金可能遭受损失",
    "若市场下跌，净值可能回落",
    "没有人能保证收益",
    "如果有人向您推荐稳赚不赔的项目，请务必警惕",
    "所谓“内幕消息”大多是骗局",
    "请不要把密码告诉任何人",
    "我们无权代您操作",
    "融资融券业务请到营业部办理",
    "分配资产时请留足备用金",
    "第一大重仓股为远山科技，占比8.1%",
    "最近一年同类排名23/180",
    "赎回款一般三个工作日到账",
    "封闭期内不能赎回，到期后可办理",
    "销户请携带身份证到营业部，我们会尽快为您办理",
    "买入前请仔细阅读基金合同和招募说明书",
    "申购费率为1.5%，打一折",
    "您可以定投，也可以一次性买入，但都有亏损的可能",
    "市场一定程度上反映了预期",
    "一定要看清楚条款",
    "保证金比例不低于100%",
    "公司保证信息披露真实、准确、完整",
    "基金管理人承诺以诚实信用、勤勉尽责的原则管理和运用基金财产",
    "该股必须在公告后才可以买入",
    "固定收益部的同事会联系您",
    "无风险利率取一年期国债收益率",
    "夏普比率为0.85",
    "高收益债的信用风险较高",
    "这类产品的风险比存款高，不能当存款看",
    "您最好和家人商量一下",
    "最新一期净值为1.2345",
    "最后一个交易日为12月31日",
    "请在6月30日之前完成续签，逾期将无法交易",
    "名额以公告为准",
    "我司不提供配资",
    "某某基金2024年四季报显示，期末股票仓位为85.3%",
    "报告期内基金份额净值增长率为3.21%，同期业绩比较基准收益率为2.88%",
    "本基金的业绩比较基准为沪深300指数收益率×80%+中债综合指数收益率×20%",
    "您不要听信小道消息，以公司公告为准",
    "我们不评价其他机构的产品",
    "客户有亏损风险，应当自行承担",
    "投资者自行承担投资风险",
    "如遇到自称我司员工要求转账到个人账户的，请立即报警",
    "您可以对比同类产品的费率",
    "债券基金也会亏损，2022年11月就出现过回撤",
    "我们不能预测明年的收益",
    "不存在只涨不跌的资产",
    "别指望翻倍",
    "定投不等于保本，长期看也可能亏损",
    "这个产品到底保不保本？不保本",
    "您担心亏损很正常，我们可以降低权益仓位",
    "市场短期会不会反弹，谁也说不准",
    "基金经理的任期回报为45%，同期基准30%",
    "没有只赚不赔的投资",
    "建议分散投资，不要把鸡蛋放在一个篮子里",
    "本产品风险等级为R2，较低风险",
    "历史上最大单日跌幅为3.2%",
    "该公司预计2025年营收增长20%（公司公告，2025年3月）",
    "大家好，今天的晨会纪要如下",
    "请您登录APP自行操作",
    "我已经帮您预约了风险测评",
    "您咨询的私募产品需要合格投资者认证",
    "我马上帮您查询赎回进度",
    "如果您急需用钱，可以先赎回货币基金",
    "监管要求我们不得以任何方式承诺收益或者承担损失",
    "理财非存款，产品有风险",
    "净值型产品不再有预期收益率的说法",
    "您的收益情况：累计盈利3200元",
    "这只基金去年亏了8%",
    "去年赚了钱的客户并不多",
    "公司不会要求客户把钱转到个人账户",
]


@pytest.mark.parametrize("text", HARD_VIOLATING)
def test_hard_violating(text: str, judge: Callable[..., list[Finding]]) -> None:
    assert "promise.return" in [f.rule for f in judge(text) if f.outcome is Outcome.BLOCK]


@pytest.mark.parametrize("text", HARD_COMPLIANT)
def test_hard_compliant(text: str, judge: Callable[..., list[Finding]]) -> None:
    assert not judge(text)


@pytest.mark.parametrize("text", VIOLATING)
def test_violating_voices(text: str, stopped: Callable[..., list[str]]) -> None:
    assert stopped(text)


@pytest.mark.parametrize("text", COMPLIANT)
def test_ordinary_and_teaching_texts_pass(text: str, stopped: Callable[..., list[str]]) -> None:
    assert not stopped(text)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("您好，保*本*产品", "保*本"),
        ("這隻產品穩賺不賠", "穩賺不賠"),
        ("放心，ｂａｏ本的", "ｂａｏ本"),
        ("放心，包本的", "包本"),
        ("保\u200b本的产品", "保\u200b本"),
    ],
)
def test_the_place_is_in_the_text_handed_in(text: str, quote: str, judge: Callable[..., list[Finding]]) -> None:
    found = next(f for f in judge(text) if f.rule == "promise.return")
    assert found.quote == quote
    assert text[found.start : found.end] == quote


def test_clauses_decide_and_not_distance(stopped: Callable[..., list[str]]) -> None:
    assert not stopped("我们公司的任何一位同事在任何时候、以任何方式都不会向您承诺保本")
    assert stopped("不说了，保本")


def test_a_list_under_a_forbidding_heading_is_teaching(stopped: Callable[..., list[str]]) -> None:
    assert not stopped("严禁使用以下话术：\n1. 保本保息\n2. 稳赚不赔\n3. 明天必涨")
    assert stopped("产品亮点：\n1. 保本保息\n2. 稳赚不赔")


def test_client_input_is_judged_for_injection_only(judge: Callable[..., list[Finding]]) -> None:
    assert not judge("这个保本吗？我手机13800138000，听说稳赚不赔", "client_input")


def test_product_names_of_the_context_are_innocent(stopped: Callable[..., list[str]]) -> None:
    product = {"code": "990011", "name": "听松稳赚混合", "risk_level": "R3"}
    assert not stopped("听松稳赚混合的托管费率是0.1%", products=[product])
    assert stopped("听松稳赚混合稳赚不赔", products=[product])


def test_confidential_rules_give_no_hint(judge: Callable[..., list[Finding]]) -> None:
    texts = ["我有内幕消息", "账户密码给我，我帮您做", "可以给您配资十倍", "亏了算我的"]
    found = [f for text in texts for f in judge(text) if f.outcome is Outcome.BLOCK]
    assert {f.rule for f in found} == {
        "insider.information",
        "conduct.proxy_trading",
        "conduct.offsite_leverage",
        "promise.loss_share",
    }
    assert all(f.suggestion is None for f in found)


@pytest.mark.parametrize(
    "unit",
    ["保", "不", "保本", "“", "(", "没有不", "会涨，", "预计今年", "\u202e", "\ud800", "1", "保证" * 20],
)
@pytest.mark.timeout(120)  # what grew with the square of the length would take far longer
def test_hostile_repetition_takes_bounded_time(unit: str, filters: tuple[Filter, ...]) -> None:
    """Pathological repetition: 10,000 characters in bounded time through every filter."""
    text = (unit * 10_000)[:10_000]
    context = context_from_meta({})
    for each in filters:
        found = each.find(Draft(text=text, target=Target.ANSWER), context)
        assert all(0 <= finding.start <= finding.end <= len(text) for finding in found)
