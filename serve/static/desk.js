// The desk: cases, tickets, incidents and consents; the queue on the left, the chosen one with its history on the right.
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, left, when } from "/static/api.js";
import { STATES } from "/static/parts.js";
import { Head, open, Problem, Tabs } from "/static/shell.js";
import { FollowUp } from "/static/desk_item.js";
import { Incident } from "/static/desk_incident.js";
import { Consent, Ledger } from "/static/desk_consent.js";

const TABS = {
  cases: ["案件", { unfinished: "未结", answered: "已答复", closed: "已结案" }, FollowUp],
  tickets: ["工单", { unfinished: "未结", answered: "已答复", closed: "已关闭" }, FollowUp],
  incidents: ["故障", { open: "进行中", closed: "已关闭" }, Incident],
  consents: ["同意", { unfinished: "待处理", closed: "已处理" }, Consent],
};

function Clock({ item }) {
  if (item.state === "answered" || item.state === "closed") return html`<span class="small">${STATES[item.state]} ${when(item.handled_at)}</span>`;
  const late = item.overdue || new Date(item.due_at) < Date.now();
  return html`<span class=${late ? "small late" : item.nears ? "small near" : "small"}>${left(item.due_at)}${item.nears && !late ? "，即将到期" : ""}</span>`;
}

function Entry({ tab, item, chosen, onChoose }) {
  const words = tab === "incidents"
    ? html`<span><strong>${item.system_zh}</strong> <span class="small">${item.number}</span></span>
        <span>${item.clients} 位客户，${item.tickets} 张工单</span>
        <span class="small">${when(item.first_at)} 至 ${when(item.last_at)}</span>`
    : html`<span><strong>${item.zh}</strong> <span class="badge">${STATES[item.state]}</span></span>
        <span>${item.number ? `${item.number}，` : ""}客户 ${item.client_id || "未知"}${item.handler_id ? `，${item.handler_id} 处理` : ""}</span>
        <${Clock} item=${item} />`;
  return html`<li><button type="button" class="entry" aria-current=${chosen} onClick=${() => onChoose(item.id)}>${words}</button></li>`;
}

function Queue({ tab, state }) {
  const [page, setPage] = useState({ items: [], cursor: null });
  const [chosen, setChosen] = useState(null);
  const [told, setTold] = useState("");
  const [error, setError] = useState("");
  const [ready, setReady] = useState(false);
  const place = useRef(null);
  const load = async (cursor) => {
    try {
      const found = await call(`${tab}?state=${state}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      setPage((before) => ({ items: cursor ? [...before.items, ...found[tab]] : found[tab], cursor: found.cursor }));
      setError("");
    } catch (problem) {
      setPage({ items: [], cursor: null });
      setError(problem.message);
    }
    setReady(true);
  };
  useEffect(() => { load(""); }, []);
  useEffect(() => { if (chosen && innerWidth <= 720) place.current?.scrollIntoView({ block: "start" }); }, [chosen]);
  const done = (words, stays) => {
    setTold(words);
    if (!stays) setChosen(null);
    load("");
  };
  const [word, , View] = TABS[tab];
  const item = page.items.find((each) => each.id === chosen);
  return html`<div class="split"><section class="queue" aria-label=${word}>
      <${Problem} words=${error} />
      ${told && html`<div class="done" role="status">${told}</div>`}
      ${ready && !page.items.length && !error && html`<p class="hint">没有条目。</p>`}
      <ol>${page.items.map((each) => html`<${Entry} key=${each.id} tab=${tab} item=${each} chosen=${each.id === chosen} onChoose=${setChosen} />`)}</ol>
      ${page.cursor && html`<button type="button" onClick=${() => load(page.cursor)}>更多</button>`}
    </section>
    <div ref=${place}>${chosen ? html`<${View} key=${chosen} plural=${tab} id=${chosen} item=${item} onDone=${done} />`
      : html`<p class="item hint">选择一条查看。</p>`}</div></div>`;
}

const place = () => {
  const [tab, client] = location.hash.slice(1).split("=");
  return { tab: TABS[tab] ? tab : null, client: client ? decodeURIComponent(client) : "" };
};

function App({ who, roles }) {
  const [at, setAt] = useState(place());
  const [states, setStates] = useState({});
  useEffect(() => {
    const follow = () => setAt(place());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const sees = roles.some((role) => ["compliance", "supervisor", "system"].includes(role));
  const tabs = Object.entries(TABS).filter(([id]) => id !== "cases" || sees);
  const tab = tabs.some(([id]) => id === at.tab) ? at.tab : tabs[0][0];
  const state = states[tab] || Object.keys(TABS[tab][1])[0];
  return html`
    <${Head} title="服务台" hint="案件不给所涉及的顾问。每次查看与处理都留痕。" />
    <${Tabs} tabs=${Object.fromEntries(tabs.map(([id, [word]]) => [id, word]))} tab=${tab} onTab=${(id) => { location.hash = id; }}>
      <select aria-label="状态" value=${state} onChange=${(e) => setStates({ ...states, [tab]: e.target.value })}>${
        Object.entries(TABS[tab][1]).map(([id, word]) => html`<option value=${id}>${word}</option>`)}</select><//>
    ${tab === "consents" && html`<${Ledger} key=${`${who} ${at.client}`} client=${at.client} />`}
    <${Queue} key=${`${tab} ${state} ${who}`} tab=${tab} state=${state} />`;
}

open(App);
