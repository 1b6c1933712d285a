// One text to the clients of a segment: pick both, see for each client whether it may go out and why not, fetch what may.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api, number, when } from "/static/api.js";
import { Head, open, Problem } from "/static/shell.js";

const STATES = { cleared: ["可外发", "pass"], held: ["未放行", "block"], left_out: ["不外发", "review"] };
const CHANNELS = { wecom: "企业微信", sms: "短信", app: "APP 消息", email: "邮件" };
const OWN = "";
const pickOf = ({ all_of, any_of, none_of }) => ({ all_of, any_of, none_of });

// Clients of a segment whom one sees; null until it is known.
function useSize(segment, onError) {
  const [size, setSize] = useState(null);
  useEffect(() => {
    let wanted = true;
    setSize(null);
    if (segment) api.post("segments/count", pickOf(segment)).then((found) => wanted && setSize(found.clients), (problem) => wanted && onError(problem.message));
    return () => { wanted = false; };
  }, [segment?.name]);
  return size;
}

function Text({ wordings, wording, template, onWording, onTemplate }) {
  const chosen = wordings.find((each) => each.id === wording);
  return html`<label>话术<select value=${wording} onChange=${(e) => onWording(e.target.value)}><option value=${OWN}>自己写</option>
      ${wordings.map((each) => html`<option value=${each.id}>${each.question}（${each.id}）</option>`)}</select></label>
    ${chosen ? html`<div><span class="small">已核准，原文发出</span><p class="original">${chosen.text}</p></div>`
      : html`<label>文字（可用 ${"${client}"} 客户姓名、${"${adviser}"} 顾问姓名）<textarea rows="5" maxlength="2000" value=${template}
          placeholder=${"${client}，您好。${adviser}提醒您……"} onInput=${(e) => onTemplate(e.target.value)}></textarea></label>`}`;
}

function Form({ segments, choices, onMade }) {
  const [name, setName] = useState(segments[0].name);
  const [channel, setChannel] = useState("wecom");
  const [why, setWhy] = useState("");
  const [wording, setWording] = useState(OWN);
  const [template, setTemplate] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const segment = segments.find((each) => each.name === name);
  const size = useSize(segment, setError);
  const fits = size !== null && size > 0 && size <= choices.most;
  const send = async (event) => {
    event.preventDefault();
    if (!why.trim()) return setError("请填写外发的用途。");
    if (!wording && !template.trim()) return setError("请写下要发的文字，或选一条话术。");
    setBusy(true); setError("");
    try {
      onMade(await api.post("outreach", { segment: name, channel, why, ...(wording ? { wording } : { template }) }));
    } catch (problem) { setError(problem.message); }
    setBusy(false);
    return undefined;
  };
  return html`<form class="plain panel" aria-label="新的外发" onSubmit=${send} onInput=${() => setError("")}>
    <div class="fields"><label>客群<select value=${name} onChange=${(e) => setName(e.target.value)}>${segments.map((each) => html`
        <option value=${each.name}>${each.zh}</option>`)}</select></label>
      <label>渠道<select value=${channel} onChange=${(e) => setChannel(e.target.value)}>${Object.entries(CHANNELS).map(([id, word]) => html`<option value=${id}>${word}</option>`)}</select></label>
      <label>用途（记入审计日志）<input value=${why} maxlength="1000" onInput=${(e) => setWhy(e.target.value)} /></label></div>
    <p class="hint" role="status">${size === null ? "正在计数…" : `您可见的客户 ${number(size)} 位`}${size > choices.most ? `，一次最多 ${choices.most} 位，请先缩小客群` : ""}</p>
    <${Text} wordings=${choices.wordings} wording=${wording} template=${template} onWording=${setWording} onTemplate=${setTemplate} />
    <${Problem} words=${error} />
    <div class="row"><button class="go" disabled=${busy || !fits}>${busy ? "正在逐位审核…" : "逐位审核"}</button>
      <span class="hint">只审核，不发送：每位客户的文字各自过审、各自留痕。</span></div></form>`;
}

const counted = (texts) => Object.fromEntries(Object.keys(STATES).map((state) => [state, texts.filter((each) => each.state === state).length]));

function Figures({ counts }) {
  return html`<dl class="numbers">${Object.entries(STATES).map(([state, [word]]) => html`<div><dt>${word}</dt><dd>${number(counts[state])}</dd></div>`)}</dl>`;
}

function Result({ made, zh, onClose }) {
  const [error, setError] = useState("");
  const [fetched, setFetched] = useState(made.fetched_at);
  const counts = counted(made.texts);
  const take = async () => {
    try {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await api.file(`outreach/${made.id}/file`));
      link.download = `outreach-${made.id}.jsonl`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      setFetched(new Date().toISOString());
    } catch (problem) { setError(problem.message); }
  };
  const order = Object.keys(STATES);
  const texts = [...made.texts].sort((a, b) => order.indexOf(b.state) - order.indexOf(a.state) || a.client_id.localeCompare(b.client_id));
  return html`<section class="panel" aria-label="审核结果"><div class="row"><h2>${zh}，${CHANNELS[made.channel] || made.channel}</h2>
      <span class="small">${when(made.created_at)}，${made.why}</span></div><${Figures} counts=${counts} /><${Problem} words=${error} />
    <div class="row">${counts.cleared > 0 && html`<button type="button" class="go" onClick=${take}>取走可外发的文字</button>`}
      <button type="button" onClick=${onClose}>返回</button>${fetched && html`<span class="small" role="status">已取走 ${when(fetched)}；之后拒绝的客户不在文件内</span>`}</div>
    <ul class="found">${texts.map((each) => html`<li class="card" key=${each.client_id}><div class="row"><strong>${each.client_id}</strong>
      <span class=${`badge ${STATES[each.state][1]}`}>${STATES[each.state][0]}</span>${each.review_id && html`<span class="small">已交合规复核，编号 ${each.review_id}</span>`}</div>
      ${each.why && html`<div class="small">${each.why}</div>`}</li>`)}</ul></section>`;
}

function Past({ rows, titled, onOpen }) {
  return html`<section class="panel"><h2>我的外发</h2>${!rows.length && html`<p class="hint">还没有外发。</p>`}
    <ul class="found">${rows.map((row) => html`<li class="card" key=${row.id}><div class="row"><strong>${row.why}</strong>
        <span class="small">${titled(row.segment)}，${CHANNELS[row.channel] || row.channel}，${when(row.created_at)}</span></div>
      <div class="row"><span class="small">可外发 ${row.counts.cleared}，未放行 ${row.counts.held}，不外发 ${row.counts.left_out}${row.fetched_at ? `，已于 ${when(row.fetched_at)} 取走` : ""}</span>
        <button type="button" onClick=${() => onOpen(row.id)}>查看</button></div></li>`)}</ul></section>`;
}

function Outreach() {
  const [found, setFound] = useState(null);
  const [made, setMade] = useState(null);
  const [error, setError] = useState("");
  const load = () => Promise.all([api.get("segments"), api.get("outreach/choices"), api.get("outreach")])
    .then(([segments, choices, past]) => setFound({ all: segments, segments: segments.filter((each) => !each.expired), choices, past }), (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  const show = (id) => api.get(`outreach/${id}`).then(setMade, (problem) => setError(problem.message));
  if (error) return html`<div class="panel"><${Problem} words=${error} /></div>`;
  if (!found) return html`<p class="hint panel">正在打开…</p>`;
  const titled = (name) => found.all.find((each) => each.name === name)?.zh || name;
  if (made) return html`<${Result} made=${made} zh=${titled(made.segment)} onClose=${() => { setMade(null); load(); }} />`;
  return html`${found.segments.length ? html`<${Form} segments=${found.segments} choices=${found.choices} onMade=${setMade} />`
    : html`<p class="hint panel">还没有客群：先到<a href="/segments">客群</a>保存一个。</p>`}<${Past} rows=${found.past} titled=${titled} onOpen=${show} />`;
}

function App({ who }) {
  return html`<${Head} title="客群外发" hint="一段文字给一个客群：逐位审核，逐位留痕，通过的取走，由公司渠道发送。" /><${Outreach} key=${who} />`;
}

open(App);
