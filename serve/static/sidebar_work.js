// What waits with the client of the talk: promises to keep and leads to report on, each done where it is read.
import { html, useState } from "/static/vendor/htm-preact-standalone.js";
import { call } from "/static/sidebar_api.js";
import { words as w } from "/static/strings.js";

const OUTCOMES = ["contacted", "won", "lost"];  // a wrong one needs a reason: on the board

// One line with its deeds, and what came of the last one.
function Line({ children, deeds, onDone }) {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const act = async (deed) => {
    setBusy(true); setError("");
    try { onDone(await deed()); } catch (problem) { setError(problem.status === 409 ? w.changed : problem.message); }
    setBusy(false);
  };
  return html`<div class="work">${children}<span class="tools">${deeds.map(([word, deed]) => html`
    <button type="button" class="plain" disabled=${busy} onClick=${() => act(deed)}>${word}</button>`)}</span>
    ${error && html`<p class="error" role="alert">${error}</p>`}</div>`;
}

export function Due({ promise }) {
  const [done, setDone] = useState(false);
  const what = html`<a href=${`/calls/${encodeURIComponent(promise.call_id)}`} target="_blank" rel="noopener">${promise.what}</a>`;
  const due = promise.due_at ? `，${w.due(promise.due_at.slice(0, 10))}` : "";
  if (done) return html`<div class="work"><span role="status">${promise.what}，${w.kept}</span></div>`;
  return html`<${Line} onDone=${() => setDone(true)}
    deeds=${[[w.keep, () => call(`tasks/${encodeURIComponent(promise.id)}/done`, { outcome: "done" })]]}>${what}${due}<//>`;
}

export function Lead({ lead: given }) {
  const [lead, setLead] = useState(given);
  const to = (path, body) => () => call(`board/leads/${encodeURIComponent(lead.id)}/${path}`, body);
  const taken = ["claimed", "contacted"].includes(lead.state);
  const deeds = taken ? OUTCOMES.filter((each) => each !== lead.state).map((each) => [w.states[each], to("outcome", { disposition: each })])
    : ["new", "offered"].includes(lead.state) ? [[w.claim, to("claim", {})]] : [];
  return html`<${Line} deeds=${deeds} onDone=${(after) => setLead({ ...lead, ...after })}>
    ${lead.zh}${lead.product ? `（${lead.product}）` : ""}，<span role="status">${w.states[lead.state] || lead.state}</span><//>`;
}
