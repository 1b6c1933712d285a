// A way from the sidebar to a diagnosis: a client or a fund is picked or named, the report is ordered and opened.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { call } from "/static/sidebar_api.js";
import { words as w } from "/static/strings.js";

const LIST = "diagnosis-subjects";
const PAUSE_MS = 250;  // after the last key, before the firm is asked
const ID = "([0-9A-Za-z][0-9A-Za-z_-]{2,63})";
const SPOKEN = [
  new RegExp(`^(?:请|帮我)*(?:给|为|对)?(?:客户|基金)?\\s*${ID}\\s*(?:做|出|来)?(?:一份|一次|个)?(?:基金|持仓)*诊断(?:报告)?[。！!]?$`),
  new RegExp(`^(?:请|帮我)*(?:做|出|开始)?(?:一份|一次|个)?(?:基金|持仓)*诊断(?:报告)?[:：]?\\s*(?:客户|基金)?\\s*${ID}[。！!]?$`),
];

// The client or fund that a line asks to diagnose; null for any other line.
export const asksDiagnosis = (line) => SPOKEN.map((form) => form.exec(line.trim())?.[1]).find(Boolean) ?? null;

const found = (words) => call(`diagnoses/subjects?find=${encodeURIComponent(words)}`);

// Order a diagnosis of whoever has this id, or of the only one who fits the words, and open its page.
export async function startDiagnosis(words) {
  const fitting = await found(words.trim());
  const exact = fitting.filter((each) => each.id.toLowerCase() === words.trim().toLowerCase());
  const [subject, ...others] = exact.length ? exact : fitting;
  if (!subject) throw new Error(w.none(words.trim()));
  if (others.length && !exact.length) throw new Error(w.many(fitting.length, words.trim()));
  const job = await call("diagnoses", { [subject.kind === "client" ? "client_id" : "fund_code"]: subject.id, format: "pdf" });
  location.assign(`/diagnoses/${encodeURIComponent(job.id)}`);
}

export function Diagnosis() {
  const [words, setWords] = useState("");
  const [subjects, setSubjects] = useState([]);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!words.trim()) { setSubjects([]); return undefined; }
    let late = false;
    const wait = setTimeout(() => found(words.trim()).then((all) => !late && setSubjects(all), () => {}), PAUSE_MS);
    return () => { late = true; clearTimeout(wait); };
  }, [words]);
  const submit = async (event) => {
    event.preventDefault();
    if (!words.trim() || busy) return;
    setBusy(true); setError("");
    try { await startDiagnosis(words); } catch (problem) { setError(problem.message); setBusy(false); }
  };
  return html`<details class="diagnosis"><summary>${w.diagnosis}</summary>
    <form onSubmit=${submit}>
      <label>${w.subject}
        <input list=${LIST} value=${words} maxlength="64" autocomplete="off" onInput=${(e) => { setWords(e.target.value); setError(""); }} /></label>
      <datalist id=${LIST}>${subjects.map((each) => html`<option key=${each.kind + each.id} value=${each.id}>${each.name}</option>`)}</datalist>
      <button class="go" type="submit" disabled=${busy || !words.trim()}>${w.start}</button>
    </form>
    ${error && html`<p class="error" role="alert">${error}</p>`}
  </details>`;
}
