// The board: own leads by deadline on the left, the chosen one with its proof and its client on the right.
import { html, useEffect, useLayoutEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, left, when, yuan } from "/static/api.js";
import { Proof, STATES, URGENCY, usePlayer } from "/static/parts.js";
import { Head, open, Problem, Tabs } from "/static/shell.js";
import { Card } from "/static/board_card.js";
import { Team } from "/static/board_team.js";

const VIEWS = { todo: "待办", contacted: "已联系", done: "已完成" };
const OUTCOMES = [["contacted", "已联系", ""], ["won", "成交", "go"], ["lost", "未成", ""], ["wrong", "误报", "bad"]];

function Wrong({ reasons, onReason, onCancel }) {
  const first = useRef(null);
  useLayoutEffect(() => first.current?.focus(), []);
  return html`<div role="group" aria-label="误报原因" class="row">${reasons.map((reason, n) => html`
    <button type="button" ref=${n === 0 ? first : null} onClick=${() => onReason(reason.id)}>${reason.zh}</button>`)}
    <button type="button" onClick=${onCancel}>取消</button></div>`;
}

function Act({ lead, acts, asking, setAsking, reasons }) {
  const mine = lead.state === "contacted" || (lead.state === "claimed" && lead.owner === acts.who);
  if (asking === lead.id) {
    return html`<div class="act"><${Wrong} reasons=${reasons} onCancel=${() => setAsking("")}
      onReason=${(reason) => { setAsking(""); acts.outcome(lead, "wrong", reason); }} /></div>`;
  }
  if (mine) {
    const steps = OUTCOMES.filter(([step]) => step !== lead.state);
    return html`<div class="act row">${steps.map(([step, word, look]) => html`<button type="button" class=${look}
      onClick=${() => (step === "wrong" ? setAsking(lead.id) : acts.outcome(lead, step, ""))}>${word}</button>`)}</div>`;
  }
  if (lead.state === "claimed" && lead.owner && new Date(lead.lease_until) > Date.now()) {
    return html`<div class="act small">${lead.owner} 跟进中，至 ${when(lead.lease_until)}</div>`;
  }
  if (!["new", "offered", "claimed"].includes(lead.state)) return null;
  return html`<div class="act"><button type="button" class="go" onClick=${() => acts.claim(lead)}>认领</button></div>`;
}

function Entry({ lead, chosen, onChoose, children }) {
  const about = [lead.product, yuan(lead.amount_cny), URGENCY[lead.urgency]].filter(Boolean).join("，");
  const time = lead.state === "contacted" ? `联系于 ${when(lead.updated_at)}`
    : ["won", "lost", "wrong"].includes(lead.state) ? `${when(lead.updated_at)}${lead.reason ? `，${lead.reason}` : ""}` : left(lead.due_at);
  return html`<li class="lead" aria-current=${chosen}><button type="button" class="entry" onClick=${() => onChoose(lead.id)}>
    <span><strong>${lead.zh}</strong> <span class="badge">${STATES[lead.state]}</span></span>
    <span>${lead.client?.name || ""} ${lead.client_id}${about ? `，${about}` : ""}</span>
    <span class=${lead.overdue ? "small late" : "small"}>${time}</span></button>${children}</li>`;
}

function Detail({ lead, player }) {
  const title = useRef(null);
  if (!lead) return html`<p class="item hint">选择一条查看。</p>`;
  return html`<article class="item">
    <div class="row"><h2 tabindex="-1" ref=${title}>${lead.zh}</h2><span class="badge">${STATES[lead.state]}</span>
      ${lead.overdue && html`<span class="badge block">已逾期</span>`}
      <span class="small">把握 ${Math.round(lead.confidence * 100)}%，首次联系期限 ${when(lead.due_at)}</span></div>
    ${lead.held_because && html`<div class="late">${lead.held_because}</div>`}
    ${player.bar}
    <section><h3>客户原话</h3><${Proof} evidence=${lead.evidence} play=${player.play} /></section>
    <${Card} clientId=${lead.client_id} except=${lead.id} />
  </article>`;
}

function Leads({ view, advisor, who, team }) {
  const [page, setPage] = useState({ leads: [], cursor: null, kept_back: 0, reasons: [] });
  const [chosen, setChosen] = useState(null);
  const [asking, setAsking] = useState("");
  const [told, setTold] = useState("");
  const [error, setError] = useState("");
  const [ready, setReady] = useState(false);
  const [heir, setHeir] = useState("");
  const place = useRef(null);
  const player = usePlayer();
  const load = async (cursor) => {
    const query = new URLSearchParams({ view, ...(advisor ? { advisor } : {}), ...(cursor ? { cursor } : {}) });
    try {
      const found = await call(`board?${query}`);
      setPage((before) => ({ ...found, leads: cursor ? [...before.leads, ...found.leads] : found.leads }));
      if (!cursor) setChosen((was) => (found.leads.some((x) => x.id === was) ? was : innerWidth > 720 ? found.leads[0]?.id ?? null : null));
    } catch (problem) {
      setError(problem.message);
    }
    setReady(true);
  };
  useEffect(() => { load(""); }, []);
  const choose = (id) => { setChosen(id); if (innerWidth <= 720) requestAnimationFrame(() => place.current?.scrollIntoView({ block: "start" })); };

  // What is clicked is shown at once; where the service says no, the list is as it was, with a sentence.
  const change = async (lead, shown, done, words) => {
    const before = page;
    setError("");
    setTold("");
    const stays = view === "todo" ? ["new", "claimed"].includes(shown.state) : shown.state === view;
    setPage({ ...page, leads: stays ? page.leads.map((x) => (x.id === lead.id ? { ...x, ...shown } : x)) : page.leads.filter((x) => x.id !== lead.id) });
    try {
      const after = await done();
      setPage((now) => ({ ...now, leads: now.leads.map((x) => (x.id === lead.id ? { ...x, ...after, client: x.client } : x)) }));
      setTold(words);
      if (!stays) {
        const next = before.leads[before.leads.findIndex((x) => x.id === lead.id) + 1];
        setChosen(innerWidth > 720 ? next?.id ?? null : null);
      }
    } catch (problem) {
      setPage(before);
      setError(problem.message);
      load("");
    }
  };
  const acts = {
    who,
    claim: (lead) => change(lead, { state: "claimed", owner: who }, () => call(`board/leads/${lead.id}/claim`, {}), "已认领，联系后记下结果。"),
    outcome: (lead, disposition, reason) => change(lead, { state: disposition },
      () => call(`board/leads/${lead.id}/outcome`, { disposition, reason }), `已记为“${STATES[disposition]}”。`),
  };
  const reassign = async () => {
    try {
      const done = await call("board/reassign", { lead_ids: page.leads.map((lead) => lead.id), to: heir });
      const withdrawn = done.withdrawn.length ? `${done.withdrawn.length} 条因客户不再同意而撤下。` : "";
      setTold(`已移交 ${done.leads.length} 条给 ${heir}。${withdrawn}`);
      setError("");
      load("");
    } catch (problem) {
      setError(problem.message);
    }
  };
  const lead = page.leads.find((x) => x.id === chosen);
  // At once with what is shown: a key pressed right after a claim must find the claimed lead.
  useLayoutEffect(() => {
    const onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
      const at = page.leads.findIndex((x) => x.id === chosen);
      const step = { j: 1, k: -1 }[event.key];
      if (step && page.leads.length) setChosen(page.leads[Math.min(Math.max(at + step, 0), page.leads.length - 1)].id);
      else if (!lead) return;
      else if (event.key === "c" && ["new", "offered"].includes(lead.state)) acts.claim(lead);
      else if (event.key === "p" && lead.evidence[0]) player.play(lead.evidence[0].call, lead.evidence[0].start_s, lead.evidence[0].end_s);
      else if (["1", "2", "3", "4"].includes(event.key) && (lead.state === "contacted" || lead.owner === who)) {
        const [outcome] = OUTCOMES[Number(event.key) - 1];
        if (outcome === "wrong") setAsking(lead.id);
        else if (outcome !== lead.state) acts.outcome(lead, outcome, "");
      } else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  return html`<div class="split"><section class="queue leads" aria-label=${VIEWS[view]}>
      <${Problem} words=${error} />
      ${told && html`<div class="done" role="status">${told}</div>`}
      ${ready && !page.leads.length && !error && html`<p class="hint">没有线索。</p>`}
      ${page.kept_back > 0 && html`<p class="hint">另有 ${page.kept_back} 条不显示：客户现在不允许联系。</p>`}
      <ol>${page.leads.map((x) => html`<${Entry} key=${x.id} lead=${x} chosen=${x.id === chosen} onChoose=${choose}>
        <${Act} lead=${x} acts=${acts} asking=${asking} setAsking=${setAsking} reasons=${page.reasons} /><//>`)}</ol>
      ${page.cursor && html`<button type="button" onClick=${() => load(page.cursor)}>更多</button>`}
      ${team && view !== "done" && page.leads.length > 0 && html`<div class="row"><select aria-label="移交给" value=${heir} onChange=${(e) => setHeir(e.target.value)}>
        <option value="">移交以上线索给…</option>${team.filter((id) => id !== advisor).map((id) => html`<option value=${id}>${id}</option>`)}</select>
        <button type="button" disabled=${!heir} onClick=${reassign}>移交</button></div>`}
      <p class="keys"><kbd>j</kbd> <kbd>k</kbd> 上下，<kbd>c</kbd> 认领，<kbd>1</kbd>-<kbd>4</kbd> 结果，<kbd>p</kbd> 播放</p>
    </section><div ref=${place}><${Detail} lead=${lead} player=${player} /></div></div>`;
}

function App({ who, roles }) {
  const [tab, setTab] = useState("todo");
  const [advisor, setAdvisor] = useState("");
  const [team, setTeam] = useState([]);
  useEffect(() => { setAdvisor(""); setTab("todo"); }, [who]);
  const leads = roles.includes("supervisor") || roles.includes("system");
  const shown = leads && !roles.includes("advisor") && !advisor ? "team" : tab;
  const show = (id) => { setAdvisor(id); setTab("todo"); };
  const lists = !leads || roles.includes("advisor") || advisor ? VIEWS : {};
  const tabs = leads ? { team: "团队", ...lists } : VIEWS;
  return html`
    <${Head} title="线索看板" hint=${`${advisor ? `${advisor === "-" ? "无顾问" : advisor} 的线索` : "先逾期，后按期限"}。每次查看都记入审计日志。`} />
    <${Tabs} tabs=${tabs} tab=${shown} onTab=${(id) => { setTab(id); if (id === "team") setAdvisor(""); }} />
    ${shown === "team" ? html`<${Team} key=${who} onOpen=${show} onTeam=${setTeam} />`
      : html`<${Leads} key=${`${shown} ${who} ${advisor}`} view=${shown} advisor=${advisor} who=${who || "operator"}
        team=${leads && advisor ? team : null} />`}`;
}

open(App);
