// The audit administrator's page: who saw, played, searched, exported, logged in or was refused; without texts.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api, dayAhead, whenExactly } from "/static/api.js";
import { EVENTS, THINGS } from "/static/audit_words.js";
import { Head, open, Problem } from "/static/shell.js";

const KINDS = {
  "": "全部", "access.": "看、听、查、导出", "access.view": "查看", "access.playback": "听录音", "access.search": "查询", "access.export": "导出客户数据",
  "export.": "大批导出与审批", refused: "被拒绝", "login": "登录", "user.": "用户与角色", "api_key.": "接口密钥", "audit.read": "查阅审计日志",
  "outreach.": "客群外发", "review.": "复核", "compliance.": "合规结论", "personal_data.": "个人信息", "consent.": "同意",
};
const SIGNS = { refused: "block", "login.failed": "block", "login.locked": "block", "access.export": "review", "export.made": "review" };
// Days are China's, both included.
const span = ({ first, last }) => ({
  ...(first ? { since: `${first}T00:00:00+08:00` } : {}),
  ...(last ? { until: new Date(new Date(`${last}T00:00:00+08:00`).getTime() + 86_400_000).toISOString() } : {}),
});

function Entry({ entry }) {
  const { count, what, route, status, ...rest } = entry.data;
  const about = [what && `${THINGS[what] || what}${count ? ` ${count} 项` : ""}`, route && `${route}${status ? `（${status}）` : ""}`].filter(Boolean).join("，");
  return html`<li class="card"><div class="row"><span class=${`badge ${SIGNS[entry.event] || ""}`}>${EVENTS[entry.event] || entry.event}</span><strong>${entry.actor || "未知"}</strong>
      <span>${about}</span>${entry.subject && html`<span class="small">涉及客户</span>`}</div>
    <div class="small">${whenExactly(entry.at)}，第 ${entry.seq} 条，${entry.event}</div>
    ${Object.keys(rest).length > 0 && html`<details><summary class="small">登记内容</summary><pre class="note small">${JSON.stringify(rest, null, 1)}</pre></details>`}</li>`;
}

function Search() {
  const [asked, setAsked] = useState({ event: "access.", actor: "", client_id: "", first: dayAhead(-7), last: "" });
  const [found, setFound] = useState({ entries: [], before: null });
  const [error, setError] = useState("");
  const [ready, setReady] = useState(false);
  const load = async (before) => {
    const { first, last, ...rest } = asked;
    const query = new URLSearchParams(Object.entries({ ...rest, ...span({ first, last }), before: before || "", limit: "50" }).filter(([, value]) => value));
    try {
      const page = await api.get(`audit?${query}`);
      setFound((was) => ({ entries: before ? [...was.entries, ...page.entries] : page.entries, before: page.before }));
      setError("");
    } catch (problem) { setFound({ entries: [], before: null }); setError(problem.message); }
    setReady(true);
  };
  useEffect(() => { load(0); }, []);
  const field = (name) => ({ value: asked[name], onInput: (event) => setAsked({ ...asked, [name]: event.target.value }) });
  return html`<div class="panel"><form class="plain search" onSubmit=${(event) => { event.preventDefault(); load(0); }}>
      <label>做了什么<select ...${field("event")}>${Object.entries(KINDS).map(([id, word]) => html`<option value=${id}>${word}</option>`)}</select></label>
      <label>操作人<input maxlength="64" ...${field("actor")} /></label><label>客户编号<input maxlength="64" ...${field("client_id")} /></label>
      <label>从<input type="date" ...${field("first")} /></label><label>到<input type="date" ...${field("last")} /></label>
      <button class="go">查询</button></form>
    <${Problem} words=${error} />
    ${ready && !found.entries.length && !error && html`<p class="hint">没有符合条件的记录。</p>`}
    <ul class="found">${found.entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ul>
    ${found.before && html`<button type="button" onClick=${() => load(found.before)}>更早的记录</button>`}</div>`;
}

function App({ who }) {
  return html`<${Head} title="审计管理" hint="谁看了、听了、导出了什么，谁被拒绝。不含正文与客户编号；查阅本身也留痕。" /><${Search} key=${who} />`;
}

open(App);
