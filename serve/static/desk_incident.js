// One incident: which clients told of it, and what they wanted to do in that time.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, when } from "/static/api.js";
import { Proof, STATES, usePlayer } from "/static/parts.js";
import { Wishes } from "/static/desk_item.js";
import { Problem } from "/static/shell.js";

export function Incident({ id, onDone }) {
  const [item, setItem] = useState(null);
  const [cause, setCause] = useState("");
  const [error, setError] = useState("");
  const player = usePlayer();
  useEffect(() => { call(`incidents/${id}`).then(setItem, (problem) => setError(problem.message)); }, []);
  const close = async () => {
    if (!cause.trim()) return setError("请写明故障原因。");
    try {
      const done = await call(`incidents/${id}/close`, { cause });
      onDone(`已关闭故障，并关闭 ${done.closed_tickets} 张工单。`);
    } catch (problem) {
      setError(problem.message);
    }
    return undefined;
  };
  if (!item) return html`<section class="item">${error ? html`<div class="error" role="alert">${error}</div>` : html`<p class="hint">正在打开…</p>`}</section>`;
  return html`<article class="item">
    <div class="row"><h2>${item.number} ${item.system_zh}</h2><span class="badge">${item.state === "open" ? "进行中" : "已关闭"}</span></div>
    <p class="hint">${when(item.first_at)} 至 ${when(item.last_at)}，${item.clients} 位客户，${item.tickets} 张工单${
      item.told_by.length < item.tickets ? `，其中您可查看 ${item.told_by.length} 张` : ""}。</p>
    ${item.cause && html`<dl><dt>原因</dt><dd>${item.cause}（${item.closed_by}，${when(item.closed_at)}）</dd></dl>`}
    ${player.bar}
    <section><h3>客户与当时的需求</h3><ul class="found">${item.told_by.map((ticket) => html`<li key=${ticket.id}>
      <div class="row"><strong>客户 ${ticket.client_id || "未知"}</strong><span class="small">${when(ticket.heard_at)}，${STATES[ticket.state]}</span></div>
      <${Proof} evidence=${ticket.evidence} play=${player.play} />
      ${ticket.wishes.length > 0 && html`<div class="small">当时想办：</div><${Wishes} wishes=${ticket.wishes} play=${player.play} />`}</li>`)}</ul></section>
    ${item.state === "open" && html`<section class="decide"><label>故障原因（关闭后，名下未结工单一并关闭）
        <textarea rows="2" maxlength="4000" value=${cause} onInput=${(e) => setCause(e.target.value)}></textarea></label>
      <${Problem} words=${error} />
      <div class="row"><button type="button" class="go" onClick=${close}>关闭故障</button></div></section>`}
  </article>`;
}
