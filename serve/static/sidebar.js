// The sidebar: a talk that lives on the server; ask, read each sentence as it is cleared, edit, send.
import { open } from "/static/shell.js";
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { Answer } from "/static/sidebar_answer.js";
import { begin, call, follow, grown, lastClient, resume, turnOf } from "/static/sidebar_api.js";
import { Client } from "/static/sidebar_client.js";
import { asksDiagnosis, Diagnosis, startDiagnosis } from "/static/sidebar_diagnosis.js";
import { listen } from "/static/sidebar_host.js";
import { lang, words as w } from "/static/strings.js";

function App() {
  const [talk, setTalk] = useState(null);
  const [turns, setTurns] = useState([]);
  const [examples, setExamples] = useState([]);
  const [draft, setDraft] = useState("");
  const [busy, setBusy] = useState(false);
  const [lost, setLost] = useState(false);
  const [offline, setOffline] = useState(!navigator.onLine);
  const [error, setError] = useState("");
  const box = useRef(null);
  const latest = useRef(null);
  const reading = useRef(null);
  const wish = useRef(null);
  const past = useRef(null);  // place among the earlier questions, while one looks through them

  const change = (id, next) => setTurns((all) => all.map((turn) => (turn.id === id ? next(turn) : turn)));
  const read = async (talkId, turnId, after) => {
    reading.current?.abort();
    const mine = reading.current = new AbortController();
    setBusy(true);
    try {
      await follow(talkId, turnId, { after, signal: mine.signal, onLost: setLost, tell: (event) => change(turnId, (turn) => grown(turn, event)) });
    } catch (problem) {
      change(turnId, (turn) => ({ ...turn, state: "failed", error: problem.message }));
    }
    if (reading.current === mine) { setBusy(false); setLost(false); box.current?.focus(); }
  };
  const show = (found) => {
    reading.current?.abort();
    setBusy(false); setTalk(found); setError("");
    const known = (found?.turns || []).map(turnOf);
    setTurns(known);
    const open = known.find((turn) => turn.state === "running");
    if (open) read(found.id, open.id, 0);
  };
  const choose = async (clientId) => {
    const mine = wish.current = {};
    const found = (await resume(clientId)) || (clientId ? await begin(clientId) : null);
    if (wish.current === mine) show(found);  // the page around this one may have named another meanwhile
  };

  useEffect(() => {
    choose(lastClient()).catch((problem) => (problem.status === 404 ? choose(null).catch(() => {}) : setError(problem.message)));
    listen((clientId) => choose(clientId).catch((problem) => setError(problem.message))).catch(() => {});
    call("examples").then(setExamples, () => setExamples([]));
    box.current?.focus();
    const notice = () => setOffline(!navigator.onLine);
    window.addEventListener("online", notice);
    window.addEventListener("offline", notice);
    return () => { window.removeEventListener("online", notice); window.removeEventListener("offline", notice); };
  }, []);
  const newest = turns.at(-1);
  useEffect(() => {  // read from its beginning
    latest.current?.scrollIntoView({ block: "start" });
  }, [turns.length, newest?.state, newest && Object.keys(newest.said).length]);

  const ask = async (line, retryOf = null) => {
    const question = line.trim();
    if (!question || busy) return;
    setBusy(true); setError(""); past.current = null;
    try {
      const subject = asksDiagnosis(question);
      if (subject) { await startDiagnosis(subject); return; }
      const mine = talk || (await begin(null));
      if (!talk) setTalk(mine);
      const turn = await call(`sessions/${mine.id}/questions`, { question, retry_of: retryOf });
      setDraft("");
      setTurns((all) => [...all.filter((each) => each.id !== retryOf), turnOf(turn)]);
      await read(mine.id, turn.id, 0);
    } catch (problem) {
      setError(problem.message); setBusy(false); setDraft((now) => now || question);
      box.current?.focus();
    }
  };
  const stop = () => {
    const open = turns.find((turn) => turn.state === "running");
    if (open) call(`sessions/${talk.id}/turns/${open.id}/stop`, {}).catch((problem) => setError(problem.message));
  };
  const look = (step, event) => {
    const asked = turns.map((turn) => turn.question);
    if (!asked.length || (past.current === null && draft)) return;
    event.preventDefault();
    const at = Math.min(Math.max((past.current ?? asked.length) + step, 0), asked.length);
    past.current = at === asked.length ? null : at;
    setDraft(asked[at] || "");
  };
  const onKey = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); ask(draft); }
    if (event.key === "ArrowUp") look(-1, event);
    if (event.key === "ArrowDown") look(1, event);
  };
  useEffect(() => {
    const escape = (event) => { if (event.key === "Escape" && busy) stop(); };
    document.addEventListener("keydown", escape);
    return () => document.removeEventListener("keydown", escape);
  });

  return html`
    <header><div class="row"><h1>${w.title}</h1>
        ${turns.length > 0 && html`<button type="button" onClick=${() => begin(talk.client_id).then(show, (problem) => setError(problem.message))}>${w.newTalk}</button>`}</div>
      <p class="hint">${w.about}</p><${Client} talk=${talk} choose=${choose} /><${Diagnosis} /></header>
    <section class="talk" aria-live="polite" aria-busy=${busy}>
      ${!turns.length && examples.length > 0 && html`<div class="examples"><p class="hint">${w.examples}</p>
        ${examples.map((question) => html`<button type="button" onClick=${() => ask(question)}>${question}</button>`)}</div>`}
      ${turns.map((turn, at) => html`<p class="question" key=${`q${turn.id}`} ref=${at === turns.length - 1 ? latest : null}>${turn.question}</p>
        <${Answer} key=${turn.id} talkId=${talk?.id} turn=${turn} ask=${ask} last=${at === turns.length - 1} />`)}
    </section>
    <form class="ask" onSubmit=${(event) => { event.preventDefault(); ask(draft); }}>
      ${(offline || lost) && html`<p class="state" role="status">${offline ? w.offline : w.lost}</p>`}
      ${error && html`<p class="state error" role="alert">${error}</p>`}
      <textarea ref=${box} rows="2" maxlength="2000" aria-label=${w.question} placeholder=${w.placeholder}
        value=${draft} onInput=${(event) => { past.current = null; setDraft(event.target.value); }} onKeyDown=${onKey}></textarea>
      ${busy ? html`<button class="go" type="button" onClick=${stop}>${w.stop}</button>`
        : html`<button class="go" type="submit" disabled=${!draft.trim()}>${w.ask}</button>`}
    </form>`;
}

document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
document.title = w.title;
open(App, { acts: false });
