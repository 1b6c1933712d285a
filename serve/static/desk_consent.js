// Consents: what a call said of them, decided by a person, and the ledger of one client.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, clock, when } from "/static/api.js";
import { CONSENT, Proof, PURPOSES, STATES, usePlayer } from "/static/parts.js";
import { Consents } from "/static/board_card.js";
import { Problem } from "/static/shell.js";

export function Consent({ id, item, onDone }) {
  const [purposes, setPurposes] = useState(item?.purposes || []);
  const [client, setClient] = useState("");
  const [note, setNote] = useState("");
  const [error, setError] = useState("");
  const player = usePlayer();
  if (!item) return html`<p class="item hint">这一条已处理。</p>`;
  const asked = item.state === "asked";
  const take = async (act) => {
    if (act === "dismiss" && !note.trim()) return setError("请写明为什么不成立。");
    try {
      const body = act === "dismiss" ? { why: note } : { note, ...(asked ? { purposes, client_id: item.client_id || client || null } : {}) };
      await call(`consents/${id}/${act}`, body);
      onDone(act === "dismiss" ? "已记为不成立，台账恢复原状。" : "已确认。");
    } catch (problem) {
      setError(problem.message);
    }
    return undefined;
  };
  const toggle = (purpose) => setPurposes(purposes.includes(purpose) ? purposes.filter((p) => p !== purpose) : [...purposes, purpose]);
  return html`<article class="item">
    <div class="row"><h2>${item.zh}</h2><span class="badge">${STATES[item.state]}</span><span class="small">客户 ${item.client_id || "未知"}，${when(item.heard_at)}</span></div>
    <p class="hint">${asked ? "把握不足或没说清是哪一项，台账没有改动，请听录音后决定。" : item.state === "applied" ? "台账已即时变更，请核对并通知相关系统。" : "已处理。"}</p>
    ${player.bar}
    <section><h3>客户原话</h3><${Proof} evidence=${item.evidence} play=${player.play} /></section>
    ${!asked && html`<dl><dt>撤回</dt><dd>${item.purposes.map((p) => PURPOSES[p]).join("、") || "无"}</dd></dl>`}
    ${item.state !== "closed" && (item.may_decide ? html`<section class="decide">
      ${asked && html`<fieldset class="checks"><legend>客户撤回的是</legend>${Object.entries(PURPOSES).map(([p, word]) => html`<label>
        <input type="checkbox" checked=${purposes.includes(p)} onChange=${() => toggle(p)} />${word}</label>`)}</fieldset>`}
      ${asked && !item.client_id && html`<label>客户编号<input value=${client} onInput=${(e) => setClient(e.target.value.trim())} /></label>`}
      <label>说明<textarea rows="2" maxlength="4000" value=${note} onInput=${(e) => setNote(e.target.value)}></textarea></label>
      <${Problem} words=${error} />
      <div class="row"><button type="button" class="go" onClick=${() => take("confirm")}>${asked ? "确认撤回" : "确认无误"}</button>
        <button type="button" class="bad" onClick=${() => take("dismiss")}>不成立</button></div></section>`
      : html`<p class="hint">由主管、合规或客服处理，不由客户的顾问决定。</p>`)}
  </article>`;
}

function Write({ client, onDone }) {
  const [purpose, setPurpose] = useState("contact");
  const [state, setState] = useState("withdrawn");
  const [why, setWhy] = useState("");
  const [error, setError] = useState("");
  const write = async (event) => {
    event.preventDefault();
    try {
      await call(`clients/${encodeURIComponent(client)}/consents`, { purpose, state, why });
      setWhy("");
      setError("");
      onDone();
    } catch (problem) {
      setError(problem.message);
    }
  };
  return html`<form class="plain" onSubmit=${write}><div class="row">
      <select aria-label="用途" value=${purpose} onChange=${(e) => setPurpose(e.target.value)}>${Object.entries(PURPOSES).map(([id, word]) => html`<option value=${id}>${word}</option>`)}</select>
      <select aria-label="决定" value=${state} onChange=${(e) => setState(e.target.value)}><option value="withdrawn">拒绝</option><option value="granted">同意</option></select>
      <input aria-label="凭证" placeholder="凭证：文件编号，或客户如何告知" value=${why} onInput=${(e) => setWhy(e.target.value)} />
      <button type="submit">登记</button></div>
    <${Problem} words=${error} /></form>`;
}

export function Ledger({ client }) {
  const [found, setFound] = useState(null);
  const [wanted, setWanted] = useState(client);
  const [error, setError] = useState("");
  const load = () => client && call(`clients/${encodeURIComponent(client)}/consents`).then((ledger) => { setFound(ledger); setError(""); },
    (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  return html`<section class="item" aria-label="客户台账">
    <form class="plain" onSubmit=${(e) => { e.preventDefault(); location.hash = `consents=${encodeURIComponent(wanted)}`; }}><div class="row">
      <label>客户编号<input value=${wanted} onInput=${(e) => setWanted(e.target.value.trim())} /></label>
      <button type="submit" disabled=${!wanted}>查台账</button></div></form>
    <${Problem} words=${error} />
    ${found && html`<h3>客户 ${found.client_id} 今日意愿</h3><div><${Consents} standing=${found.standing} /></div>
      ${found.entries.length > 0 ? html`<ol class="history">${found.entries.map((e) => html`<li>${when(e.at)} ${PURPOSES[e.purpose]}：${CONSENT[e.state]}（第 ${e.version} 版，${e.by}）${
          e.call_id ? `，通话 ${e.call_id} 的 ${clock(e.start_s || 0)} 处` : ""}${e.quote ? html`，<q>${e.quote}</q>` : ""}${e.why ? `，${e.why}` : ""}</li>`)}</ol>`
        : html`<p class="hint">台账没有记录，以上来自客户资料。</p>`}
      <${Write} client=${found.client_id} onDone=${load} />`}
  </section>`;
}
