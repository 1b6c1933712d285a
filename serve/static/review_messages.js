// Sent = cleared: what was sent and never cleared, and said, cleared and sent of a day side by side.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api, when } from "/static/api.js";
import { OUTCOMES } from "/static/review_api.js";
import { Problem } from "/static/shell.js";

const Message = ({ message }) => html`<li class="card">
  <div class="row"><span class=${`badge ${message.outcome || ""}`}>${OUTCOMES[message.outcome] || "未判定"}</span>
    <span class="small">${when(message.sent_at)}，${message.user_id} 发给客户 ${message.client_id}，${message.channel}</span></div>
  <p class="note">${message.text ?? "（客户文本已封存）"}</p>
  ${message.zh.length > 0 && html`<div class="small late">${message.zh.join("；")}</div>`}</li>`;

function Table({ rows }) {
  if (!rows.length) return html`<p class="hint">这一天没有通话、放行或外发。</p>`;
  const heads = ["客户", "通话", "违规用语", "已放行", "未放行", "外发", "已匹配", "未匹配"];
  const cells = (row) => [row.calls, row.violations, row.cleared, row.held, row.sent, row.matched];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="通话、放行与外发"><table class="figures"><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr><th scope="row">${row.client_id}</th>${cells(row).map((n) => html`<td>${n}</td>`)}
      <td class=${row.unmatched ? "late" : ""}>${row.unmatched}</td></tr>`)}</tbody></table></div>`;
}

export function Messages() {
  const [day, setDay] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => {
    const of = day ? `?day=${day}` : "";
    Promise.all([api.get(`messages/unmatched${of}`), api.get(`messages/report${of}`)])
      .then(([sent, told]) => { setFound({ ...sent, clients: told.clients }); setError(""); }, (problem) => { setFound(null); setError(problem.message); });
  }, [day]);
  return html`<section class="panel item" aria-label="外发消息">
    <label>日期 <input type="date" value=${day || found?.day || ""} onChange=${(e) => setDay(e.target.value)} /></label>
    <${Problem} words=${error} />
    ${found && html`<h3>未经放行的消息</h3>
      ${!found.messages.length && html`<p class="hint">没有未经放行的消息，或当天的存档还没有导入。</p>`}
      <ul class="found">${found.messages.map((message) => html`<${Message} key=${message.id} message=${message} />`)}</ul>
      <h3>通话、放行与外发</h3><${Table} rows=${found.clients} />`}</section>`;
}
