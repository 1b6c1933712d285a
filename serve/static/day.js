// The advisor's day: whom to speak to and why, promises that are due, and a product's card while the client waits.
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, left, yuan } from "/static/api.js";
import { Head, open, Problem } from "/static/shell.js";
import { at, Card } from "/static/board_card.js";
import { ProductBox } from "/static/day_product.js";

function Reason({ reason }) {
  return html`<li>${reason.zh}${reason.link && html` <a href=${reason.link}>${reason.version_id ? "看文件" : "听原话"}</a>`}
    ${reason.lead_id && html` <a href="/board">看线索</a>`}${reason.quote && html`<span class="quote">“${reason.quote}”</span>`}</li>`;
}

function Client({ place, client, chosen, onChoose }) {
  return html`<li class="lead" aria-current=${chosen}>
    <button type="button" class="entry" onClick=${() => onChoose(client.id)}>
      <span><strong>${place}. ${client.name}</strong> <span class="small">${client.id}</span></span>
      <span class="small">${client.risk_level || "未测评"}，${yuan(client.assets_cny) || "资产未知"}</span></button>
    <ul class="reasons">${client.reasons.map((reason) => html`<${Reason} reason=${reason} />`)}</ul></li>`;
}

const LATER = [["明天", 1], ["三天后", 3], ["一周后", 7]];
const nine = (days) => {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date(Date.now() + days * 86_400_000));
  return `${day}T09:00:00+08:00`;
};

function Task({ task, onDone }) {
  const [error, setError] = useState("");
  const act = async (path, body, words) => {
    try {
      await call(`tasks/${encodeURIComponent(task.id)}/${path}`, body);
      onDone(words);
    } catch (problem) { setError(problem.message); }
  };
  return html`<li class="lead"><div class="entry"><strong>${task.what}</strong>
      <span class="small">客户 ${task.client_id || "未知"}，<span class=${task.due_at && new Date(task.due_at) < Date.now() ? "late" : ""}>${task.due_at ? left(task.due_at) : "没有说定时间"}</span>
        <a href=${at(task.call_id, task.evidence[0]?.start_s)}>听原话</a></span></div>
    <div class="act row"><button type="button" onClick=${() => act("done", { outcome: "done" }, "已记为完成。")}>完成</button>
      ${LATER.map(([word, days]) => html`<button type="button" onClick=${() => act("postpone", { until: nine(days) }, `已推迟到${word}。`)}>${word}</button>`)}
      <button type="button" onClick=${() => act("done", { outcome: "wrong" }, "已记为误读。")}>没有答应过</button></div>
    <${Problem} words=${error} /></li>`;
}

// What is to be done for the clients of a segment by a day; each was given to the client's own advisor.
function Service({ task, onDone }) {
  const [error, setError] = useState("");
  const act = async (outcome, words) => {
    try {
      await call(`service-tasks/${encodeURIComponent(task.id)}/done`, { outcome });
      onDone(words);
    } catch (problem) { setError(problem.message); }
  };
  return html`<li class="lead"><div class="entry"><strong>${task.what}</strong>
      <span class="small">客户 ${task.client_id}，<span class=${new Date(task.due_at) < Date.now() ? "late" : ""}>${left(task.due_at)}</span>，${task.given_by} 派发</span></div>
    <div class="act row"><button type="button" onClick=${() => act("done", "已记为完成。")}>完成</button>
      <button type="button" onClick=${() => act("dropped", "已取消这项任务。")}>不再需要</button></div>
    <${Problem} words=${error} /></li>`;
}

function Day({ who }) {
  const [found, setFound] = useState(null);
  const [tasks, setTasks] = useState([]);
  const [services, setServices] = useState([]);
  const [chosen, setChosen] = useState("");
  const [told, setTold] = useState("");
  const [error, setError] = useState("");
  const card = useRef(null);
  const whose = who ? `&advisor=${encodeURIComponent(who)}` : "";
  const load = () => Promise.all([call("day"), call(`tasks?limit=50${whose}`), call(`service-tasks?limit=50${whose}`)])
    .then(([day, open, given]) => { setFound(day); setTasks(open.tasks); setServices(given.tasks); setError(""); }, (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  useEffect(() => { if (chosen && innerWidth <= 720) card.current?.scrollIntoView({ block: "start" }); }, [chosen]);
  if (error) return html`<div class="error" role="alert">${error}</div>`;
  if (!found) return html`<p class="hint">正在打开…</p>`;
  const done = (words) => { setTold(words); load(); };
  return html`${told && html`<div class="done" role="status">${told}</div>`}
    <div class="split"><section class="queue leads" aria-label="今日客户"><h2>今日客户</h2>
      <p class="hint">${found.day}，${found.clients.length} 位${found.more ? `，另有 ${found.more} 位有待联系` : ""}${found.kept_back ? `；${found.kept_back} 位已拒绝联系，不列出` : ""}</p>
      ${!found.clients.length && html`<p class="hint">今天没有必须联系的客户。</p>`}
      <ol>${found.clients.map((client, n) => html`<${Client} key=${client.id} place=${n + 1} client=${client} chosen=${client.id === chosen} onChoose=${setChosen} />`)}</ol>
      <h2>我的承诺</h2>${!tasks.length && html`<p class="hint">没有未完成的承诺。</p>`}
      <ol>${tasks.map((task) => html`<${Task} key=${task.id} task=${task} onDone=${done} />`)}</ol>
      ${services.length > 0 && html`<h2>服务任务</h2><ol>${services.map((task) => html`<${Service} key=${task.id} task=${task} onDone=${done} />`)}</ol>`}</section>
    <div><${ProductBox} /><div ref=${card} class="item">${chosen ? html`<${Card} key=${chosen} clientId=${chosen} />` : html`<p class="hint">选择一位客户，查看客户卡片。</p>`}</div></div></div>`;
}

function App({ who }) {
  return html`<${Head} title="今日" hint="先联系谁、为什么、依据在哪。每次查看都留痕。" />
    <${Day} key=${who} who=${who} />`;
}

open(App);
