// From an answer to the client's chat: the text is judged as it is, and what leaves is what was cleared.
import { html, useState } from "/static/vendor/htm-preact-standalone.js";
import { call } from "/static/sidebar_api.js";
import { host, insert, inWeCom, sendToChat } from "/static/sidebar_host.js";
import { words as w } from "/static/strings.js";

const WAYS = {
  clipboard: { deliver: (text) => navigator.clipboard.writeText(text), word: () => w.copy, done: () => w.copied },
  host: { deliver: insert, word: () => w.insert, done: () => w.inserted },
  wecom: { deliver: sendToChat, word: () => w.send, done: () => w.sent },
};
const unmarked = (text) => text.replace(/\[\d+\]/g, "");

// The text with what was found in it marked at its place.
function Found({ text, findings }) {
  const spans = findings.filter((f) => f.end > f.start).sort((a, b) => a.start - b.start);
  const pieces = [];
  let at = 0;
  for (const f of spans.filter((each, n) => !n || each.start >= spans[n - 1].end)) {
    pieces.push(text.slice(at, f.start), html`<mark class="bad" title=${f.reason}>${text.slice(f.start, f.end)}</mark>`);
    at = f.end;
  }
  return html`<p class="judged">${pieces}${text.slice(at)}</p>`;
}

function Judged({ text, judged }) {
  const { verdict } = judged;
  return html`<div class="verdict" role="status"><span class=${`badge ${verdict.outcome}`}>${w[verdict.outcome]}</span>
    ${judged.cleared ? (judged.text !== text && html`<p class="hint">${w.added}</p><p class="judged">${judged.text}</p>`)
      : html`<p class="error">${w.notCleared}</p><${Found} text=${text} findings=${verdict.findings} />`}
    ${verdict.reasons.length > 0 && html`<ul class="reasons">${verdict.reasons.map((each) => html`<li>${judged.cleared ? w.handled : ""}${each}</li>`)}</ul>`}
    ${verdict.findings.filter((f) => !judged.cleared && f.suggestion && f.outcome !== "revise").map((f) => html`<p class="hint">${w.instead}${f.suggestion}</p>`)}
    ${verdict.review_id && html`<p class="hint">${w.inReview(verdict.review_id)}</p>`}</div>`;
}

export function Outgoing({ talkId, turnId, text: given }) {
  const [text, setText] = useState(unmarked(given));
  const [judged, setJudged] = useState(null);  // { of, ...TextOut }
  const [editing, setEditing] = useState(false);
  const [done, setDone] = useState("");
  const [proof, setProof] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const ways = ["clipboard", ...(host.origin ? ["host"] : []), ...(inWeCom ? ["wecom"] : [])];
  const change = (next) => { setText(next); setJudged(null); setDone(""); setProof(""); };
  const judge = async () => {
    if (judged?.of === text) return judged;
    const found = { of: text, ...(await call(`sessions/${talkId}/texts`, { text, turn_id: turnId })) };
    setJudged(found);
    return found;
  };
  const guarded = async (act) => {
    setBusy(true); setError("");
    try { await act(); } catch (problem) { setError(problem.message); }
    setBusy(false);
  };
  const leave = (way) => guarded(async () => {
    const found = await judge();
    if (!found.cleared) { setEditing(true); return; }
    const record = await call(`sessions/${talkId}/sent`, { text_id: found.id, channel: way });  // nothing leaves unrecorded
    await WAYS[way].deliver(found.text).catch(() => { throw new Error(w.sendFailed); });
    setDone(way); setProof(record.sha256);
  });
  const close = () => { change(unmarked(given)); setEditing(false); };
  return html`<div class="outgoing">
    ${editing && html`<label class="compose">${w.text}<textarea rows="4" maxlength="4000" value=${text}
        onInput=${(e) => change(e.target.value)} onKeyDown=${(e) => e.key === "Escape" && (e.stopPropagation(), close())}></textarea></label>`}
    ${judged && (editing || judged.text !== text) && html`<${Judged} text=${text} judged=${judged} />`}
    <div class="tools">
      ${editing ? html`<button type="button" disabled=${busy || !text.trim()} onClick=${() => guarded(judge)}>${w.check}</button>
          <button type="button" onClick=${close}>${w.cancel}</button>`
        : html`<button type="button" onClick=${() => setEditing(true)}>${w.edit}</button>`}
      ${ways.map((way) => html`<button type="button" disabled=${busy || !text.trim()} onClick=${() => leave(way)}>${done === way ? WAYS[way].done() : WAYS[way].word()}</button>`)}
    </div>
    ${proof && html`<p class="hint proof" role="status">${w.proof(proof.slice(0, 12))}</p>`}
    ${error && html`<p class="error" role="alert">${error}</p>`}</div>`;
}
