// One call: what was read in it, and the recording from the very second that proves it.
import { clock, whenExactly } from "/static/api.js";
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { Note } from "/static/call_note.js";
import { Transcript, Wave } from "/static/call_wave.js";
import { STATES } from "/static/parts.js";
import { Head, open, Problem } from "/static/shell.js";

const MASKED = /\*{3}/;
const BEFORE_S = 0.5;  // a little earlier than the words, lest the first syllable be lost
const URGENCY = { high: "紧急", normal: "一般", low: "不急" };
const SEVERITY = { high: "严重", medium: "一般", low: "轻微" };
const FOLLOWING = { register: "登记处理", call_back: "回访更正", train: "培训" };
const callId = decodeURIComponent(location.pathname.split("/").pop());
const url = `/v1/calls/${encodeURIComponent(callId)}`;

async function read() {
  let reply;
  try {
    reply = await fetch(url);
  } catch {
    throw new Error("连不上服务，请检查它是否在运行。");
  }
  const body = await reply.json().catch(() => ({}));
  if (reply.status === 404) throw new Error(`没有编号为 ${callId} 的通话，或您无权查看：请核对编号。`);
  if (!reply.ok) throw new Error(body.detail || "服务暂时不可用，请稍后再试。");
  return body;
}

function Play({ from, to, label, play }) {
  if (from === null || from === undefined) return null;
  if (!play) return html`<span class="small">${clock(from)}</span>`;
  return html`<button type="button" class="play" aria-label=${`从${clock(from)}播放：${label}`}
    onClick=${() => play(from, to)}>▶ ${clock(from)}</button>`;
}

function Lead({ lead, play }) {
  const sum = lead.amount_cny && `${Number(lead.amount_cny).toLocaleString("zh-CN")} 元`;
  return html`<li class="card">
    <div class="row"><strong>${lead.zh}</strong><span class="small">把握 ${Math.round(lead.confidence * 100)}%</span>
      <span class="badge">${STATES[lead.state] || lead.state}</span></div>
    <div class="small">${[lead.product, sum, URGENCY[lead.urgency]].filter(Boolean).join("，")}</div>
    ${lead.held_because && html`<div class="late">${lead.held_because}</div>`}
    <ul>${lead.evidence.filter((e) => e.call === callId).map((e) => html`
      <li><${Play} from=${e.start_s} to=${e.end_s} label=${e.quote} play=${play} /> <q>${e.quote}</q></li>`)}</ul></li>`;
}

function Finding({ finding, play }) {
  return html`<li class="card"><div class="row"><strong>${finding.zh}</strong>
      <span class="small">${SEVERITY[finding.severity] || finding.severity}，${FOLLOWING[finding.disposition] || finding.disposition}${
        finding.suspected ? "，模型存疑，待人工确认" : ""}</span></div>
    <div><${Play} from=${finding.start_s} label=${finding.quote} play=${play} /> <q>${finding.quote}</q></div></li>`;
}

function Part({ title, items, none, children }) {
  return html`<section><h2>${title}</h2>${items.length ? html`<ul class="cards">${children}</ul>` : html`<p class="hint">${none}</p>`}</section>`;
}

function Recording({ player, found, onFail, failed }) {
  if (!found.recording) return html`<p class="hint">录音已不在本机，只能看文字。</p>`;
  return html`<div class="player"><audio ref=${player} controls preload="metadata" src=${`${url}/audio`} onError=${onFail}
      aria-label="通话录音"></audio>
    ${failed && html`<p class="error" role="alert">浏览器不能播放这种录音格式：请用本机播放器打开原文件。</p>`}</div>`;
}

// What is masked here can be opened by compliance and supervisors; the audit log has who did.
function Originals({ found }) {
  const [turns, setTurns] = useState(null);
  const [error, setError] = useState("");
  if (!MASKED.test(JSON.stringify(found))) return null;
  const open = async () => {
    const reply = await fetch(`${url}/originals`).catch(() => null);
    const body = reply ? await reply.json().catch(() => ({})) : {};
    if (reply?.ok) setTurns(body.turns);
    else setError(reply?.status === 403 ? "您无权查看原话：只有合规和主管可以查看，且会留痕。" : body.detail || "连不上服务，请稍后再试。");
  };
  return html`<section><h2>已隐去的信息</h2>
    <${Problem} words=${error} />
    ${turns ? html`<ul class="cards">${turns.map((t) => html`<li class="card"><q>${t.text}</q></li>`)}</ul>`
      : html`<p class="hint">本页隐去了手机号、证件号、卡号等。查看原话会记入审计日志。</p>
        <button type="button" onClick=${open}>查看原话</button>`}</section>`;
}

function App() {
  const [found, setFound] = useState(null);
  const [error, setError] = useState("");
  const [failed, setFailed] = useState(false);
  const [now, setNow] = useState(0);
  const player = useRef(null);
  const until = useRef(null);

  const play = (from, to) => {
    const audio = player.current;
    until.current = to ?? null;
    audio.currentTime = Math.max(0, from - BEFORE_S);
    audio.play().catch(() => {});  // a format that cannot be played reports itself by its error event
  };
  useEffect(() => { read().then(setFound, (problem) => setError(problem.message)); }, []);
  useEffect(() => {
    const audio = player.current;
    if (!audio) return undefined;
    const stop = () => {
      if (until.current !== null && audio.currentTime >= until.current) { until.current = null; audio.pause(); }
    };
    const follow = () => setNow(audio.currentTime);
    audio.addEventListener("timeupdate", stop);
    for (const event of ["timeupdate", "seeked"]) audio.addEventListener(event, follow);
    const wanted = /^#t=([\d.]+)$/.exec(location.hash);
    if (wanted) audio.currentTime = Number(wanted[1]);
    return () => {
      audio.removeEventListener("timeupdate", stop);
      for (const event of ["timeupdate", "seeked"]) audio.removeEventListener(event, follow);
    };
  }, [found]);

  if (error) return html`<${Head} title="通话" /><p class="error part" role="alert">${error}</p>`;
  if (!found) return html`<p class="hint part">正在打开…</p>`;
  const playing = found.recording && !failed ? play : null;
  const segments = found.inspection?.segments || [];
  const about = `${whenExactly(found.started_at) || "时间未知"}，${clock(found.duration_s)}，客户 ${found.client_id || "未知"}，顾问 ${found.advisor_id || "未知"}`;
  return html`<${Head} title=${`通话 ${callId}`} hint=${`${about}。由模型${found.model_version ? ` ${found.model_version} ` : ""}读出，请听录音核对。`} />
    <${Recording} player=${player} found=${found} failed=${failed} onFail=${() => setFailed(true)} />
    <div class="part">
      ${found.recording && html`<${Wave} url=${url} found=${found} now=${now} play=${playing} />`}
      <${Transcript} url=${url} found=${found} now=${now} play=${playing} />
      ${found.warnings.length > 0 && html`<ul class="reasons">${found.warnings.map((w) => html`<li class="late">${w}</li>`)}</ul>`}
      <${Part} title="线索" items=${found.leads} none="这通电话没有线索。">
        ${found.leads.map((lead) => html`<${Lead} key=${lead.id} lead=${lead} play=${playing} />`)}<//>
      <${Part} title="顾问用语" items=${found.findings} none="没有发现违规用语。">
        ${found.findings.map((f) => html`<${Finding} finding=${f} play=${playing} />`)}<//>
      ${found.inspection && html`<${Part} title="先听这几段" items=${segments} none="没有需要先听的片段。">
        ${segments.map((s) => html`<li class="card"><div><${Play} from=${s.start_s} to=${s.end_s} label=${s.why.join("、")} play=${playing} />
          ${s.why.join("；")}</div></li>`)}<//>`}
      <${Note} callId=${callId} shown=${found.note} />
      <${Originals} found=${found} />
    </div>`;
}

open(App, { acts: false });
