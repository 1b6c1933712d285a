// What evaluations and benchmarks measured last on this machine.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, when } from "/static/api.js";
import { Head, open } from "/static/shell.js";

const figure = (value) => (typeof value === "number" ? (Number.isInteger(value) ? String(value) : value.toPrecision(3)) : String(value ?? "未知"));
const shown = (value) => {
  if (value === null || typeof value !== "object") return figure(value);
  if ("value" in value) return `${figure(value.value)}${value.low !== undefined ? ` [${figure(value.low)}, ${figure(value.high)}]` : ""}`;
  return Object.entries(value).map(([name, each]) => `${name} ${figure(each)}`).join("，");
};

function Suite({ result }) {
  return html`<section class="card"><h2>${result.suite}</h2>
    <p class="hint">${when(result.at)}，版本 ${result.tougu}，样本 ${result.data?.n ?? "未知"}，用时 ${figure(result.seconds)} 秒${result.unscored ? `，${result.unscored} 项未计分` : ""}</p>
    <div class="scroll" role="region" tabindex="0" aria-label=${result.suite}><table class="figures"><tbody>${Object.entries(result.metrics).map(([name, value]) => html`
      <tr><th scope="row">${name}</th><td>${shown(value)}</td></tr>`)}</tbody></table></div></section>`;
}

function Results() {
  const [found, setFound] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => { call("evaluations").then(setFound, (problem) => setError(problem.message)); }, []);
  if (error) return html`<div class="error" role="alert">${error}</div>`;
  if (!found) return html`<p class="hint">正在打开…</p>`;
  if (!found.length) return html`<p class="item hint">还没有评测结果：运行 tougu eval 或 tougu bench 后显示在这里。</p>`;
  return html`<div class="item">${found.map((result) => html`<${Suite} key=${result.suite} result=${result} />`)}</div>`;
}

function App({ who }) {
  return html`<${Head} title="评测" hint="每个评测最近一次的结果；方括号内为 95% 置信区间。" /><${Results} key=${who} />`;
}

open(App);
