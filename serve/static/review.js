// The officer's page: lists on the left, the item on the right, panels for what is no queue.
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { when } from "/static/api.js";
import { call, STATES, TARGETS } from "/static/review_api.js";
import { Item } from "/static/review_item.js";
import { Messages } from "/static/review_messages.js";
import { Indicators, Mistakes, Spoken } from "/static/review_panels.js";
import { Head, open, Problem, Tabs } from "/static/shell.js";

const LISTS = { open: "待审核", overdue: "已逾期", samples: "抽查", confidential: "保密" };
const PANELS = { spoken: ["录音用语", Spoken], messages: ["外发消息", Messages], indicators: ["指标", Indicators], mistakes: ["纠错", Mistakes] };

function Entry({ item, chosen, onChoose }) {
  const why = [...item.rules, ...item.errors.map(() => "检查未完成")];
  return html`<li><button type="button" class="entry" aria-current=${chosen} onClick=${() => onChoose(item.id)}>
    <span>${TARGETS[item.target]}，${[...new Set(why)].join("、") || "无发现"}</span>
    <span class="small">${item.created_by}${item.client_id ? `，客户 ${item.client_id}` : ""}，${STATES[item.state]}</span>
    <span class=${item.overdue ? "small late" : "small"}>期限 ${when(item.due_at)}${item.overdue ? "，已逾期" : ""}</span></button></li>`;
}

function Queue({ view, onCounts }) {
  const [items, setItems] = useState([]);
  const [cursor, setCursor] = useState(null);
  const [chosen, setChosen] = useState(null);
  const [told, setTold] = useState("");
  const [error, setError] = useState("");
  const place = useRef(null);
  const load = async (after) => {
    try {
      const page = await call(`reviews?view=${view}&limit=50${after ? `&cursor=${encodeURIComponent(after)}` : ""}`);
      setItems((before) => (after ? [...before, ...page.items] : page.items));
      setCursor(page.cursor);
      onCounts(page.counts);
      setError("");
    } catch (problem) {
      setItems([]);
      setError(problem.message);
    }
  };
  useEffect(() => { load(""); }, []);
  useEffect(() => { if (chosen && innerWidth <= 720) place.current?.scrollIntoView({ block: "start" }); }, [chosen]);
  const done = (item) => {
    setTold(`${STATES[item.state]}。`);
    setChosen(null);
    load("");
  };
  const rules = [...new Set(items.flatMap((item) => item.rules))].sort();
  return html`<div class="split">
    <section class="queue" aria-label=${LISTS[view]}>
      <${Problem} words=${error} />
      ${told && html`<div class="done" role="status">${told}</div>`}
      ${!items.length && !error && html`<p class="hint">没有条目。</p>`}
      <ol>${items.map((item) => html`<${Entry} key=${item.id} item=${item} chosen=${item.id === chosen} onChoose=${setChosen} />`)}</ol>
      ${cursor && html`<button type="button" onClick=${() => load(cursor)}>更多</button>`}
    </section>
    <div ref=${place}>${chosen ? html`<${Item} id=${chosen} rules=${rules} onDone=${done} />` : html`<p class="item hint">选择一条查看。</p>`}</div>
  </div>`;
}

function App({ me, who, staff }) {
  const [tab, setTab] = useState("open");
  const [counts, setCounts] = useState({});
  useEffect(() => setCounts({}), [who]);
  const counted = (id, word) => html`${word}${counts[id] > 0 && html`<span class=${id === "overdue" ? "count late" : "count"}>${counts[id]}</span>`}`;
  const words = { ...LISTS, ...Object.fromEntries(Object.entries(PANELS).map(([id, [word]]) => [id, word])) };
  const tabs = Object.fromEntries(Object.entries(words).map(([id, word]) => [id, counted(id, word)]));
  const nobody = !me.login && staff && !staff.some((each) => each.roles.includes("compliance"));
  const Panel = PANELS[tab]?.[1];
  return html`
    <${Head} title="合规审核" hint="每次查看与决定都记入审计日志。" />
    ${nobody && html`<p class="item hint">还没有审核人员：用 tougu users add 添加角色为 compliance 的用户。</p>`}
    <${Tabs} tabs=${tabs} tab=${tab} onTab=${setTab} />
    ${Panel ? html`<${Panel} key=${`${tab} ${who}`} />` : html`<${Queue} key=${`${tab} ${who}`} view=${tab} onCounts=${setCounts} />`}`;
}

open(App);
