// One item: the text with its findings marked in place, who wrote it, what was known, history and the decision.
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { when } from "/static/api.js";
import { call, OUTCOMES, STATES, TARGETS } from "/static/review_api.js";
import { Problem } from "/static/shell.js";

// Offsets count characters as the server does, not UTF-16 units.
function pieces(text, findings) {
  const letters = Array.from(text);
  const spans = findings.map((f, n) => ({ ...f, n: n + 1 })).filter((f) => f.start < f.end && f.end <= letters.length);
  const edges = [...new Set([0, letters.length, ...spans.flatMap((f) => [f.start, f.end])])].sort((a, b) => a - b);
  return edges.slice(0, -1).map((from, at) => {
    const to = edges[at + 1];
    return {
      text: letters.slice(from, to).join(""),
      on: spans.filter((f) => f.start < to && from < f.end),
      last: spans.filter((f) => f.end === to).map((f) => f.n),
    };
  });
}

function Original({ item, box }) {
  return html`<div class="original" ref=${box} tabindex="0" role="region" aria-label="原文">${pieces(item.text, item.findings).map((p) =>
    p.on.length
      ? html`<mark id=${`mark-${p.on[0].n}`} data-n=${p.last.join(",")} title=${p.on.map((f) => f.rule).join("、")}>${p.text}</mark>`
      : p.text)}</div>`;
}

function Findings({ item, onMark }) {
  if (!item.findings.length && !item.errors.length) return html`<p class="hint">没有发现。</p>`;
  return html`<ol class="found">${item.findings.map((f, n) => html`<li>
      <div class="row"><strong>${n + 1}. ${f.zh}</strong><span class=${`badge ${f.outcome}`}>${OUTCOMES[f.outcome]}</span>
        <span class="small">${f.rule}${f.by === "semantic" ? "，语义模型判断" : ""}</span></div>
      <div>${f.reason}</div>
      <div class="small">依据：${f.law || "-"}</div>
      ${f.suggestion && html`<div class="small">建议：${f.suggestion}</div>`}
      ${f.start < f.end && html`<div class="row">
        <button type="button" onClick=${() => document.getElementById(`mark-${n + 1}`)?.scrollIntoView({ block: "center" })}>看原文</button>
        <button type="button" onClick=${() => onMark({ kind: "false_alarm", rule: f.rule, start: f.start, end: f.end })}>标为误报</button></div>`}
    </li>`)}${item.errors.map((error) => html`<li class="late">未能判断：${error}</li>`)}</ol>`;
}

function Context({ item }) {
  const known = item.context;
  const expires = known.client_level_expires ? `（有效至 ${known.client_level_expires}）` : "";
  return html`<dl>
    <dt>类型</dt><dd>${TARGETS[item.target]}，${item.written_by} 撰写，${item.created_by} 提交</dd>
    <dt>时间</dt><dd>${when(item.created_at)}，期限 <span class=${item.overdue ? "late" : ""}>${when(item.due_at)}</span></dd>
    ${item.client_id && html`<dt>客户</dt><dd>${item.client_id}，等级 ${known.client_level || "未知"}${expires}</dd>`}
    ${(known.products || []).map((p) => html`<dt>产品</dt><dd>${p.name} ${p.code}，等级 ${p.risk_level || "未知"}，${
      p.on_shelf === null ? "货架未知" : p.on_shelf ? "在货架" : "不在货架"}${p.restricted ? "，限制清单" : ""}</dd>`)}
    ${(known.sources || []).map((s) => html`<dt>出处</dt><dd>[${s.n}] ${s.title} ${s.publisher || ""} ${s.date || ""}</dd>`)}
    <dt>规则</dt><dd>${item.rule_pack}</dd></dl>`;
}

function History({ item }) {
  if (!item.history.length) return null;
  const words = { ...STATES, seconded: "第一人批准" };
  return html`<section><h3>处理记录</h3><ol class="history">${item.history.map((s) => html`
    <li>${when(s.at)} ${s.by === "clock" ? "系统" : s.by} ${words[s.act] || s.act} ${s.reason}</li>`)}</ol></section>`;
}

function Missed({ box, rules, onMark }) {
  const [rule, setRule] = useState("");
  const [picked, setPicked] = useState(null);
  const pick = () => {
    const selected = getSelection();
    const inside = selected.rangeCount && box.current?.contains(selected.anchorNode) && box.current.contains(selected.focusNode);
    if (!inside || selected.isCollapsed) return setPicked(null);
    const range = selected.getRangeAt(0);
    const before = range.cloneRange();
    before.selectNodeContents(box.current);
    before.setEnd(range.startContainer, range.startOffset);
    const start = Array.from(before.toString()).length;
    return setPicked({ start, end: start + Array.from(range.toString()).length, quote: range.toString() });
  };
  return html`<details onToggle=${pick}><summary>标出漏报</summary><div class="row">
      <p class="hint">在原文中选中文字，取用所选，再填规则编号。</p>
      <button type="button" onClick=${pick}>取用所选</button>
      ${picked && html`<span>“${picked.quote.slice(0, 40)}”</span>`}
      <input list="rules" value=${rule} onInput=${(e) => setRule(e.target.value)} aria-label="规则编号" placeholder="规则编号" />
      <datalist id="rules">${rules.map((id) => html`<option value=${id}></option>`)}</datalist>
      <button type="button" disabled=${!picked || !rule.trim()}
        onClick=${() => onMark({ kind: "missed", rule: rule.trim(), start: picked.start, end: picked.end })}>标为漏报</button>
    </div></details>`;
}

const STEPS = {
  doubt: [["approve", "批准", "go"], ["edit", "修改并批准", ""], ["reject", "驳回", "bad"]],
  escalation: [["close", "处理完毕", "go"]],
  sample: [["fine", "无问题", "go"], ["mistake", "有问题", "bad"]],
};

const REASONS = { doubt: "（必填，提交人可见）", escalation: "（必填，仅合规可见）", sample: "（有问题时必填）" };

function Decide({ item, onDone }) {
  const [reason, setReason] = useState("");
  const [text, setText] = useState(null);
  const [busy, setBusy] = useState(false);
  const [held, setHeld] = useState([]);
  const [error, setError] = useState("");
  const current = item.edited ?? item.text;
  const take = async (step) => {
    if (step === "edit" && text === null) return setText(current);
    if (step !== "fine" && !reason.trim()) return setError("请填写理由。");
    setBusy(true);
    setError("");
    try {
      const sample = step === "fine" || step === "mistake";
      const body = sample ? { fine: step === "fine", reason } : step === "edit" ? { reason, text } : { reason };
      const done = await call(sample ? `samples/${item.id}` : `reviews/${item.id}/${step}`, body);
      if (done.verdict && ["return", "block"].includes(done.verdict.outcome)) {
        setHeld(done.verdict.findings);
        setError("修改后的文字仍未通过，未批准。");
      } else onDone(done);
    } catch (problem) {
      setError(problem.message);
    }
    return setBusy(false);
  };
  return html`<section class="decide" aria-busy=${busy}>
    ${text !== null && html`<label>修改后的文字（须再次通过检查）
      <textarea rows="8" value=${text} onInput=${(e) => setText(e.target.value)}></textarea></label>`}
    ${held.map((f) => html`<div class="late">[${f.rule}] “${f.quote}” ${f.reason}</div>`)}
    <label>理由${REASONS[item.kind]}
      <textarea rows="2" maxlength="2000" value=${reason} onInput=${(e) => setReason(e.target.value)}></textarea></label>
    <${Problem} words=${error} />
    <div class="row">${STEPS[item.kind].map(([step, word, look]) => html`
      <button type="button" class=${look} disabled=${busy} onClick=${() => take(step)}>${
        step === "edit" && text !== null ? "提交修改并批准" : word}</button>`)}
      ${text !== null && html`<button type="button" onClick=${() => { setText(null); setHeld([]); }}>放弃修改</button>`}</div>
  </section>`;
}

export function Item({ id, rules, onDone }) {
  const [item, setItem] = useState(null);
  const [note, setNote] = useState("");
  const [error, setError] = useState("");
  const box = useRef(null);
  const title = useRef(null);
  useEffect(() => {
    let wanted = true;
    setItem(null);
    setNote("");
    setError("");
    call(`reviews/${encodeURIComponent(id)}`).then((found) => wanted && setItem(found), (problem) => wanted && setError(problem.message));
    return () => { wanted = false; };
  }, [id]);
  useEffect(() => { if (item) title.current?.focus(); }, [item]);
  const mark = async (meant) => {
    try {
      const made = await call("mistakes", { item_id: id, ...meant });
      setNote(made.state === "approved" ? "已记入纠错。" : "已记入纠错，待另一名审核人员确认。");
      setError("");
    } catch (problem) {
      setError(problem.message);
    }
  };
  if (!item) return html`<section class="item">${error ? html`<div class="error" role="alert">${error}</div>` : html`<p class="hint">正在打开…</p>`}</section>`;
  const open = item.state === "pending" || item.state === "seconded";
  return html`<article class="item">
    <div class="row"><h2 tabindex="-1" ref=${title}>${TARGETS[item.target]}，${STATES[item.state]}</h2>
      <span class=${`badge ${item.outcome}`}>${OUTCOMES[item.outcome]}</span>
      ${item.confidential && html`<span class="badge block">保密</span>`}
      ${item.overdue && html`<span class="badge block">已逾期</span>`}
      ${item.first_by && open && html`<span class="badge review">${item.first_by} 已批准，待第二人</span>`}</div>
    <section><h3>原文</h3><${Original} item=${item} box=${box} /></section>
    ${item.edited !== null && html`<section><h3>修改后的文字</h3><div class="original">${item.edited}</div></section>`}
    <section><h3>发现</h3><${Findings} item=${item} onMark=${mark} /></section>
    <${Missed} box=${box} rules=${rules} onMark=${mark} />
    ${note && html`<div class="done" role="status">${note}</div>`}
    <${Problem} words=${error} />
    <section><h3>当时的情况</h3><${Context} item=${item} /></section>
    <${History} item=${item} />
    ${open && html`<${Decide} key=${item.id} item=${item} onDone=${onDone} />`}
  </article>`;
}
