// Panels without a queue: spoken words, indicators, mistakes.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { clock } from "/static/api.js";
import { call, OUTCOMES } from "/static/review_api.js";
import { Problem } from "/static/shell.js";

const HOW = { registered: "已登记", called_back: "已回访更正", trained: "已培训", dismissed: "非违规（听错）" };
const ASKED = { register: "应登记", call_back: "应回访更正", train: "应培训" };
const SEVERITY = { low: "低", medium: "中", high: "高" };
const ENDS = { register: "registered", call_back: "called_back", train: "trained" };

function useLoaded(load, keys) {
  const [state, setState] = useState({ data: null, error: "" });
  const again = () => load().then((data) => setState({ data, error: "" }), (problem) => setState({ data: null, error: problem.message }));
  useEffect(() => { again(); }, keys);
  return [state, again];
}

function Words({ finding, onDone }) {
  const [how, setHow] = useState(ENDS[finding.disposition]);
  const [lead, setLead] = useState("release");
  const [note, setNote] = useState("");
  const [error, setError] = useState("");
  const dispose = async () => {
    if (!note.trim()) return setError("请填写处置说明。");
    try {
      onDone(await call(`spoken/${finding.id}`, { how, lead, note }));
    } catch (problem) {
      setError(problem.message);
    }
    return undefined;
  };
  return html`<li class="card">
    <div class="row"><strong>“${finding.quote}”</strong><span class="badge block">${SEVERITY[finding.severity]}</span>
      ${finding.confidential && html`<span class="badge block">保密</span>`}<span class="small">${finding.rule}</span></div>
    <div class="small">通话 ${finding.call_id}，${clock(finding.start_s)} 处（第 ${finding.turn + 1} 轮），顾问 ${
      finding.advisor_id || "未知"}，客户 ${finding.client_id || "未知"}，${ASKED[finding.disposition]}</div>
    <div class="row"><label>处置<select value=${how} onChange=${(e) => setHow(e.target.value)}>${
        Object.entries(HOW).map(([id, word]) => html`<option value=${id}>${word}</option>`)}</select></label>
      <label>因此暂缓的线索<select value=${lead} onChange=${(e) => setLead(e.target.value)}>
        <option value="release">放行</option><option value="close">关闭</option></select></label></div>
    <label>说明<textarea rows="2" maxlength="2000" value=${note} onInput=${(e) => setNote(e.target.value)}></textarea></label>
    <${Problem} words=${error} />
    <div class="row"><button type="button" class="go" onClick=${dispose}>处置</button></div></li>`;
}

export function Spoken() {
  const [state, again] = useLoaded(() => call("spoken"), []);
  const [told, setTold] = useState("");
  const done = (result) => {
    setTold(`已处置；放行线索 ${result.released.length} 条，关闭 ${result.closed.length} 条。`);
    again();
  };
  const found = state.data?.findings || [];
  return html`<section class="panel"><h2>录音用语</h2>
    <p class="hint">录音可能听错，处置前请先听。全部用语处置后，因承诺等话术得来的线索才会放行或关闭。</p>
    ${told && html`<div class="done" role="status">${told}</div>`}
    <${Problem} words=${state.error} />
    ${state.data && !found.length && html`<p class="hint">没有待处置的用语。</p>`}
    <ol class="found">${found.map((f) => html`<${Words} key=${f.id} finding=${f} onDone=${done} />`)}</ol></section>`;
}

const GROUPS = { rule: "规则", advisor: "顾问", branch: "营业部", week: "周" };
const share = (rate) => (rate === null ? "" : `（${(rate * 100).toFixed(1)}%）`);
const told = (period) => `${period.found}/${period.texts}${share(period.rate)}`;

export function Indicators() {
  const [by, setBy] = useState("rule");
  const [state] = useLoaded(() => call(`indicators?by=${by}`), [by]);
  const rows = state.data || [];
  return html`<section class="panel"><div class="row"><h2>风险指标</h2>
      <select aria-label="分组" value=${by} onChange=${(e) => setBy(e.target.value)}>${
        Object.entries(GROUPS).map(([id, word]) => html`<option value=${id}>按${word}</option>`)}</select></div>
    <p class="hint">发现数/文本数。不足 20 条时只列数目，不算比例。</p>
    <${Problem} words=${state.error} />
    ${state.data && !rows.length && html`<p class="hint">还没有数据。</p>`}
    ${rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label="指标表"><table>
      <thead><tr><th scope="col">${GROUPS[by]}</th><th scope="col">${by === "week" ? "发现" : "本周"}</th>
        ${by === "week" ? html`<th scope="col">退回</th><th scope="col">复核</th><th scope="col">拦截</th>` : html`<th scope="col">前四周</th><th scope="col">变化</th>`}</tr></thead>
      <tbody>${rows.map((row) => html`<tr><td>${row.key || "未知"}</td><td>${told(row.week)}</td>
        ${by === "week" ? html`<td>${row.week.returned}</td><td>${row.week.reviewed}${share(row.week.review_rate)}</td><td>${row.week.blocked}</td>`
          : html`<td>${told(row.before)}</td><td>${row.change === null ? "-" : `${row.change} 倍`}</td>`}</tr>`)}</tbody></table></div>`}</section>`;
}

export function Mistakes() {
  const [state, again] = useLoaded(() => call("mistakes?state=proposed&limit=200"), []);
  const [error, setError] = useState("");
  const decide = async (id, approve) => {
    try {
      await call(`mistakes/${id}`, { approve });
      setError("");
      again();
    } catch (problem) {
      setError(problem.message);
    }
  };
  const found = state.data?.mistakes || [];
  return html`<section class="panel"><h2>纠错</h2>
    <p class="hint">由另一名审核人员确认后，成为测试用例和训练语料。个人信息已遮盖。</p>
    <${Problem} words=${error || state.error} />
    ${state.data && !found.length && html`<p class="hint">没有待确认的条目。</p>`}
    <ol class="found">${found.map((m) => html`<li class="card" key=${m.id}>
      <div class="row"><strong>${m.kind === "missed" ? "漏报" : "误报"} ${m.rule}</strong>
        <span class="small">${m.created_by} 标出，应为 ${OUTCOMES[m.verdict]}</span></div>
      <div>“${m.quote}”</div><div class="original">${m.text}</div>
      <div class="row"><button type="button" class="go" onClick=${() => decide(m.id, true)}>确认</button>
        <button type="button" class="bad" onClick=${() => decide(m.id, false)}>不采纳</button></div></li>`)}</ol></section>`;
}
