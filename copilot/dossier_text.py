"""A dossier for people: one page of Markdown in Chinese, in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from copilot.dossier import Dossier, Moment

SHANGHAI = ZoneInfo("Asia/Shanghai")
OUTCOMES = {
    "pass": "通过", "revise": "补正后通过", "return": "退回修改", "review": "待合规复核", "block": "拦截",
}  # fmt: skip
SPEAKERS = {"advisor": "投顾", "client": "客户", "unknown": "未知"}
ABOUT = {"client": "客户", "case": "案件", "lead": "线索"}
TARGETS = {
    "answer": "答复", "report": "报告", "advisor_message": "投顾消息", "advisor_speech": "投顾话术",
    "client_input": "提问",
}  # fmt: skip
ACCESSES = {"view": "查看", "playback": "回放", "search": "检索", "export": "导出"}
REVIEWS = {"review.added": "送交复核", "review.approved": "批准", "review.rejected": "驳回"}
KEYS = {
    "created": "建立客户密钥", "sealed": "按删除请求封存", "held": "法律保全", "lifted": "解除法律保全",
    "open_asked": "申请依法启封（第一人）", "opened": "依法启封（第二人）", "open_ended": "结束启封",
    "destroy_asked": "申请销毁密钥（第一人）", "destroyed": "销毁密钥（第二人）",
}  # fmt: skip


def dossier_text(dossier: Dossier) -> str:
    """The whole page; times are those of China."""
    subject = dossier.subject
    lines = [
        f"# 卷宗：{ABOUT[subject.kind]} {subject.id}",
        "",
        f"- 客户：{subject.client_id or '未知'}",
        f"- 期间：{_day(dossier.since, '最早')} 至 {_day(dossier.until, '现在')}（不含）",
        f"- 制作：{_time(dossier.made_at)}，{dossier.made_by}，tougu {dossier.version}",
        f"- 审计条目：{len(dossier.entries)}，按时间排列；时间为北京时间，方括号内为审计条目编号",
        "",
    ]
    for moment in dossier.moments:
        proof = f" [{moment.entry}]" if moment.entry else ""
        lines.append(f"## {_time(moment.at)} {TITLES.get(moment.kind, '记录')}（{moment.by or '-'}）{proof}")
        lines += ["", *_BODIES.get(moment.kind, _recorded)(moment), ""]
    return "\n".join(lines)


TITLES: Mapping[str, str] = {
    "said": "通话原文", "asked": "提问", "answered": "答复", "checked": "送审", "reviewed": "合规复核", "sent": "发送",
    "accessed": "查阅", "key": "密钥", "call": "通话", "case": "案件", "ticket": "工单",
    "consent": "授权变更", "lead": "线索",
}  # fmt: skip


def _said(moment: Moment) -> Iterator[str]:
    yield f"录音 {moment.what.get('call_id', '-')}，转写 {moment.what.get('engine') or '-'}"
    yield ""
    for speaker, start_s, end_s, text in moment.what.get("turns", ()):
        yield f"- {start_s:.1f}–{end_s:.1f} 秒 {SPEAKERS.get(speaker, speaker)}：{_inline(text)}"
    for finding in moment.what.get("findings", ()):
        yield f"- 违规话术 第{finding['turn']}句 [{finding['rule']}] 「{_inline(finding['quote'])}」"


def _verdict(moment: Moment) -> Iterator[str]:
    what = moment.what
    outcome = str(what.get("outcome", "-"))
    target = TARGETS.get(str(what.get("target")), str(what.get("target")))
    yield f"{target}，结论：{OUTCOMES.get(outcome, outcome)}；规则包 {what.get('rule_pack', '-')}{_made_by(what)}"
    yield from _quoted("原文", what.get("original"))
    if what.get("text") != what.get("original") and "original" in what:
        yield from _quoted("放行文本" if outcome == "revise" else "补正稿", what.get("text"))
    for finding in what.get("findings", ()):
        yield f"- [{finding[0]}] " + "，".join(_inline(part) for part in finding[1:])
    for error in what.get("errors", ()):
        yield f"- 未能判断：{_inline(error)}"
    yield from _suitability(what.get("context") or {})


def _made_by(what: Mapping[str, Any]) -> str:
    """Program and models as the entry tells them, not those of the day the dossier is made."""
    program = f"；程序 tougu {what['program']}" if what.get("program") else ""
    models = "，".join(f"{name} {version}" for name, version in sorted((what.get("models") or {}).items()))
    return program + (f"；模型 {models}" if models else "")


def _suitability(context: Mapping[str, Any]) -> Iterator[str]:
    """Client and products as they stood when the text was judged."""
    if level := context.get("client_level"):
        yield f"- 当时客户风险等级：{level}，有效期至 {context.get('client_level_expires') or '未载明'}"
    for product in context.get("products", ()):
        shelf = {True: "在售", False: "不在售", None: "未知"}[product.get("on_shelf")]
        level = product.get("risk_level") or "风险等级未知"
        yield f"- 当时产品：{product.get('code')} {_inline(product.get('name'))}，{level}，{shelf}" + (
            "，限制名单" if product.get("restricted") else ""
        )
    for signed in context.get("insistence", ()):
        yield (
            f"- 当时客户坚持购买的证据：产品 {signed.get('product')}，文件 {signed.get('document_id')}，"
            f"录音 {signed.get('recording_id')}，签署于 {signed.get('signed_at')}，文件摘要 {signed.get('sha256')}"
        )
    for name, title in (("restricted_list", "当时限制名单"), ("facts_list", "当时核对的数据")):
        if (told := context.get(name) or {}).get("count"):
            yield f"- {title}：{told['count']} 项，SHA-256 {told['sha256']}"
    for source in context.get("sources", ()):
        yield f"- 当时依据：[{source.get('n')}] 《{_inline(source.get('title'))}》 {source.get('date') or ''}".rstrip()


def _reviewed(moment: Moment) -> Iterator[str]:
    word = REVIEWS.get(str(moment.what.get("event")), "复核")
    yield f"{word}；理由：{_inline(moment.what.get('reason') or '-')}"
    yield from _quoted("文本", moment.what.get("text"))


def _sent(moment: Moment) -> Iterator[str]:
    yield f"渠道 {moment.what['channel']}，摘要 {moment.what['sha256']}"
    yield from _quoted("文本", moment.what["text"])


def _accessed(moment: Moment) -> Iterator[str]:
    kind = str(moment.what.get("event", "")).partition(".")[2]
    ids = "、".join(map(_inline, moment.what.get("ids", ())))
    yield f"{ACCESSES.get(kind, kind)} {moment.what.get('what', '')} {ids}".rstrip()


def _key(moment: Moment) -> Iterator[str]:
    what = str(moment.what.get("event", "")).partition(".")[2]
    reason = moment.what.get("reason")
    yield KEYS.get(what, what) + (f"；理由：{_inline(reason)}" if reason else "")


def _row(moment: Moment) -> Iterator[str]:
    """Rows of other tables: the columns that people ask for."""
    row = moment.what
    parts = [str(row[name]) for name in ("id", "intent", "state", "product", "duration_s") if row.get(name)]
    yield "，".join(parts)
    for proof in row.get("evidence", ()):
        yield f"- 录音 {proof['call']} {proof['start_s']:.1f}–{proof['end_s']:.1f} 秒：「{_inline(proof['quote'])}」"
    yield from _quoted("小结", row.get("note"))


def _recorded(moment: Moment) -> Iterator[str]:
    yield _inline(moment.what.get("event", "-"))


_BODIES: Mapping[str, Callable[[Moment], Iterator[str]]] = {
    "said": _said, "asked": _verdict, "answered": _verdict, "checked": _verdict, "reviewed": _reviewed, "sent": _sent,
    "accessed": _accessed, "key": _key, "call": _row, "case": _row, "ticket": _row, "consent": _row, "lead": _row,
}  # fmt: skip


def _quoted(title: str, text: Any) -> Iterator[str]:
    """A text as a block quote, so that nothing in it is read as the page's own structure."""
    if text:
        yield f"{title}："
        yield ""
        yield from (f"> {line}" for line in str(text).splitlines())
        yield ""


def _inline(text: Any) -> str:
    return " ".join(str(text).split())


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _day(moment: datetime | None, otherwise: str) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}" if moment else otherwise
