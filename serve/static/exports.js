// Large files and long lists: asked for, approved by another person, then fetched where they are made.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api, number, when } from "/static/api.js";
import { Decision } from "/static/decision.js";
import { Head, open, Problem } from "/static/shell.js";

const STATES = { pending: ["待审批", "review"], approved: ["已批准", "pass"], refused: ["未批准", "block"] };
const WHAT = {
  lists: "列表：当日可看行数之外的更多行", leads: "线索文件", outreach: "客群外发的文字", mistakes: "误判案例", audit: "客户的审计条目（命令行）",
};
const APPROVERS = ["supervisor", "compliance", "system"];
const OPERATOR = "operator";  // whom the server takes where nobody is named

function Ask({ onDone }) {
  const [asked, setAsked] = useState({ what: "lists", rows: "5000", about: "", reason: "" });
  const [error, setError] = useState("");
  const [done, setDone] = useState(false);
  const send = async (event) => {
    event.preventDefault();
    setDone(false);
    const rows = Number(asked.rows);
    if (!Number.isInteger(rows) || rows < 1) return setError("请填写行数，一个正整数。");
    if (asked.what === "audit" && !asked.about.trim()) return setError("请填写客户编号，审计条目按客户导出。");
    if (!asked.reason.trim()) return setError("请填写用途，审批人据此决定。");
    try {
      await api.post("exports", { ...asked, rows, about: asked.what === "audit" ? asked.about.trim() : null });
      setAsked({ ...asked, reason: "" }); setError(""); setDone(true);
      onDone();
    } catch (problem) { setError(problem.message); }
    return undefined;
  };
  const field = (name) => ({ value: asked[name], onInput: (event) => setAsked({ ...asked, [name]: event.target.value }) });
  return html`<form class="plain panel" aria-label="申请" onSubmit=${send} onInput=${() => setError("")}>
    <div class="fields"><label>内容<select ...${field("what")}>${Object.entries(WHAT).map(([id, word]) => html`<option value=${id}>${word}</option>`)}</select></label>
      <label>行数，至多<input inputmode="numeric" maxlength="8" ...${field("rows")} /></label>
      ${asked.what === "audit" && html`<label>客户编号<input maxlength="64" ...${field("about")} /></label>`}
      <label>用途（记入审计日志）<input maxlength="2000" ...${field("reason")} /></label></div>
    <${Problem} words=${error} />${done && html`<p class="hint" role="status">已提交，等待另一人审批。</p>`}
    <div class="row"><button class="go">提交申请</button></div></form>`;
}

function One({ asked, mine, decides, onDone }) {
  const [word, sign] = STATES[asked.state];
  return html`<li class="card"><div class="row"><strong>${WHAT[asked.what] || asked.what}</strong><span class=${`badge ${sign}`}>${word}</span>
      <span class="small">${asked.about ? `客户 ${asked.about}，` : ""}至多 ${number(asked.rows)} 行</span></div>
    <div class="small">${asked.asked_by} 于 ${when(asked.asked_at)} 申请：${asked.reason}</div>
    ${asked.decided_by && html`<div class="small">${asked.decided_by} 审批：${asked.decision}</div>`}
    ${asked.state === "approved" && html`<div class="small">有效至 ${when(asked.fetch_until)}${mine ? "，请回到原来的页面取用" : ""}</div>`}
    ${asked.state === "pending" && mine && html`<div class="small">须由另一人审批。</div>`}
    ${asked.state === "pending" && !mine && decides && html`<${Decision} path=${`exports/${asked.id}/decision`} onDone=${onDone} />`}</li>`;
}

function Exports({ me, decides }) {
  const [rows, setRows] = useState(null);
  const [error, setError] = useState("");
  const load = () => api.get("exports").then((found) => { setRows(found); setError(""); }, (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  return html`<${Ask} onDone=${load} /><section class="panel"><h2>申请与审批</h2><${Problem} words=${error} />
    ${rows && !rows.length && html`<p class="hint">还没有申请。</p>`}
    <ol class="found">${(rows || []).map((each) => html`<${One} key=${each.id} asked=${each} mine=${each.asked_by === me} decides=${decides} onDone=${load} />`)}</ol></section>`;
}

function App({ who, roles }) {
  return html`<${Head} title="导出审批" hint="超过限额的文件和列表，由另一人审批后才能取用；每一行都带有编号、取用人和时间。" />
    <${Exports} key=${who} me=${who || OPERATOR} decides=${roles.some((role) => APPROVERS.includes(role))} />`;
}

open(App);
