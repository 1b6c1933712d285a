// The client whom the talk is about: chosen among one's own, with what one wants to know while talking to them.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { call } from "/static/sidebar_api.js";
import { startDiagnosis } from "/static/sidebar_diagnosis.js";
import { Due, Lead } from "/static/sidebar_work.js";
import { words as w } from "/static/strings.js";

const PAUSE_MS = 250;  // after the last key, before the firm is asked
const number = (text) => Number(text).toLocaleString("zh-CN");

function Choose({ choose, cancel }) {
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState([]);
  useEffect(() => {
    if (!typed.trim()) { setFound([]); return undefined; }
    let late = false;
    const wait = setTimeout(() => call(`diagnoses/subjects?find=${encodeURIComponent(typed.trim())}`)
      .then((all) => !late && setFound(all.filter((one) => one.kind === "client")), () => {}), PAUSE_MS);
    return () => { late = true; clearTimeout(wait); };
  }, [typed]);
  return html`<div class="choose"><label>${w.find}
      <input value=${typed} maxlength="64" autocomplete="off" onInput=${(e) => setTyped(e.target.value)} /></label>
    <ul>${found.map((one) => html`<li key=${one.id}><button type="button" onClick=${() => choose(one.id)}>${one.name}（${one.id}）</button></li>`)}</ul>
    <div class="tools"><button type="button" onClick=${() => choose(null)}>${w.drop}</button>
      <button type="button" onClick=${cancel}>${w.cancel}</button></div></div>`;
}

function Line({ name, late, children }) {
  return html`<dt>${name}</dt><dd class=${late ? "late" : ""}>${children}</dd>`;
}

function Facts({ card }) {
  const level = card.risk_level_expires && (card.level_expired ? w.expired : w.until)(card.risk_level_expires);
  return html`${card.do_not_contact && html`<p class="warning">${w.dnd}</p>`}
    ${card.not_personalised && html`<p class="warning">${w.impersonal}</p>`}
    <dl>
      <${Line} name=${w.level} late=${card.level_expired || !card.risk_level}>${card.risk_level || w.untested}${level ? `，${level}` : ""}<//>
      <${Line} name=${w.agreement}>${card.agreement ? w.signed : w.unsigned}<//>
      ${card.goal && html`<${Line} name=${w.goal}>${w.goals[card.goal] || card.goal}${card.horizon_months ? `，${w.months(card.horizon_months)}` : ""}<//>`}
      ${card.assets_cny && html`<${Line} name=${w.assets}>${number(card.assets_cny)} ${w.yuan}<//>`}
      ${card.holdings.length > 0 && html`<${Line} name=${w.holdings}>${card.holdings.map((h) => html`<div>${h.name}，${w.cost} ${number(h.cost_cny)} ${w.yuan}</div>`)}<//>`}
      ${card.promises.length > 0 && html`<${Line} name=${w.promises}>${card.promises.map((p) => html`<${Due} key=${p.id} promise=${p} />`)}<//>`}
      ${card.leads.length > 0 && html`<${Line} name=${w.leads}>${card.leads.map((lead) => html`<${Lead} key=${lead.id} lead=${lead} />`)}<//>`}
      ${card.calls.length > 0 && html`<${Line} name=${w.calls}>${card.calls.map((c) => html`<div><a href=${`/calls/${encodeURIComponent(c.id)}`} target="_blank" rel="noopener">${c.at.slice(0, 10)}</a>，${w.minutes(c.minutes)}<div class="quote">${c.note.slice(0, 120)}</div></div>`)}<//>`}
    </dl>`;
}

export function Client({ talk, choose }) {
  const [card, setCard] = useState(null);
  const [choosing, setChoosing] = useState(false);
  const [error, setError] = useState("");
  const id = talk?.client_id;
  useEffect(() => {
    let wanted = true;
    setCard(null); setError(""); setChoosing(false);
    if (id) call(`sessions/${talk.id}/client`).then((found) => wanted && setCard(found), (problem) => wanted && setError(problem.message));
    return () => { wanted = false; };
  }, [id, talk?.id]);
  const diagnose = () => startDiagnosis(id).catch((problem) => setError(problem.message));
  const picked = async (next) => { setChoosing(false); try { await choose(next); } catch (problem) { setError(problem.message); } };
  return html`<section class="client" aria-label=${w.client}>
    <div class="row"><strong>${card ? `${card.name}（${card.id}）` : id || w.noClient}</strong>
      ${!choosing && html`<button type="button" onClick=${() => setChoosing(true)}>${id ? w.change : w.pick}</button>`}</div>
    ${choosing && html`<${Choose} choose=${picked} cancel=${() => setChoosing(false)} />`}
    ${error && html`<p class="error" role="alert">${error}</p>`}
    ${card && html`<details><summary>${w.level} ${card.risk_level || w.untested}${card.level_expired ? `，${w.expired(card.risk_level_expires)}` : ""}${card.do_not_contact ? `，${w.dnd}` : ""}</summary>
      <${Facts} card=${card} /><div class="tools"><button type="button" onClick=${diagnose}>${w.diagnose}</button></div></details>`}
  </section>`;
}
