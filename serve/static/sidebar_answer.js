// An answer: its sentences as they are cleared, each with its sources, the verdict with its reasons.
import { html, useState } from "/static/vendor/htm-preact-standalone.js";
import { call } from "/static/sidebar_api.js";
import { Outgoing } from "/static/sidebar_send.js";
import { words as w } from "/static/strings.js";

const REASONS = ["wrong", "outdated", "incomplete", "unclear", "slow", "other"];
const QUOTED = 90;

const place = (citation) =>
  `/documents/${encodeURIComponent(citation.version_id)}?start=${citation.start}&end=${citation.end}#mark`;

function Marks({ numbers, sources }) {
  const known = numbers.map((n) => sources.find((each) => each.n === n)).filter(Boolean);
  return known.map((source) => html`
    <a class="cite" href=${place(source)} target="_blank" rel="noopener" aria-label=${w.source(source.n, source.title)}>${source.n}</a>`);
}

// While it comes each sentence stands by its own verdict; afterwards by that on the whole.
function Sentence({ said, judged }) {
  if (said.held !== undefined) return html`<span class="withheld">${w.heldSentence(said.held)}</span>`;
  if (said.back !== undefined) return html`<span class="withheld">${w.tookBack(said.back)}</span>`;
  const sign = said.mended ? w.masked : w.okSentence;
  return html`<span class=${judged ? "said" : "said fresh"}>${said.text}<${Marks} numbers=${said.citations} sources=${said.sources} /><span
    class="sign" role="img" aria-label=${sign} title=${sign}>${said.mended ? "◐" : "✓"}</span></span>`;
}

function Figures({ table, sources }) {
  if (!table) return null;
  const [names, ...columns] = table.header;
  return html`<table class="figures" aria-label=${w.figures}>
    <thead><tr><th scope="col">${names}</th>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${table.rows.map(([label, ...cells]) => html`
      <tr><th scope="row">${label.text}</th>${cells.map((cell) => html`
        <td>${cell.text}<${Marks} numbers=${cell.citations} sources=${sources} /></td>`)}</tr>`)}</tbody>
    ${table.result && html`<tfoot><tr><th scope="row">${table.result[0].text}</th>
      <td colspan=${columns.length}>${table.result[1].text}</td></tr></tfoot>`}
  </table>`;
}

function Sources({ citations }) {
  if (!citations.length) return null;
  return html`<ol aria-label=${w.sources}>${citations.map((citation) => html`
    <li><a href=${place(citation)} target="_blank" rel="noopener">[${citation.n}] ${citation.title}</a>
      <span class="quote">${citation.quote.slice(0, QUOTED)}${citation.quote.length > QUOTED ? "…" : ""}</span></li>`)}</ol>`;
}

function Verdict({ reply }) {
  const { outcome, findings, reasons, review_id: review } = reply.verdict;
  return html`<span class=${`badge ${outcome}`}>${w[outcome]}</span>
    ${findings.length > 0 && html`<ul class="reasons">${findings.map((f) => html`
      <li>${reply.cleared ? w.handled : ""}${f.reason}${!reply.cleared && f.suggestion ? `${w.instead}${f.suggestion}` : ""}</li>`)}</ul>`}
    ${!findings.length && reasons.length > 0 && html`<ul class="reasons">${reasons.map((r) => html`<li>${r}</li>`)}</ul>`}
    ${review && html`<p class="hint">${w.inReview(review)}</p>`}`;
}

function Opinion({ talkId, turn }) {
  const [good, setGood] = useState(turn.good ?? null);
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("wrong");
  const [more, setMore] = useState("");
  const [error, setError] = useState("");
  const tell = async (opinion) => {
    try {
      await call(`sessions/${talkId}/turns/${turn.id}/opinion`, opinion);
      setGood(opinion.good); setAsking(false); setError("");
    } catch (problem) { setError(problem.message); }
  };
  return html`<div class="opinion">
    <button type="button" class="plain" aria-pressed=${good === true} onClick=${() => tell({ good: true })}>${w.good}</button>
    <button type="button" class="plain" aria-pressed=${good === false} aria-expanded=${asking} onClick=${() => setAsking(!asking)}>${w.bad}</button>
    ${good !== null && !asking && html`<span class="hint" role="status">${w.thanks}</span>`}
    ${asking && html`<fieldset><label>${w.why} <select value=${reason} onChange=${(e) => setReason(e.target.value)}>
        ${REASONS.map((id) => html`<option value=${id}>${w[id]}</option>`)}</select></label>
      <label>${w.words} <input value=${more} maxlength="500" onInput=${(e) => setMore(e.target.value)} /></label>
      <button type="button" onClick=${() => tell({ good: false, reason, words: more })}>${w.submit}</button></fieldset>`}
    ${error && html`<span class="error" role="alert">${error}</span>`}</div>`;
}

export function Answer({ talkId, turn, ask, last }) {
  const { reply, error } = turn;
  const said = Object.entries(turn.said).sort(([a], [b]) => a - b).map(([, one]) => one);
  const running = turn.state === "running";
  if (error) {
    return html`<div class="answer error"><span role="alert">${error}</span>
      <div class="tools"><button type="button" onClick=${() => ask(turn.question, turn.id)}>${w.retry}</button></div></div>`;
  }
  if (running && !said.length) return html`<p class="hint">${w.searching}</p>`;
  const shown = reply?.cleared && !said.length ? reply.sentences.map((one) => ({ ...one, sources: reply.citations })) : said;
  const held = reply && !reply.cleared;
  return html`<article class=${running ? "answer coming" : "answer"}>
    ${turn.whole && html`<p class="hint">${w.taken(turn.whole)}</p>`}
    ${held && html`<p>${w.held}</p>`}
    <p>${shown.map((one) => html`<${Sentence} said=${one} judged=${!!reply} />`)}</p>
    ${running && !reply && html`<p class="hint">${w.judging}</p>`}
    ${turn.state === "stopped" && html`<p class="hint">${said.length ? w.stopped : w.stoppedEmpty}</p>`}
    ${reply && html`<${Figures} table=${reply.table} sources=${reply.citations} />
      ${[reply.note, ...(reply.risks || []), reply.addition].filter(Boolean).map((line) => html`<p class="hint">${line}</p>`)}
      <${Verdict} reply=${reply} /><${Sources} citations=${reply.citations} />`}
    ${reply?.cleared && reply.text && html`<${Outgoing} talkId=${talkId} turnId=${turn.id} text=${reply.text} />`}
    ${!running && html`<${Opinion} talkId=${talkId} turn=${turn} />`}
    ${!running && (held || turn.state === "stopped") && html`<div class="tools"><button type="button" onClick=${() => ask(turn.question, turn.id)}>${w.retry}</button></div>`}
    ${last && turn.proposals?.length > 0 && html`<div class="examples"><p class="hint">${w.next}</p>
      ${turn.proposals.map((question) => html`<button type="button" onClick=${() => ask(question)}>${question}</button>`)}</div>`}
  </article>`;
}
