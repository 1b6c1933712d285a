// What is decided: contradictions with both places side by side, approved wording, and what was asked and not found.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { dayAhead, when } from "/static/api.js";
import { problem } from "/static/knowledge_words.js";

const TYPES = { genuine: "内容矛盾", unit: "单位不同", superseded: "新旧版本并存", period: "报告期不同", share_class: "份额类别不同" };
const HOLDS = { left: "左侧为准", right: "右侧为准", both: "两处都成立" };
const place = (side) => `/documents/${encodeURIComponent(side.version_id)}?start=${side.start}&end=${side.end}#mark`;

function useList(api, path) {
  const [rows, setRows] = useState(null);
  const [error, setError] = useState("");
  const load = () => api.get(path).then((found) => { setRows(found); setError(""); }, (e) => setError(e.message));
  useEffect(() => { load(); }, [path]);
  return { rows, error, load };
}

export function Conflicts({ api }) {
  const [state, setState] = useState("open");
  const { rows, error, load } = useList(api, `knowledge/conflicts?state=${state}`);
  return html`<section class="kb"><h2>矛盾</h2><p class="hint">现行文件之间的矛盾。裁定之前，回答会同时列出两处；裁定之后，只用成立的一处。</p>
    <div class="row search"><label class="field">状态<select value=${state} onChange=${(e) => setState(e.target.value)}>
      <option value="open">待裁定</option><option value="settled">已裁定</option><option value="gone">已消失</option></select></label></div>
    ${problem(error)}${rows && !rows.length && html`<p class="hint">没有这样的矛盾。</p>`}
    <ol class="found">${(rows || []).map((row) => html`<li class="card" key=${row.id}>
      <div class="row"><strong>${row.about}</strong><span class="badge ${row.type === "genuine" ? "block" : "review"}">${TYPES[row.type]}</span></div>
      <div class="sides">${["left", "right"].map((side) => html`<div class=${row.holds === side || row.holds === "both" ? "holds" : ""}>
        <a href=${place(row[side])} target="_blank" rel="noopener">${side === "left" ? "左" : "右"}：《${row[side].title}》</a><q>${row[side].quote}</q></div>`)}</div>
      ${row.holds && html`<div class="small">${HOLDS[row.holds]}：${row.why}（${row.settled_by}，${when(row.settled_at)}）</div>`}
      ${row.state !== "gone" && html`<${Settle} api=${api} row=${row} onDone=${load} />`}</li>`)}</ol></section>`;
}

function Settle({ api, row, onDone }) {
  const [why, setWhy] = useState("");
  const [error, setError] = useState("");
  const settle = async (holds) => {
    if (!why.trim()) { setError("请写明裁定理由。"); return; }
    try { await api.post(`knowledge/conflicts/${row.id}/settle`, { holds, why }); onDone(); } catch (e) { setError(e.message); }
  };
  return html`<label class="field">裁定理由<input value=${why} maxlength="2000" onInput=${(e) => setWhy(e.target.value)} /></label>${problem(error)}
    <div class="row act">${Object.entries(HOLDS).map(([holds, word]) => html`<button type="button" onClick=${() => settle(holds)}>${word}</button>`)}</div>`;
}

const STATES = { draft: "待审批", approved: "已批准", refused: "未批准", retired: "已停用" };
const BADGES = { draft: "review", approved: "pass", refused: "block", retired: "" };
const fresh = () => ({ id: "", question: "", variants: "", text: "", with_product: false, effective_from: dayAhead(0), effective_to: "" });

export function Wordings({ api, who, approves }) {
  const { rows, error, load } = useList(api, "knowledge/wordings");
  const [draft, setDraft] = useState(null);
  const [old, setOld] = useState(false);
  const shown = (rows || []).filter((row) => old || row.state === "draft" || row.state === "approved");
  const edit = (row) => setDraft({ ...row, variants: row.variants.join("\n"), effective_from: dayAhead(0), effective_to: row.effective_to || "" });
  return html`<section class="kb"><h2>标准话术</h2>
    <p class="hint">对反复出现的问题，合规批准的原话。作者不能批准自己写的话术；批准后按生效日启用，回答时原样给出并注明版本。</p>
    ${problem(error)}
    ${draft ? html`<${Propose} api=${api} draft=${draft} onDone=${() => { setDraft(null); load(); }} onLeave=${() => setDraft(null)} />`
      : html`<div class="row"><button type="button" class="go" onClick=${() => setDraft(fresh())}>新写一条</button>
        <label class="row tick"><input type="checkbox" checked=${old} onChange=${(e) => setOld(e.target.checked)} />含未批准与停用的版本</label></div>`}
    ${rows && !rows.length && html`<p class="hint">还没有话术。</p>`}
    <ol class="found">${shown.map((row) => html`<li class="card" key=${`${row.id} ${row.version}`}>
      <div class="row"><strong>${row.question}</strong><span class="badge ${BADGES[row.state]}">${STATES[row.state]}</span><span class="small">${row.id} 第${row.version}版</span></div>
      <p class="text">${row.text}</p>
      ${row.variants.length > 0 && html`<details><summary>其他问法（${row.variants.length}）</summary><p class="small">${row.variants.join("；")}</p></details>`}
      <div class="small">${row.author} 撰写，${row.effective_from} 起${row.effective_to ? `至 ${row.effective_to}` : ""}${row.with_product ? "，含具体产品的提问也适用" : ""}${
        row.decided_by ? `；${row.decided_by} ${STATES[row.state]}：${row.reason}` : ""}</div>
      <${Decide} api=${api} row=${row} mine=${row.author === who} approves=${approves} onDone=${load} onEdit=${() => edit(row)} /></li>`)}</ol></section>`;
}

function Decide({ api, row, mine, approves, onDone, onEdit }) {
  const [reason, setReason] = useState("");
  const [error, setError] = useState("");
  const act = async (path, body) => {
    if (!reason.trim()) { setError("请填写意见。"); return; }
    try { await api.post(`knowledge/wordings/${row.id}/${path}`, { ...body, reason }); onDone(); } catch (e) { setError(e.message); }
  };
  const may = approves && (row.state === "approved" || (row.state === "draft" && !mine));
  return html`${may && html`<label class="field">意见<input value=${reason} maxlength="2000" onInput=${(e) => setReason(e.target.value)} /></label>`}${problem(error)}
    <div class="row act">${may && row.state === "draft" && html`<button type="button" class="go" onClick=${() => act(`${row.version}/decision`, { approve: true })}>批准</button>
      <button type="button" class="bad" onClick=${() => act(`${row.version}/decision`, { approve: false })}>不批准</button>`}
      ${may && row.state === "approved" && html`<button type="button" class="bad" onClick=${() => act("retire", {})}>停用</button>`}
      ${row.state !== "refused" && html`<button type="button" onClick=${onEdit}>写新版本</button>`}</div>`;
}

function Propose({ api, draft: given, onDone, onLeave }) {
  const [draft, setDraft] = useState(given);
  const [error, setError] = useState("");
  const put = (name) => (event) => setDraft({ ...draft, [name]: event.target.value });
  const save = async (event) => {
    event.preventDefault();
    const body = { question: draft.question, variants: draft.variants.split("\n").map((line) => line.trim()).filter(Boolean), text: draft.text,
      with_product: draft.with_product, effective_from: draft.effective_from, effective_to: draft.effective_to || null };
    if (!draft.id.trim() || !body.question.trim() || !body.text.trim()) { setError("请填写名称、问题和话术。"); return; }
    try { await api.put(`knowledge/wordings/${encodeURIComponent(draft.id.trim())}`, body); onDone(); } catch (e) { setError(e.message); }
  };
  return html`<form onSubmit=${save}><label>名称（小写英文、数字、-、_）<input value=${draft.id} maxlength="60" disabled=${Boolean(given.id)} onInput=${put("id")} /></label>
    <label>问题<input value=${draft.question} maxlength="200" onInput=${put("question")} /></label>
    <label>生效日<input type="date" value=${draft.effective_from} onInput=${put("effective_from")} /></label>
    <label>失效日（最后一天，可空）<input type="date" value=${draft.effective_to} onInput=${put("effective_to")} /></label>
    <label class="whole">其他问法（每行一个）<textarea value=${draft.variants} rows="4" onInput=${put("variants")}></textarea></label>
    <label class="whole">话术<textarea value=${draft.text} rows="5" maxlength="1000" onInput=${put("text")}></textarea></label>
    <label class="tick whole"><input type="checkbox" checked=${draft.with_product} onChange=${(e) => setDraft({ ...draft, with_product: e.target.checked })} />提问中含具体产品时也适用</label>
    <div class="row whole"><button type="submit" class="go">提交审批</button><button type="button" onClick=${onLeave}>取消</button></div>
    ${error && html`<div class="whole">${problem(error)}</div>`}</form>`;
}

export function Unanswered({ api }) {
  const [weeks, setWeeks] = useState("12");
  const { rows, error } = useList(api, `knowledge/unanswered?weeks=${weeks}`);
  const byWeek = Object.entries(Object.groupBy ? Object.groupBy(rows || [], (row) => row.week) : (rows || []).reduce((all, row) => ({ ...all, [row.week]: [...(all[row.week] || []), row] }), {}));
  return html`<section class="kb"><h2>未答问题</h2><p class="hint">问了而没有找到依据的问题，按周计数；不记录是谁问的，客户姓名与号码已隐去。</p>
    <div class="row search"><label class="field">时间<select value=${weeks} onChange=${(e) => setWeeks(e.target.value)}>
      ${[["4", "最近 4 周"], ["12", "最近 12 周"], ["52", "最近一年"]].map(([n, word]) => html`<option value=${n}>${word}</option>`)}</select></label></div>
    ${problem(error)}${rows && !rows.length && html`<p class="hint">没有未答的问题。</p>`}
    ${byWeek.map(([week, asked]) => html`<h3>${week}（${asked.reduce((sum, row) => sum + row.times, 0)} 次）</h3><ol class="found">${asked.map((row) => html`
      <li class="card"><div class="row"><strong>${row.question}</strong><span class="badge n">${row.times} 次</span></div><div class="small">${row.note}</div></li>`)}</ol>`)}</section>`;
}
