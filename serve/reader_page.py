"""The pages that a client sees: plain HTML without a script, every word escaped, for a screen of 360 pixels."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files

from copilot.loop.codes import Step
from copilot.loop.reactions import CONSENT, LONGEST_QUESTION, YES
from copilot.loop.reading import Opened, Section

STYLE = (files("serve") / "static" / "reader.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_CLOSED_DOOR = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "content-security-policy": f"{_CLOSED_DOOR}; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
# The rendered report carries its style and its charts inside; it may do nothing at all.
FILE_HEADERS = {
    **HEADERS,
    "content-security-policy": f"{_CLOSED_DOOR}; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox",
}
_PAGE = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="robots" content="noindex, nofollow"><meta name="color-scheme" content="light dark">'
    '<title>{title}</title><link rel="icon" href="data:,"><style>{style}</style></head>'
    "<body><main>{body}</main></body></html>"
)
SAID = {
    Step.SENT: "验证码正在发送到您在本公司登记的联系方式，请在几分钟内填写。",
    Step.TOO_SOON: "验证码刚刚发送过，请稍候一分钟再获取。",
    Step.TOO_MANY: "今天获取验证码的次数已用完，请明天再试，或联系您的投资顾问。",
    Step.LOCKED: "验证码多次错误，链接已暂时锁定，请稍后再试。",
    Step.NONE: "验证码已失效，请重新获取。",
}
THANKS = {
    "question": "问题已转给您的投资顾问。",
    "rating": "感谢您的评价。",
    "accept": "已告知您的投资顾问，他会与您联系。这不是交易委托。",
    "yes": "已记下您的同意，可随时撤回。",
    "no": "已按您的选择不再记录，此前的记录已删除。",
}


def page(title: str, body: str) -> str:
    """A whole page; `body` is markup of this file."""
    return _PAGE.format(title=escape(title), style=STYLE, body=body)


def gone() -> str:
    """One page for every link that opens nothing, whatever the reason."""
    return page(
        "链接无效",
        "<h1>链接无效或已失效</h1><p>请核对链接是否完整，或联系您的投资顾问重新发送。</p>",
    )


def broken(detail: str) -> str:
    """Something went wrong that the reader should know of."""
    return page("暂时无法查看", f"<h1>暂时无法查看</h1><p>{escape(detail)}</p>")


def door(base: str, *, awaits: bool, said: str = "", bad: bool = False, can_send: bool = True) -> str:
    """Asks who is there, and tells nothing of the report or of its client."""
    parts = ["<h1>诊断报告</h1><p>您的投资顾问为您准备了一份报告。为确认是您本人，请用验证码查看。</p>"]
    if said:
        parts.append(f'<p class="{"bad" if bad else "good"}" role="alert">{escape(said)}</p>')
    if not can_send:
        parts.append('<p class="bad">目前无法发送验证码，请联系您的投资顾问。</p>')
        return page("诊断报告", "".join(parts))
    if awaits:
        parts.append(
            f'<form method="post" action="{base}/enter"><label for="code">六位验证码</label>'
            '<input class="code" id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" '
            'maxlength="12" required><p></p><button class="go">查看报告</button></form>'
        )
    again = "重新获取验证码" if awaits else "获取验证码"
    look = "" if awaits else ' class="go"'
    parts.append(f'<form method="post" action="{base}/code"><button{look}>{again}</button></form>')
    parts.append(
        '<p class="hint">验证码发送到您在本公司登记的联系方式。请勿把验证码告诉任何人，包括自称工作人员的人。</p>'
    )
    return page("诊断报告", "".join(parts))


def contents(opened: Opened, base: str, *, said: str = "", bad: bool = False) -> str:
    """The first page behind the code: summary, contents, and what the client may say."""
    return page(opened.title, "".join(_contents(opened, base, said, bad)))


def section(opened: Opened, which: Section, base: str) -> str:
    """One section, with the way on and back; suggestions can be taken up where the client agreed."""
    parts = [f'<p><a href="{base}">‹ 目录</a></p><h1>{escape(which.title)}</h1>']
    parts.append(_lines(which))
    if which.suggests and opened.link.consent == YES:
        parts.append(
            f'<form method="post" action="{base}/accept"><input type="hidden" name="section" value="{which.n}">'
            "<button>我想了解这条建议</button></form>"
        )
        parts.append('<p class="hint">点击只是告知顾问您希望沟通，不是交易委托。</p>')
    around = []
    if which.n > 0:
        around.append(f'<a href="{base}/s/{which.n - 1}">‹ {escape(opened.sections[which.n - 1].title)}</a>')
    if which.n + 1 < len(opened.sections):
        around.append(f'<a href="{base}/s/{which.n + 1}">{escape(opened.sections[which.n + 1].title)} ›</a>')
    parts.append(f'<p class="row">{"".join(around)}</p>')
    return page(which.title, "".join(parts))


def _contents(opened: Opened, base: str, said: str, bad: bool) -> Iterator[str]:
    yield f"<h1>{escape(opened.title)}</h1><p class='hint'>{escape(opened.subject)}</p>"
    if said:
        yield f'<p class="{"bad" if bad else "good"}" role="alert">{escape(said)}</p>'
    if opened.sections:
        yield f'<div class="lead">{_lines(opened.sections[0])}</div>'
    yield '<nav aria-label="目录"><h2>阅读报告</h2><ul>'
    if opened.report is not None:
        yield f'<li><a href="{base}/report">完整报告（含图表）</a></li>'
        yield f'<li><a href="{base}/report.pdf">下载 PDF</a></li>'
    for each in opened.sections:
        yield f'<li><a href="{base}/s/{each.n}">{escape(each.title)}</a></li>'
    yield "</ul></nav>"
    yield from _talk(opened, base)
    if len(opened.sections) > 1:
        yield f'<h2>{escape(opened.sections[-1].title)}</h2><div class="hint">{_lines(opened.sections[-1])}</div>'
    yield f'<form method="post" action="{base}/leave"><button>退出</button></form>'


def _talk(opened: Opened, base: str) -> Iterator[str]:
    yield "<h2>与顾问沟通</h2>"
    if opened.link.consent != YES:
        yield f'<div class="box"><p>{escape(CONSENT)}</p><form method="post" action="{base}/consent" class="row">'
        yield '<button class="go" name="answer" value="yes">同意</button>'
        yield '<button name="answer" value="no">不同意</button></form>'
        yield '<p class="hint">不同意时不记录任何使用情况；如有疑问，请直接联系您的投资顾问。</p></div>'
        return
    yield f'<form method="post" action="{base}/question"><label for="question">向顾问提问</label>'
    yield f'<textarea id="question" name="question" rows="3" maxlength="{LONGEST_QUESTION}" required></textarea>'
    yield "<p></p><button>提交问题</button></form>"
    yield f'<form method="post" action="{base}/rating"><fieldset><legend>这份报告对您有帮助吗？</legend>'
    yield '<div class="stars">'
    for value, word in enumerate(("没有", "较少", "一般", "有", "很有"), start=1):
        yield f'<label><input type="radio" name="value" value="{value}" required> {word}</label>'
    yield "</div></fieldset><button>提交评价</button></form>"
    yield f'<form method="post" action="{base}/consent">'
    yield '<button name="answer" value="no">撤回同意并删除记录</button></form>'


def _lines(which: Section) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in which.lines)
