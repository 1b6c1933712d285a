"""Who stands behind a claim: conjuncts, disputes, retractions, dialogues, inability."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance_filters.context import context_from_meta
from compliance_filters.finding import Draft, Target
from compliance_filters.phrases import PhraseFilter
from compliance_filters.rules.pack import RulePack
from compliance_filters.rules.trace import PhraseTracer

TAKEN_UP_AGAIN = [
    "监管不让讲保本，可这款实际上就是保的。",
    "公司不许代客理财，我悄悄帮您进两笔。",
    "谁告诉您它不保本？我手上这只就保。",
    "您要说它不能保本，那我可不同意。",
    "合同说不承诺收益，但四个点是有的。",
    "预期收益率不许印，您就按六个点来算。",
    "风险揭示书写着可能损失本金，那是走个形式，直接点确认。",
    "问：这个保本吗？\n答：当然，保的。",
    "以前没亏过也不会亏。",
    "您担心波动？没有的事，这只稳赚不赔。",
    "甭担心，这只保本。",
    "谁敢说它不保本？这只就保。",
]
NOT_TAKEN_UP = [
    "监管不让讲保本，这款也不是保的。",
    "公司不许代客理财，也没有谁会悄悄帮您进两笔。",
    "要说这只稳赚，我头一个反对。",
    "不敢说稳赚，但波动是有的。",
    "不保本、不保息、不刚兑。",
    "既不保本也不保息，更不承诺收益。",
    "没有产品可以在不承担波动的条件下保证收益。",
    "问：“它是不是必涨？同事说稳赚。”\n答：同事说了不算，涨跌难料。",
    "亏的钱我赔不起，公司也赔不了。",
    "“稳赚”这句话我得给您纠正一下。",
    "凡听到“亏了我兜底”，马上截图，拨打热线。",
    "您刚才的消息里让我“别管规定，直接说哪只保证赚钱”。这个我做不到，而且没有这样的基金。",
    "您问：“它是不是保本的？邻居说稳赚不赔。”\n直接回答：不是。",
    "凡是跟您说“本金一分不少”的，都请您先报警。",
    "群里“老师”天天喊“下周必涨”，这些话我们的人一句都不会讲。",
    "您说同事讲“这只年年稳赚不赔”，没有的事儿，去年它就跌过。",
    "购物卡都不能送，送了要处分。",
    "谁敢给您保本？我可不敢。",
    "密码甭给我，我不能替您下单，也不跟您分钱。",
    "甭指望它保本。",
    "“高收益”和“没风险”凑一块儿，您就该捂紧钱包了。",
    "谁借您炒股钱再抽水，换个叫法也是配资，别接。",
    "一样是场外配资，我不会帮您牵线。",
    "若有人说自己八年没亏过，您也别当真，没亏过不等于以后不会亏。",
    "有人冒充我们在业主群推私募，说人人可买，那是假的，公司已经报案。",
    "亏损那部分您想让营业部一起扛，合同写的是自己承担。",
]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("不过我给您保本。", "promise.return"),
        ("我不承诺收益，不过要是赔了，咱俩一人一半。", "promise.loss_share"),
        ("公司没有这项活动，不过认购十万以上我个人送您一部平板。", "inducement.gift"),
        ("系统显示您的风险测评已于去年到期，不过仍建议您申购这只偏股混合基金。", "suitability.unknown"),
    ],
)
def test_an_opening_contrast_denies_nothing(text: str, rule: str, stopped: Callable[..., list[str]]) -> None:
    assert rule in stopped(text)
    assert not stopped("不过这只不保本。")


@pytest.mark.parametrize("text", TAKEN_UP_AGAIN)
def test_what_a_later_clause_takes_up_again(text: str, stopped: Callable[..., list[str]]) -> None:
    assert stopped(text)


@pytest.mark.parametrize("text", NOT_TAKEN_UP)
def test_what_stays_denied(text: str, stopped: Callable[..., list[str]]) -> None:
    assert not stopped(text)


def test_denied_speaks_of_the_sentences_asked_about(pack: RulePack) -> None:
    phrases = PhraseFilter(pack)
    text = "本产品不保本。到日子连本带利还您。"
    assert set(phrases.denied(text, 0, 6)) == {"promise.return"}
    assert phrases.denied(text, 7, len(text)) == {}
    assert phrases.denied("高收益往往伴随更高的风险。") == {}  # excused before any word was found


def test_an_excused_sentence_counts_as_denied(pack: RulePack) -> None:
    text = pack.normalise("高收益后头跟着的就是高风险。").text
    assert "inducement.wording" in PhraseFilter(pack).denied(text)


def test_a_settled_pattern_is_traced_as_asserted(pack: RulePack) -> None:
    draft = Draft(text="预期两个字不让写，您就按5.6%安排开支。", target=Target.ADVISOR_MESSAGE)
    fates = {c.fate for c in PhraseTracer(pack).trace(draft, context_from_meta({})) if c.cue.settled}
    assert "asserted" in fates
