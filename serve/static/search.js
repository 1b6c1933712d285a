// The audit log, for officers: search by client, person, kind and day.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, when } from "/static/api.js";
import { EVENTS, THINGS } from "/static/audit_words.js";
import { Head, open, Problem } from "/static/shell.js";

const KINDS = {
  "": "全部", "compliance.verdict": "合规结论", "review.": "复核", "access.": "查看与导出", "call.": "通话", "message.": "外发消息",
  "consent.": "同意", "delivery.": "报告发送", "key.": "封存与销毁", "prompt.": "提示词", "personal_data.": "个人信息", "talk.": "助手问答", "outreach.": "客群外发", "task.": "承诺", "service_task.": "服务任务",
  "login": "登录", "export.": "大批导出", refused: "被拒绝",
};
const OUTCOMES = { pass: "通过", revise: "已补充提示", return: "需修改", review: "待复核", block: "拦截" };

function Entry({ entry }) {
  const { outcome, what, count } = entry.data;
  const about = what && `${THINGS[what] || what}${count ? ` ${count} 项` : ""}`;
  return html`<li class="card"><div class="row"><strong>${EVENTS[entry.event] || entry.event}</strong>${about && html`<span>${about}</span>`}${outcome && html`<span class=${`badge ${outcome}`}>${OUTCOMES[outcome] || outcome}</span>`}
      <span class="small">${when(entry.at)}，${entry.actor}，第 ${entry.seq} 条${entry.about_client ? "，涉及客户" : ""}，${entry.event}</span></div>
    ${entry.text && html`<p class="note">${entry.text}</p>`}
    <details><summary class="small">登记内容</summary><pre class="note small">${JSON.stringify(entry.data, null, 1)}</pre></details></li>`;
}

function Search() {
  const [asked, setAsked] = useState({ client: "", actor: "", event: "", first: "", last: "" });
  const [found, setFound] = useState({ entries: [], cursor: null });
  const [error, setError] = useState("");
  const [ready, setReady] = useState(false);
  const load = async (before) => {
    const query = new URLSearchParams(Object.entries({ ...asked, before: before || "" }).filter(([, value]) => value));
    try {
      const page = await call(`audit/entries?${query}`);
      setFound((earlier) => ({ entries: before ? [...earlier.entries, ...page.entries] : page.entries, cursor: page.cursor }));
      setError("");
    } catch (problem) { setFound({ entries: [], cursor: null }); setError(problem.message); }
    setReady(true);
  };
  useEffect(() => { load(0); }, []);
  const field = (name) => ({ value: asked[name], onInput: (event) => setAsked({ ...asked, [name]: event.target.value }) });
  const submit = (event) => { event.preventDefault(); load(0); };
  return html`<div class="item"><form class="plain search" onSubmit=${submit}>
      <label>客户编号<input maxlength="64" ...${field("client")} /></label><label>操作人<input maxlength="120" ...${field("actor")} /></label>
      <label>类别<select ...${field("event")}>${Object.entries(KINDS).map(([id, word]) => html`<option value=${id}>${word}</option>`)}</select></label>
      <label>从<input type="date" ...${field("first")} /></label><label>到<input type="date" ...${field("last")} /></label>
      <button class="go">查询</button></form>
    <${Problem} words=${error} />
    ${ready && !found.entries.length && !error && html`<p class="hint">没有符合条件的记录。</p>`}
    <ul class="found">${found.entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ul>
    ${found.cursor && html`<button type="button" onClick=${() => load(found.cursor)}>更早的记录</button>`}</div>`;
}

function App({ who }) {
  return html`<${Head} title="审计查询" hint="每条记录读出时即核对其哈希。查询本身也留痕。" /><${Search} key=${who} />`;
}

open(App);
