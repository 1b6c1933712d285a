// One case or ticket: what was said, what happened since, and what is done next.
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, clock, left, when, yuan } from "/static/api.js";
import { Proof, STATES, usePlayer } from "/static/parts.js";
import { Problem } from "/static/shell.js";

const EVENTS = {
  opened: "登记", assigned: "分派", contacted: "已联系客户", answered: "已答复", closed: "关闭", reopened: "重开",
  nearing: "即将到期，已提醒", overdue: "已逾期，已升级", confirmed: "确认", dismissed: "不成立", applied: "台账已变更",
};
const NEXT = {
  open: [["contact", "登记联系"], ["answer", "登记答复"]], assigned: [["contact", "登记联系"], ["answer", "登记答复"]],
  answered: [["close", "结案"], ["reopen", "重开"]], closed: [["reopen", "重开"]],
};
const DONE = { contact: "已登记联系。", answer: "已登记答复。", close: "已关闭。", reopen: "已重开。", assign: "已分派。" };

export function History({ events }) {
  return html`<ol class="history">${events.map((e) => html`<li>${when(e.at)} ${EVENTS[e.event] || e.event}，${e.by}${
    e.why && !["opened", "nearing", "overdue"].includes(e.event) ? `：${e.why}` : ""}</li>`)}</ol>`;
}

export function Wishes({ wishes, play }) {
  return html`<ul class="proof">${wishes.map((w) => html`<li>
    <button type="button" class="play" aria-label=${`从 ${clock(w.start_s)} 播放：${w.quote}`} onClick=${() => play(w.call, w.start_s)}>▶ ${clock(w.start_s)}</button>
    <span>${[w.zh, w.product, yuan(w.amount_cny)].filter(Boolean).join("，")}：<q>${w.quote}</q></span></li>`)}</ul>`;
}

function Act({ plural, item, onDone }) {
  const [text, setText] = useState("");
  const [handler, setHandler] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const steps = plural === "tickets" && item.state !== "closed" && item.state !== "answered"
    ? [["answer", "登记答复"], ["close", "办结关闭"]] : NEXT[item.state] || [];
  const take = async (act, body) => {
    if (act !== "assign" && !text.trim()) return setError("请写一句：做了什么，或为什么。");
    setBusy(true);
    try {
      await call(`${plural}/${item.id}/${act}`, body);
      setError("");
      if (act !== "assign") setText("");
      onDone(DONE[act], act === "assign" || act === "contact");
    } catch (problem) {
      setError(problem.message);
    }
    return setBusy(false);
  };
  return html`<section class="decide" aria-busy=${busy}>
    ${item.state !== "closed" && html`<div class="row"><label>处理人<select value=${handler} onChange=${(e) => setHandler(e.target.value)}>
        <option value="">选择…</option>${item.handlers.map((id) => html`<option value=${id}>${id}</option>`)}</select></label>
      <button type="button" disabled=${busy || !handler} onClick=${() => take("assign", { handler })}>分派</button></div>`}
    <label>说明<textarea rows="3" maxlength="4000" value=${text} onInput=${(e) => setText(e.target.value)}></textarea></label>
    <${Problem} words=${error} />
    <div class="row">${steps.map(([act, word], n) => html`<button type="button" class=${n === 0 ? "go" : ""} disabled=${busy}
      onClick=${() => take(act, { text })}>${word}</button>`)}</div></section>`;
}

export function FollowUp({ plural, id, onDone }) {
  const [item, setItem] = useState(null);
  const [error, setError] = useState("");
  const title = useRef(null);
  const player = usePlayer();
  const load = () => call(`${plural}/${id}`).then(setItem, (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  useEffect(() => { if (item) title.current?.focus({ preventScroll: true }); }, [item?.id]);
  if (!item) return html`<section class="item">${error ? html`<div class="error" role="alert">${error}</div>` : html`<p class="hint">正在打开…</p>`}</section>`;
  const late = !["answered", "closed"].includes(item.state) && new Date(item.due_at) < Date.now();
  return html`<article class="item">
    <div class="row"><h2 tabindex="-1" ref=${title}>${item.number ? `${item.number} ` : ""}${item.zh}</h2><span class="badge">${STATES[item.state]}</span>
      ${late && html`<span class="badge block">已逾期</span>`}</div>
    ${player.bar}
    <section><h3>客户原话</h3><${Proof} evidence=${item.evidence} play=${player.play} /></section>
    ${item.wishes.length > 0 && html`<section><h3>通话中的其他需求</h3><${Wishes} wishes=${item.wishes} play=${player.play} /></section>`}
    <dl><dt>客户</dt><dd>${item.client_id || "未知"}</dd>
      <dt>接听顾问</dt><dd>${item.advisor_id || "未知"}</dd>
      ${item.client_advisor_id && item.client_advisor_id !== item.advisor_id && html`<dt>客户的顾问</dt><dd>${item.client_advisor_id}</dd>`}
      <dt>通话</dt><dd>${item.call_id}，${when(item.heard_at)}</dd>
      <dt>处理人</dt><dd>${item.handler_id || "未分派"}</dd>
      <dt>期限</dt><dd class=${late ? "late" : ""}>${when(item.due_at)}（${left(item.due_at)}）</dd>
      ${item.answer_due_at && html`<dt>最终答复</dt><dd>${when(item.answer_due_at)}</dd>`}
      ${item.incident_id && html`<dt>故障</dt><dd>${item.system_zh}，已归并</dd>`}
      ${item.outcome && html`<dt>结果</dt><dd>${item.outcome}</dd>`}</dl>
    <section><h3>经过</h3><${History} events=${item.events} /></section>
    <${Act} plural=${plural} item=${item} onDone=${(words, stays) => { onDone(words, stays); if (stays) load(); }} />
  </article>`;
}
