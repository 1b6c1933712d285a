// Calls on their way: what waits for somebody to say whose it is, what is kept unread, and how fast the rest is read.
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { asPerson, call, clock, when } from "/static/api.js";
import { Head, open, Problem, Tabs } from "/static/shell.js";

const TABS = { unassigned: "待确认归属", kept: "留存未分析" };
const REASONS = {
  not_told: "没有话单，不知道是谁的通话", client_unknown: "来去电号码不在客户资料里", client_shared: "多位客户共用这个号码",
  advisor_unknown: "分机号不在员工资料里", advisor_shared: "多位顾问共用这个分机", file_shared: "多条话单写了同名录音",
  no_such_client: "话单写的客户编号不在客户资料里", no_consent: "客户没有同意智能分析", consent_refused: "客户拒绝智能分析",
  sealed: "客户资料已封存", set_aside: "已确认不是客户通话",
};
const SIDES = { client: "客户", advisor: "顾问", either: "一方" };
const DIRECTIONS = { inbound: "呼入", outbound: "呼出" };
const FIGURES = [["ready", "待读"], ["reading", "在读"], ["unassigned", "待确认"], ["kept", "留存"], ["failed", "失败"], ["read", "已读"]];

function Figures({ found }) {
  if (!found) return null;
  const speed = found.end_to_leads;
  const minutes = (s) => (s === null ? "无" : s < 90 ? `${Math.round(s)} 秒` : `${(s / 60).toFixed(1)} 分钟`);
  return html`<section class="now" aria-label="现在的情况">
    <dl class="numbers">${FIGURES.map(([id, word]) => html`<div><dt>${word}</dt><dd>${found.counts[id]}</dd></div>`)}</dl>
    <p class="hint">${speed.calls ? `近 24 小时 ${speed.calls} 通：从挂断到线索，95% 在 ${minutes(speed.p95_s)} 以内，一半在 ${minutes(speed.p50_s)} 以内。`
      : "近 24 小时没有读过通话。"}</p>
    ${found.folder && html`<details open=${found.folder.refused.length > 0 || !!found.folder.away}>
      <summary>监听文件夹：${found.folder.away ? "打不开" : `${found.folder.waiting_count} 个文件待取，${found.folder.refused.length} 个取不了`}</summary>
      ${found.folder.away && html`<p class="error" role="alert">文件夹打不开，请检查设置 calls.watch 与权限。</p>`}
      <ul class="files">${found.folder.waiting.map((name) => html`<li>${name}：还没写完，或正在排队</li>`)}
        ${found.folder.refused.map((each) => html`<li class="late">${each.file}：取不了。<span class="small">${each.reason}</span></li>`)}</ul>
    </details>`}</section>`;
}

function Entry({ item, chosen, onChoose }) {
  return html`<li><button type="button" class="entry" aria-current=${chosen} onClick=${() => onChoose(item.id)}>
    <span><strong>${when(item.started_at || item.arrived_at)}</strong> <span class="small">${[DIRECTIONS[item.direction],
      item.duration_s !== null && clock(item.duration_s)].filter(Boolean).join("，")}</span></span>
    <span>${REASONS[item.reason] || item.told}</span>
    <span class="small">${item.lines.map((line) => `${SIDES[line.role]}尾号 ${line.tail}`).join("，")}</span></button></li>`;
}

function Listen({ id }) {
  const [url, setUrl] = useState("");
  const [error, setError] = useState("");
  useEffect(() => () => url && URL.revokeObjectURL(url), [url]);
  const open = async () => {
    try {
      const reply = await fetch(`/v1/calls/unassigned/${encodeURIComponent(id)}/audio`, { headers: asPerson() });
      if (!reply.ok) throw new Error("录音不在本机，或您无权收听。");
      setUrl(URL.createObjectURL(await reply.blob()));
    } catch (problem) {
      setError(problem instanceof TypeError ? "连不上服务，请检查它是否在运行。" : problem.message);
    }
  };
  if (error) return html`<p class="error" role="alert">${error}</p>`;
  return url ? html`<div class="player"><audio controls autoplay src=${url} aria-label=${`通话 ${id} 的录音`}
      onError=${() => setError("浏览器不能播放这种录音格式：请用本机播放器打开原文件。")}></audio></div>`
    : html`<button type="button" onClick=${open}>听录音</button> <span class="small">收听会留痕</span>`;
}

function Facts({ item }) {
  return html`<dl><dt>为什么没读</dt><dd>${REASONS[item.reason] || item.told}</dd>
    <dt>录音</dt><dd>${item.file || item.id}${item.recording ? "" : "（已不在本机）"}</dd>
    ${item.client_id && html`<dt>客户</dt><dd>${item.client_id}</dd>`}
    ${item.advisor_id && html`<dt>顾问</dt><dd>${item.advisor_id}</dd>`}
    ${item.lines.length > 0 && html`<dt>号码</dt><dd>${item.lines.map((line) => `${SIDES[line.role]}尾号 ${line.tail}`).join("，")}</dd>`}</dl>`;
}

function Choices({ word, ids, onPick }) {
  if (!ids || ids.length < 2) return null;
  return html`<div class="candidates"><span class="small">共用此号的${word}</span>${ids.map((id) => html`
    <button type="button" onClick=${() => onPick(id)}>${id}</button>`)}</div>`;
}

function Unassigned({ item, onDone }) {
  const [client, setClient] = useState(item.client_id || "");
  const [advisor, setAdvisor] = useState(item.advisor_id || "");
  const [why, setWhy] = useState("");
  const [error, setError] = useState("");
  const send = async (path, body, words) => {
    try {
      await call(`calls/${encodeURIComponent(item.id)}/${path}`, body);
      onDone(words);
    } catch (problem) {
      setError(problem.message);
    }
  };
  const assign = () => (client ? send("assign", { client_id: client, advisor_id: advisor || null, why }, "已登记归属，稍后读出。")
    : setError("请填写客户编号。"));
  const aside = () => (why.trim() ? send("set-aside", { why }, "已登记：不是客户通话，只留存。") : setError("请写明为什么不是客户通话。"));
  return html`<article class="item"><h2>这通电话是谁的？</h2><${Facts} item=${item} />
    ${item.recording && html`<p><${Listen} id=${item.id} /></p>`}
    <section class="decide">
      <${Choices} word="客户" ids=${item.candidates.client} onPick=${setClient} />
      <${Choices} word="顾问" ids=${item.candidates.advisor} onPick=${setAdvisor} />
      <div class="fields"><label>客户编号<input value=${client} onInput=${(e) => setClient(e.target.value.trim())} /></label>
        <label>顾问编号（可空）<input value=${advisor} onInput=${(e) => setAdvisor(e.target.value.trim())} /></label></div>
      <label>依据<textarea rows="2" maxlength="1000" value=${why} onInput=${(e) => setWhy(e.target.value)}></textarea></label>
      <${Problem} words=${error} />
      <div class="row"><button type="button" class="go" onClick=${assign}>登记归属</button>
        <button type="button" onClick=${aside}>不是客户通话</button></div></section></article>`;
}

function Kept({ item, onDone }) {
  const [error, setError] = useState("");
  const read = async () => {
    try {
      await call(`calls/${encodeURIComponent(item.id)}/read`, {});
      onDone("已交给后台再看一次：没有同意仍只留存。");
    } catch (problem) {
      setError(problem.message);
    }
  };
  return html`<article class="item"><h2>只留存，不分析</h2><${Facts} item=${item} />
    <p class="hint">录音按保存期限留存，供合规调阅。客户后来同意了智能分析的，可以再看一次。</p>
    <${Problem} words=${error} />
    <div class="row"><button type="button" class="go" onClick=${read}>再看一次</button>
      ${item.client_id && html`<a href=${`/desk#consents=${encodeURIComponent(item.client_id)}`}>看同意台账</a>`}</div></article>`;
}

function Queue({ tab, onChange }) {
  const [page, setPage] = useState({ calls: [], cursor: null });
  const [chosen, setChosen] = useState(null);
  const [told, setTold] = useState("");
  const [error, setError] = useState("");
  const [ready, setReady] = useState(false);
  const place = useRef(null);
  const load = async (after) => {
    try {
      const found = await call(`calls/${tab}${after ? `?after=${encodeURIComponent(after)}` : ""}`);
      setPage((before) => ({ calls: after ? [...before.calls, ...found.calls] : found.calls, cursor: found.cursor }));
      setError("");
    } catch (problem) {
      setError(problem.message);
    }
    setReady(true);
  };
  useEffect(() => { load(""); }, []);
  useEffect(() => { if (chosen && innerWidth <= 720) place.current?.scrollIntoView({ block: "start" }); }, [chosen]);
  const done = (words) => { setTold(words); setChosen(null); load(""); onChange(); };
  const item = page.calls.find((each) => each.id === chosen);
  const View = tab === "kept" ? Kept : Unassigned;
  return html`<div class="split"><section class="queue" aria-label=${TABS[tab]}>
      <${Problem} words=${error} />
      ${told && html`<div class="done" role="status">${told}</div>`}
      ${ready && !page.calls.length && !error && html`<p class="hint">没有条目。</p>`}
      <ol>${page.calls.map((each) => html`<${Entry} key=${each.id} item=${each} chosen=${each.id === chosen} onChoose=${setChosen} />`)}</ol>
      ${page.cursor && html`<button type="button" onClick=${() => load(page.cursor)}>更多</button>`}</section>
    <div ref=${place}>${item ? html`<${View} key=${item.id} item=${item} onDone=${done} />`
      : html`<p class="item hint">选择一条查看。</p>`}</div></div>`;
}

function App({ who }) {
  const [tab, setTab] = useState("unassigned");
  const [found, setFound] = useState(null);
  const load = () => call("calls/lane").then(setFound, () => setFound(null));
  useEffect(() => { load(); }, [who]);
  const tabs = Object.fromEntries(Object.entries(TABS).map(([id, word]) => [id, `${word}${found ? ` ${found.counts[id]}` : ""}`]));
  return html`<${Head} title="来电处理" hint="号码只存加密摘要与尾号。每次查看、收听与登记都留痕。" />
    <${Figures} found=${found} />
    <${Tabs} tabs=${tabs} tab=${tab} onTab=${setTab} />
    <${Queue} key=${`${tab} ${who}`} tab=${tab} onChange=${load} />`;
}

open(App);
