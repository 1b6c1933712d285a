// Tags and segments: pick clients by tags, see at once how many, keep the pick, and lists with their approval.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { Lists } from "/static/segment_lists.js";
import { api, dayAhead, number } from "/static/api.js";
import { Head, open, Problem, Tabs } from "/static/shell.js";

const HOW = { all_of: "必须", any_of: "任一", none_of: "排除", "": "不限" };
const WORDS = { all_of: "必须有", any_of: "至少有一个", none_of: "不能有" };
const EMPTY = { all_of: [], any_of: [], none_of: [] };
const howOf = (pick, id) => Object.keys(EMPTY).find((how) => pick[how].includes(id)) || "";

function put(pick, id, how) {
  const rest = Object.fromEntries(Object.keys(EMPTY).map((key) => [key, pick[key].filter((each) => each !== id)]));
  return how ? { ...rest, [how]: [...rest[how], id] } : rest;
}

function Tag({ tag, how, onHow }) {
  return html`<li><span>${tag.zh}<span class="small"> ${tag.owner}，<span class="unbroken">有效至 ${tag.expires}</span></span></span>
    <span class="n">${number(tag.clients)} 人</span>
    <fieldset class="how" aria-label=${`${tag.zh}的选法`}>${Object.entries(HOW).map(([id, word]) => html`
      <label><input type="radio" name=${`how-${tag.id}`} value=${id} checked=${how === id} onChange=${() => onHow(id)} />${word}</label>`)}</fieldset></li>`;
}

function useCount(pick) {
  const [state, setState] = useState({ clients: null, error: "" });
  useEffect(() => {
    if (!pick.all_of.length && !pick.any_of.length) {
      setState({ clients: null, error: "" });
      return undefined;
    }
    let stale = false;
    const timer = setTimeout(() => api.post("segments/count", pick).then(
      (found) => stale || setState({ clients: found.clients, error: "" }),
      (problem) => stale || setState({ clients: null, error: problem.message }),
    ), 150);
    return () => { stale = true; clearTimeout(timer); };
  }, [pick]);
  return state;
}

function Keep({ pick, draft, onSaved }) {
  const [name, setName] = useState(draft.name);
  const [zh, setZh] = useState(draft.zh);
  const [until, setUntil] = useState(draft.expires_on);
  const [error, setError] = useState("");
  const save = async () => {
    if (!name.trim() || !zh.trim()) return setError("请填写名称和标题。");
    try {
      onSaved(await api.put(`segments/${encodeURIComponent(name.trim())}`, { ...pick, zh, expires_on: until }));
      setError("");
    } catch (problem) {
      setError(problem.message);
    }
    return undefined;
  };
  return html`<label>名称（小写英文、数字、-、_）<input value=${name} maxlength="60" onInput=${(e) => setName(e.target.value)} /></label>
    <label>标题<input value=${zh} maxlength="120" onInput=${(e) => setZh(e.target.value)} /></label>
    <label>到期日<input type="date" value=${until} onInput=${(e) => setUntil(e.target.value)} /></label>
    <${Problem} words=${error} />
    <button type="button" class="go" onClick=${save}>保存客群</button>`;
}

function Pick({ draft, onSaved }) {
  const [tags, setTags] = useState(null);
  const [error, setError] = useState("");
  const [pick, setPick] = useState(draft.pick);
  const count = useCount(pick);
  useEffect(() => { api.get("tags").then(setTags, (problem) => setError(problem.message)); }, []);
  const names = Object.fromEntries((tags?.tags || []).map((tag) => [tag.id, tag.zh]));
  if (error) return html`<p class="item error" role="alert">${error}</p>`;
  return html`<div class="pick">
    <section aria-label="标签"><p class="hint">人数只含您有权查看的客户${tags?.as_of ? `，截至 ${tags.as_of}` : "；标签还没有计算"}。</p>
      <ul class="tags">${(tags?.tags || []).map((tag) => html`<${Tag} key=${tag.id} tag=${tag} how=${howOf(pick, tag.id)}
        onHow=${(how) => setPick(put(pick, tag.id, how))} />`)}</ul></section>
    <section class="side" aria-label="客群">
      <div aria-live="polite"><div class="total">${count.clients === null ? "—" : number(count.clients)}</div><span class="hint">符合条件的客户</span></div>
      <${Problem} words=${count.error} />
      ${tags && html`<ul class="chosen">${Object.entries(WORDS).filter(([how]) => pick[how].length).map(([how, word]) => html`
        <li>${word}：${pick[how].map((id) => names[id] || id).join("、")}</li>`)}</ul>`}
      <${Keep} pick=${pick} draft=${draft} onSaved=${onSaved} />
    </section></div>`;
}

const DAYS_FOR_A_TASK = 7;

// One thing to be done with each client of a segment; it waits with each client's own advisor.
function Give({ segment, onGiven }) {
  const [what, setWhat] = useState("");
  const [day, setDay] = useState(dayAhead(DAYS_FOR_A_TASK));
  const [error, setError] = useState("");
  const give = async (event) => {
    event.preventDefault();
    if (!what.trim()) return setError("请填写要做的事。");
    try {
      onGiven(await api.post(`segments/${encodeURIComponent(segment.name)}/tasks`, { what, due_at: `${day}T18:00:00+08:00` }));
    } catch (problem) { setError(problem.message); }
    return undefined;
  };
  return html`<form class="plain" aria-label="派发服务任务" onSubmit=${give} onInput=${() => setError("")}><div class="fields">
      <label>要做的事<input maxlength="200" placeholder="例如：提醒更新风险测评" value=${what} onInput=${(e) => setWhat(e.target.value)} /></label>
      <label>截止日期<input type="date" required value=${day} onInput=${(e) => setDay(e.target.value)} /></label></div>
    <${Problem} words=${error} /><div class="row"><button class="go">派给各位顾问</button></div></form>`;
}

function Segments({ onLoad, onAsked, onGiven }) {
  const [rows, setRows] = useState(null);
  const [error, setError] = useState("");
  const [asking, setAsking] = useState("");
  const [giving, setGiving] = useState("");
  const [reason, setReason] = useState("");
  const load = () => api.get("segments").then(setRows, (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  const act = async (what) => {
    try {
      await what();
      setError("");
    } catch (problem) {
      setError(problem.message);
    }
  };
  const ask = (name) => act(async () => onAsked(await api.post(`segments/${encodeURIComponent(name)}/lists`, { reason })));
  return html`<section class="panel"><h2>已保存的客群</h2>
    <${Problem} words=${error} />
    ${rows && !rows.length && html`<p class="hint">还没有客群，请在“选客户”里保存一个。</p>`}
    <ol class="found">${(rows || []).map((row) => html`<li class="card" key=${row.name}>
      <div class="row"><strong>${row.zh}</strong><span class="small">${row.name}，${row.owner}，有效至 ${row.expires_on}</span>
        ${row.expired && html`<span class="badge block">已到期</span>`}</div>
      <div class="row"><button type="button" onClick=${() => onLoad(row)}>查看与修改</button>
        <button type="button" onClick=${() => { setAsking(asking === row.name ? "" : row.name); setReason(""); }}>申请名单</button>
        <button type="button" aria-expanded=${giving === row.name} onClick=${() => setGiving(giving === row.name ? "" : row.name)}>派任务</button>
        <button type="button" class="bad" onClick=${() => act(async () => { await api.remove(`segments/${encodeURIComponent(row.name)}`); load(); })}>删除</button></div>
      ${asking === row.name && html`<div class="row"><input aria-label="名单用途" placeholder="名单用途" maxlength="2000" value=${reason} onInput=${(e) => setReason(e.target.value)} />
        <button type="button" class="go" onClick=${() => ask(row.name)}>提交申请</button></div>`}
      ${giving === row.name && html`<${Give} segment=${row} onGiven=${(given) => { setGiving(""); onGiven(row, given); }} />`}</li>`)}</ol></section>`;
}

const fresh = () => ({ name: "", zh: "", expires_on: dayAhead(90), pick: EMPTY });

function App({ who }) {
  const [tab, setTab] = useState("pick");
  const [draft, setDraft] = useState(fresh());
  const [told, setTold] = useState("");
  useEffect(() => setTold(""), [who]);
  const show = (next) => { setTab(next); setTold(""); };
  const saved = (row) => { setTold(`已保存“${row.zh}”。`); setTab("segments"); };
  const asked = (list) => {
    setTold(list.state === "approved" ? `名单已就绪，共 ${list.clients} 人，可以下载。` : `名单共 ${list.clients} 人，超过免审人数，等待另一人审批。`);
    setTab("lists");
  };
  const given = (row, round) => setTold(`已为“${row.zh}”派发 ${round.tasks} 项任务，各在其顾问的“今日”页；${round.left_out} 位客户不可联系或没有顾问，未派发。`);
  const load = (row) => {
    setDraft({ name: row.name, zh: row.zh, expires_on: row.expires_on, pick: { all_of: row.all_of, any_of: row.any_of, none_of: row.none_of } });
    show("pick");
  };
  const tabs = { pick: "选客户", segments: "客群", lists: "名单与审批" };
  return html`
    <${Head} title="客户标签与客群" hint="查看客户与导出名单都记入审计日志。" />
    <${Tabs} label="分页" tabs=${tabs} tab=${tab} onTab=${(id) => { if (id === "pick") setDraft(fresh()); show(id); }} />
    ${told && html`<p class="item done" role="status">${told}</p>`}
    ${tab === "pick" && html`<${Pick} key=${`${who} ${draft.name}`} draft=${draft} onSaved=${saved} />`}
    ${tab === "segments" && html`<${Segments} key=${who} onLoad=${load} onAsked=${asked} onGiven=${given} />`}
    ${tab === "lists" && html`<${Lists} key=${who} api=${api} who=${who} />`}`;
}

open(App);
