// Lists of clients: what waits for another person, what may be fetched.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { number, when } from "/static/api.js";
import { Decision } from "/static/decision.js";
import { Problem } from "/static/shell.js";

const STATES = { pending: "待审批", approved: "已批准", refused: "未批准" };
const OPERATOR = "operator"; // whom the server takes where nobody is named

export function Lists({ api, who }) {
  const [rows, setRows] = useState(null);
  const [error, setError] = useState("");
  const load = () => api.get("lists").then((found) => { setRows(found); setError(""); }, (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  const fetchFile = async (list) => {
    try {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await api.file(`lists/${list.id}/file`));
      link.download = `${list.segment}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      load();
    } catch (problem) {
      setError(problem.message);
    }
  };
  const me = who || OPERATOR;
  return html`<section class="panel"><h2>名单与审批</h2>
    <p class="hint">名单不含不可联系的客户。申请人不能审批自己的名单；下载时会去掉已离开客群或已不可联系的客户。</p>
    <${Problem} words=${error} />
    ${rows && !rows.length && html`<p class="hint">没有名单。</p>`}
    <ol class="found">${(rows || []).map((list) => html`<li class="card" key=${list.id}>
      <div class="row"><strong>${list.zh}</strong><span class="badge ${list.state === "approved" ? "pass" : list.state === "refused" ? "block" : "review"}">${STATES[list.state]}</span>
        <span class="small">${number(list.clients)} 人，另有 ${number(list.left_out)} 人不可联系</span></div>
      <div class="small">${list.asked_by} 于 ${when(list.asked_at)} 申请：${list.reason}</div>
      ${list.decided_by && html`<div class="small">${list.decided_by} 审批：${list.decision}</div>`}
      ${list.fetched_at && html`<div class="small">最近下载 ${when(list.fetched_at)}</div>`}
      ${list.state === "approved" && list.asked_by === me && html`<div class="row"><button type="button" class="go" onClick=${() => fetchFile(list)}>下载 CSV</button>
        <span class="small">可下载至 ${when(list.fetch_until)}</span></div>`}
      ${list.state === "pending" && list.asked_by !== me && html`<${Decision} path=${`lists/${list.id}/decision`} onDone=${load} />`}</li>`)}</ol></section>`;
}
