// Documents: list, one of them with its versions and what may be changed, and upload with a preview first.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { BADGE, Blocks, Fields, KINDS, RISKS, STATUS, problem, span, unread } from "/static/knowledge_words.js";

export function Documents({ api, open, onOpen }) {
  const [asked, setAsked] = useState({ q: "", status: "" });
  const [rows, setRows] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => {
    let stale = false;
    const timer = setTimeout(() => api.get(`knowledge/documents?${new URLSearchParams(asked)}`).then(
      (found) => { if (!stale) { setRows(found); setError(""); } }, (e) => stale || setError(e.message)), 150);
    return () => { stale = true; clearTimeout(timer); };
  }, [asked]);
  if (open) return html`<${Opened} key=${open} api=${api} id=${open} onOpen=${onOpen} />`;
  return html`<section class="kb"><h2>文件</h2>
    <div class="row search"><label class="field">标题、代码或路径<input type="search" value=${asked.q} onInput=${(e) => setAsked({ ...asked, q: e.target.value })} /></label>
      <label class="field">状态<select value=${asked.status} onChange=${(e) => setAsked({ ...asked, status: e.target.value })}>
        <option value="">全部</option>${Object.entries(STATUS).map(([id, word]) => html`<option value=${id}>${word}</option>`)}</select></label></div>
    ${problem(error)}
    ${rows && !rows.length && html`<p class="hint">没有符合条件的文件。</p>`}
    <ol class="found">${(rows || []).map((row) => html`<li class="card" key=${row.id}>
      <div class="row"><button type="button" class="plain" onClick=${() => onOpen(row.id)}>${row.title}</button>
        <span class="badge ${BADGE[row.status]}">${STATUS[row.status]}</span></div>
      <div class="small">${[KINDS[row.type], row.period, row.product_codes.join("、"), `有效期 ${span(row.effective_from, row.effective_to)}`,
        row.labels.length ? `标签 ${row.labels.join("、")}` : ""].filter(Boolean).join("，")}</div></li>`)}</ol></section>`;
}

function Opened({ api, id, onOpen }) {
  const [found, setFound] = useState(null);
  const [blocks, setBlocks] = useState([]);
  const [error, setError] = useState("");
  const load = () => api.get(`knowledge/documents/${encodeURIComponent(id)}`).then(
    (one) => { setFound(one); setBlocks(one.blocks); setError(""); }, (e) => setError(e.message));
  useEffect(() => { load(); }, [id]);
  const more = () => api.get(`knowledge/documents/${encodeURIComponent(id)}?block=${blocks.length}`).then(
    (one) => setBlocks([...blocks, ...one.blocks]), (e) => setError(e.message));
  return html`<section class="kb"><div class="row"><button type="button" onClick=${() => onOpen("")}>返回列表</button></div>
    ${problem(error)}
    ${found && html`<h2>${found.title}</h2><${Fields} of=${{ ...found.metadata, ...found }} />
      <p class="small">来自 ${found.path}，读出 ${found.facts} 个数据点${found.erased ? "；内容已按保存期限删除" : ""}</p>
      ${found.metadata.warnings.map((line) => html`<p class="small">提示：${line}</p>`)}
      <${Amend} key=${JSON.stringify(found.metadata)} api=${api} found=${found} onSaved=${load} />
      <h3>版本</h3><ol class="found">${found.versions.map((version) => html`<li class="card" key=${version.id}><div class="row">
        ${version.id === id ? html`<strong>本版本</strong>` : html`<button type="button" class="plain" onClick=${() => onOpen(version.id)}>${version.title}</button>`}
        <span class="badge ${BADGE[version.status]}">${STATUS[version.status]}</span><span class="small">${version.published_on || ""} 有效期 ${span(version.effective_from, version.effective_to)}</span></div></li>`)}</ol>
      <h3>内容</h3><${Blocks} shown=${blocks} />
      ${blocks.length < found.block_count && html`<div class="row"><button type="button" onClick=${more}>继续显示（${blocks.length} / ${found.block_count} 段）</button></div>`}`}</section>`;
}

function Amend({ api, found, onSaved }) {
  const now = { status: found.status, effective_from: found.effective_from || "", effective_to: found.effective_to || "",
    retain_until: found.metadata.retain_until || "", labels: found.labels.join(" "), risk_level: found.metadata.risk_level || "" };
  const [draft, setDraft] = useState(now);
  const [told, setTold] = useState("");
  const [error, setError] = useState("");
  const put = (name) => (event) => setDraft({ ...draft, [name]: event.target.value });
  const save = async (event) => {
    event.preventDefault();
    const changed = Object.fromEntries(Object.entries(draft).filter(([name, value]) => value !== now[name]).map(([name, value]) => (
      [name, name === "labels" ? value.split(/[\s,，、]+/).filter(Boolean) : value || null])));
    if (!Object.keys(changed).length) { setError("没有改动。"); return; }
    try {
      await api.patch(`knowledge/documents/${encodeURIComponent(found.id)}`, changed);
      setError(""); setTold("已保存。"); onSaved();
    } catch (e) { setTold(""); setError(e.message); }
  };
  if (found.erased) return null;
  return html`<details><summary>修改状态、有效期、标签与风险等级</summary><form onSubmit=${save}>
    <label>状态<select value=${draft.status} onChange=${put("status")}>${Object.entries(STATUS).map(([id, word]) => html`<option value=${id}>${word}</option>`)}</select></label>
    <label>生效日<input type="date" value=${draft.effective_from} onInput=${put("effective_from")} /></label>
    <label>失效日（最后一天）<input type="date" value=${draft.effective_to} onInput=${put("effective_to")} /></label>
    <label>失效后保存至<input type="date" value=${draft.retain_until} onInput=${put("retain_until")} /></label>
    <label>访问标签（空格分开）<input value=${draft.labels} maxlength="400" onInput=${put("labels")} /></label>
    <${Risk} value=${draft.risk_level} onInput=${put("risk_level")} />
    <button type="submit" class="go">保存修改</button></form>
    ${problem(error)}${told && html`<p class="small" role="status">${told}</p>`}</details>`;
}

function Risk({ value, onInput }) {
  return html`<label>风险等级（文件所述产品）<select value=${value} onChange=${onInput}><option value="">未标明</option>
    ${RISKS.map((level) => html`<option value=${level}>${level}</option>`)}</select></label>`;
}

const FRESH = { labels: "", risk_level: "", draft: false, effective_from: "", effective_to: "", retain_until: "" };

export function Upload({ api, onDone }) {
  const [file, setFile] = useState(null);
  const [seen, setSeen] = useState(null);
  const [draft, setDraft] = useState(FRESH);
  const [job, setJob] = useState(null);
  const [error, setError] = useState("");
  const put = (name) => (event) => setDraft({ ...draft, [name]: event.target.value });
  const choose = async (event) => {
    const chosen = event.target.files[0] || null;
    setFile(chosen); setSeen(null); setJob(null); setError("");
    if (!chosen) return;
    try {
      setSeen(await api.post(`knowledge/preview?name=${encodeURIComponent(chosen.name)}`, chosen));
    } catch (e) { setError(unread(e.message)); }
  };
  const send = async (event) => {
    event.preventDefault();
    const asked = new URLSearchParams({ name: file.name });
    draft.labels.split(/[\s,，、]+/).filter(Boolean).forEach((label) => asked.append("labels", label));
    ["effective_from", "effective_to", "retain_until", "risk_level"].filter((name) => draft[name]).forEach((name) => asked.set(name, draft[name]));
    if (draft.draft) asked.set("draft", "true");
    try {
      setJob(await api.post(`knowledge/files?${asked}`, file));
      setError("");
    } catch (e) { setError(e.message); }
  };
  useEffect(() => {
    if (!job || ["done", "quarantined"].includes(job.state)) return undefined;
    const timer = setTimeout(() => api.get(`knowledge/files/${job.id}`).then(setJob, (e) => setError(e.message)), 700);
    return () => clearTimeout(timer);
  }, [job]);
  const outcome = job && (job.state === "done" ? "已入库，可以检索。" : job.state === "quarantined" ? `没有入库：${unread(job.error)}` : "已上传，正在等待处理…");
  return html`<section class="kb"><h2>上传文件</h2>
    <p class="hint">支持 HTML、PDF、DOCX、XLSX、PPTX、EML、Markdown、TXT、CSV。先预览读出的内容，确认后再入库。</p>
    <label class="field">选择文件<input type="file" accept=".html,.htm,.pdf,.docx,.xlsx,.pptx,.eml,.md,.markdown,.txt,.csv" onChange=${choose} /></label>
    ${problem(error)}
    ${seen && html`<h3>${seen.metadata.title}</h3><${Fields} of=${seen.metadata} />
      ${[...seen.metadata.warnings, ...seen.warnings].map((line) => html`<p class="small">提示：${line}</p>`)}
      ${seen.instructs && html`<p class="error">文件中有对模型的指令：它只作为文字保存，不会被执行，也不会被引用。</p>`}
      <${Blocks} shown=${seen.blocks} /><p class="small">共 ${seen.block_count} 段${seen.next_block ? `，显示前 ${seen.blocks.length} 段` : ""}</p>
      <form onSubmit=${send}><label>生效日<input type="date" value=${draft.effective_from} onInput=${put("effective_from")} /></label>
        <label>失效日（最后一天）<input type="date" value=${draft.effective_to} onInput=${put("effective_to")} /></label>
        <label>失效后保存至<input type="date" value=${draft.retain_until} onInput=${put("retain_until")} /></label>
        <label>访问标签（空格分开，留空为全员可见）<input value=${draft.labels} maxlength="400" onInput=${put("labels")} /></label>
        ${!seen.metadata.risk_level && html`<${Risk} value=${draft.risk_level} onInput=${put("risk_level")} />`}
        <label class="tick"><input type="checkbox" checked=${draft.draft} onChange=${(e) => setDraft({ ...draft, draft: e.target.checked })} />先存为草稿</label>
        <button type="submit" class="go">确认入库</button></form>`}
    ${job && html`<p role="status">${outcome}</p>`}
    ${job && job.state === "done" && job.result && html`<div class="row"><button type="button" onClick=${() => onDone(job.result.version_id)}>查看文件</button></div>`}</section>`;
}
