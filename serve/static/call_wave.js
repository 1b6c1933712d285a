// The wave of a recording with leads and violations on it, and the words, which follow the sound.
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";

const WIDTH = 480, HEIGHT = 44;
const SPEAKERS = { advisor: "顾问", client: "客户", unknown: "某人" };
const SURE = 0.5; // confidence of the transcription, a mean over the words; below it a turn is worth an ear
const doubtful = (turn) => typeof turn.confidence === "number" && turn.confidence < SURE;
const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

async function get(url) {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(reply.status === 403 ? "客户文本已封存。" : "");
  return reply.json();
}

function marks(found) {
  const callId = found.id;
  const leads = found.leads.flatMap((lead) => lead.evidence.filter((e) => e.call === callId)
    .map((e) => ({ kind: "lead", zh: lead.zh, from: e.start_s, to: e.end_s, quote: e.quote })));
  const broken = found.findings.map((f) => ({ kind: "broken", zh: f.zh, from: f.start_s, quote: f.quote }));
  return [...leads, ...broken].filter((mark) => mark.from !== null && mark.from !== undefined).sort((a, b) => a.from - b.from);
}

function Bars({ levels, row, rows }) {
  const middle = (HEIGHT / rows) * (row + 0.5), most = HEIGHT / rows / 2 - 1;
  const path = levels.map((level, x) => { const h = Math.max(0.4, (level / 100) * most); return `M${x + 0.5} ${middle - h}V${middle + h}`; }).join("");
  return html`<path d=${path} class=${`bars side${row}`} />`;
}

export function Wave({ url, found, now, play }) {
  const [peaks, setPeaks] = useState(null);
  useEffect(() => { get(`${url}/peaks`).then(setPeaks, () => setPeaks(null)); }, [url]);
  if (!peaks) return null;
  const length = peaks.duration_s || found.duration_s || 1, x = (s) => Math.min(WIDTH, (s / length) * WIDTH);
  const seek = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    if (play) play(((event.clientX - box.left) / box.width) * length, null);
  };
  return html`<section aria-label="波形"><svg class="wave" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img"
      aria-label=${`录音波形，${clock(length)}`} onClick=${seek}>
      ${marks(found).map((mark) => html`<rect class=${`mark ${mark.kind}`} x=${x(mark.from)} y="0" height=${HEIGHT} width=${Math.max(3, x(mark.to ?? mark.from + 1) - x(mark.from))} />`)}
      ${peaks.channels.map((levels, row) => html`<${Bars} levels=${levels} row=${row} rows=${peaks.channels.length} />`)}
      <line class="now" x1=${x(now)} x2=${x(now)} y1="0" y2=${HEIGHT} /></svg>
    <ul class="marks">${marks(found).map((mark) => html`<li><button type="button" class=${`play ${mark.kind}`} disabled=${!play}
      aria-label=${`${mark.kind === "lead" ? "线索" : "违规用语"}，从${clock(mark.from)}播放：${mark.quote}`} onClick=${() => play(mark.from, mark.to)}>${
        mark.kind === "lead" ? "线索" : "违规"} ${clock(mark.from)} ${mark.zh}</button></li>`)}</ul></section>`;
}

export function Transcript({ url, found, now, play }) {
  const [turns, setTurns] = useState(null);
  const [error, setError] = useState("");
  const list = useRef(null);
  useEffect(() => { get(`${url}/turns`).then(setTurns, (problem) => { setTurns([]); setError(problem.message); }); }, [url]);
  const at = turns ? turns.findLastIndex((turn) => turn.start_s <= now + 0.05) : -1;
  useEffect(() => {
    const box = list.current, row = box?.children[at];
    if (row && now > 0) box.scrollTop = row.offsetTop - box.offsetTop - box.clientHeight / 3;
  }, [at]);
  if (!turns?.length) return error ? html`<p class="hint">${error}</p>` : null;
  const tone = (turn) => marks(found).filter((m) => m.from >= turn.start_s - 0.05 && m.from < turn.end_s).map((m) => m.kind).join(" ");
  return html`<section><h2>全文</h2><ol class="turns" ref=${list} tabindex="0" aria-label="通话全文，随录音滚动">${turns.map((turn, n) => html`
    <li class=${tone(turn)} aria-current=${n === at}><button type="button" class="play" disabled=${!play} aria-label=${`从${clock(turn.start_s)}播放`}
      onClick=${() => play(turn.start_s, null)}>${clock(turn.start_s)}</button><span class="small">${SPEAKERS[turn.speaker] || turn.speaker}</span><span>${turn.text}${doubtful(turn) ? html` <span class="small" title="转写没有把握，请听这一句">（没听清）</span>` : null}</span></li>`)}</ol></section>`;
}
