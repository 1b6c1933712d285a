// The weekly report on leads: how many, how many right, and what moved beyond chance.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api, number } from "/static/api.js";
import { Head, open, Problem } from "/static/shell.js";

const GROUPS = { intent: "意图", model: "模型版本", branch: "营业部", draw: "入选方式" };
const percent = (share) => (share === null ? "—" : `${(share * 100).toFixed(1)}%`);

function isoWeek(weeksAgo) {
  const day = new Date(Date.now() + 8 * 3_600_000 - weeksAgo * 7 * 86_400_000); // China's clock, read as UTC
  const thursday = new Date(day);
  thursday.setUTCDate(day.getUTCDate() + 4 - (day.getUTCDay() || 7));
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.ceil(((thursday - first) / 86_400_000 + 1) / 7);
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}

function Volume({ volume }) {
  return html`<td>${number(volume.now)}${volume.moved && html`<span class="badge block">${volume.now > volume.expected ? "增多" : "减少"}</span>`}</td>
    <td>${volume.low === null ? "—" : `${number(Math.round(volume.low))}–${number(Math.round(volume.high))}`}</td>`;
}

function Right({ precision }) {
  return html`<td>${percent(precision.now)}${precision.moved && html`<span class="badge block">${precision.now > precision.before ? "上升" : "下降"}</span>`}</td>
    <td>${precision.now === null ? "—" : `${percent(precision.low)}–${percent(precision.high)}`}</td><td>${percent(precision.before)}</td>
    <td>${precision.won} / ${precision.lost} / ${precision.wrong}</td>`;
}

function Table({ by, rows }) {
  const moved = (row) => row.volume.moved || row.precision.moved;
  const sorted = [...rows].sort((a, b) => moved(b) - moved(a) || b.volume.now - a.volume.now);
  return html`<h2>按${GROUPS[by]}</h2><div class="scroll" tabindex="0" role="region" aria-label=${`按${GROUPS[by]}`}><table>
    <thead><tr><th scope="col">${GROUPS[by]}</th><th scope="col">线索</th><th scope="col">通常范围</th><th scope="col">正确率</th>
      <th scope="col">95%区间</th><th scope="col">此前</th><th scope="col">成交/未成/误报</th></tr></thead>
    <tbody>${sorted.map((row) => html`<tr class=${moved(row) ? "moved" : ""}><td>${row.zh}</td><${Volume} volume=${row.volume} /><${Right} precision=${row.precision} /></tr>`)}</tbody></table></div>`;
}

function Report({ report }) {
  const whole = report.rows.find((row) => row.by === "all");
  if (!whole) return html`<p class="hint">这一周及此前都没有线索。</p>`;
  const count = report.rows.filter((row) => row.volume.moved || row.precision.moved).length;
  return html`
    <p class="hint">${report.first} 至 ${report.last}${report.complete ? "" : "（本周未结束，数目偏少）"}，与此前 ${report.weeks_before} 周比较。正确率 = 成交与未成占已反馈线索的比例。</p>
    <dl class="numbers"><div><dt>新线索</dt><dd>${number(whole.volume.now)}</dd></div>
      <div><dt>正确率</dt><dd>${percent(whole.precision.now)}</dd></div>
      <div><dt>超出偶然的变化</dt><dd>${count}</dd></div></dl>
    ${report.weeks_before < 3 && html`<p class="hint">此前不足三周，还不能判断线索数目的变化。</p>`}
    ${Object.keys(GROUPS).map((by) => html`<${Table} key=${by} by=${by} rows=${report.rows.filter((row) => row.by === by)} />`)}`;
}

function App({ who }) {
  const [week, setWeek] = useState(isoWeek(1));
  const [state, setState] = useState({ report: null, error: "" });
  useEffect(() => {
    let stale = false;
    api.get(`reports/drift?week=${week}`).then(
      (report) => stale || setState({ report, error: "" }), (problem) => stale || setState({ report: null, error: problem.message }));
    return () => { stale = true; };
  }, [week, who]);
  return html`
    <${Head} title="线索周报" hint="标出的变化，在多项比较之后仍超出偶然。">
      <label class="who">周<select value=${week} onChange=${(event) => setWeek(event.target.value)}>${
        Array.from({ length: 13 }, (_, n) => isoWeek(n)).map((id) => html`<option value=${id}>${id}</option>`)}</select></label><//>
    <section class="panel"><${Problem} words=${state.error} />
      ${state.report && html`<${Report} report=${state.report} />`}</section>`;
}

open(App);
