// The supervisor's view: each advisor in numbers; a name opens their list.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { call } from "/static/api.js";

const COLUMNS = { overdue: "逾期", open: "待办", claimed: "跟进中", contacted: "已联系", won: "本周成交", lost: "本周未成", wrong: "本周误报" };

export function Team({ onOpen, onTeam }) {
  const [team, setTeam] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => {
    call("board/team").then((found) => {
      setTeam(found);
      onTeam(found.members.map((m) => m.advisor_id).filter((id) => id !== "-"));
    }, (problem) => setError(problem.message));
  }, []);
  if (error) return html`<section class="panel"><div class="error" role="alert">${error}</div></section>`;
  if (!team) return html`<p class="hint panel">正在打开…</p>`;
  const number = (n) => (n >= team.bound ? `${n}+` : n);
  return html`<section class="panel"><h2>团队</h2>
    <p class="hint">点姓名看其线索并移交。本周自周一算起。</p>
    <div class="scroll" tabindex="0" role="region" aria-label="团队表"><table>
      <thead><tr><th scope="col">顾问</th>${Object.values(COLUMNS).map((word) => html`<th scope="col">${word}</th>`)}</tr></thead>
      <tbody>${team.members.filter((m) => m.advisor_id !== "-" || m.open || m.contacted).map((m) => html`<tr>
        <td><button type="button" onClick=${() => onOpen(m.advisor_id)}>${m.advisor_id === "-" ? "无顾问" : `${m.name} ${m.advisor_id}`}</button>
          <div class="small">${m.branch}</div></td>
        ${Object.keys(COLUMNS).map((id) => html`<td class=${id === "overdue" && m[id] ? "late" : ""}>${number(m[id])}</td>`)}</tr>`)}</tbody></table></div></section>`;
}
