// One report: made, read as its client will read it, edited line by line, sent, and what came of it.
import { when } from "/static/api.js";
import { Head, open, Problem } from "/static/shell.js";
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";

const STATES = { cleared: ["合规通过", "done"], waiting: ["等待合规复核", "wait"], held: ["未通过合规", "late"] };
const DECIDED = {
  approved: ["复核已批准，但改动了固定内容，不能按原版式发送：请重新生成报告", "late"], rejected: ["复核未通过", "late"], expired: ["复核已过期，请重新提交", "late"],
};
const REVIEWS = { pending: "待复核", seconded: "待复核", approved: "已批准", rejected: "已驳回", expired: "已过期" };
const LINKS = { open: "有效", locked: "已锁定", expired: "已过期", revoked: "已撤回" };
const DID = {
  opened: "打开", section: "阅读", report: "查看完整报告", pdf: "下载 PDF", question: "提问", rating: "评价", accepted: "想了解建议",
};
const POLL_MS = 700;
const reportId = decodeURIComponent(location.pathname.split("/").pop());
const base = `/v1/diagnoses/${encodeURIComponent(reportId)}`;

async function call(path, body, as = "json") {
  let reply;
  try {
    const asked = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    reply = await fetch(path, asked);
  } catch {
    throw new Error("连不上服务，请检查它是否在运行。");
  }
  if (reply.ok && as === "text") return reply.text();
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw Object.assign(new Error(answer.detail || "服务暂时不可用，请稍后再试。"), { status: reply.status });
  return answer;
}

function Waiting({ job }) {
  if (job.state === "quarantined") return html`<p class="error part" role="alert">报告未能生成：${job.error}</p>`;
  const total = job.progress_total || 1;
  return html`<div class="part"><p aria-live="polite">正在生成：${job.progress_done} / ${job.progress_total || "…"}</p>
    <progress value=${job.progress_done} max=${total} aria-label="生成进度"></progress></div>`;
}

function Preview({ version }) {
  const [page, setPage] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => {
    setPage(null); setError("");
    call(`${base}/versions/${version.version}/file?format=html`, undefined, "text").then(setPage, (e) => setError(e.message));
  }, [version.version, version.state]);
  if (error) return html`<p class="error" role="alert">${error}</p>`;
  if (page === null) return html`<p class="hint">正在打开报告…</p>`;
  return html`<iframe title="报告预览" sandbox="" srcdoc=${page}></iframe>`;
}

function Editing({ version, onDone }) {
  const [lines, setLines] = useState(null);
  const [edits, setEdits] = useState({});
  const [found, setFound] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => {
    setLines(null); setEdits({}); setFound(null); setError("");
    call(`${base}/versions/${version.version}`).then((held) => setLines(held.lines.filter((l) => l.editable)), (e) => setError(e.message));
  }, [version.version, version.state]);
  const submit = async (event) => {
    event.preventDefault();
    setError(""); setFound(null);
    try {
      const made = await call(`${base}/versions/${version.version}/edit`, { edits });
      setFound(made);
      onDone(made.version);
    } catch (problem) { setError(problem.message); }
  };
  if (error && !lines) return html`<p class="hint">${error}</p>`;
  if (!lines) return null;
  const changed = Object.keys(edits).length;
  return html`<form class="plain" onSubmit=${submit}>
    ${lines.map((line) => html`<label key=${line.n} class="line">${line.section}
      <textarea rows=${Math.max(2, Math.ceil(line.text.length / 40))} value=${edits[line.n] ?? line.text}
        onInput=${(e) => setEdits({ ...edits, [line.n]: e.target.value })}></textarea></label>`)}
    <p class="small">只能修改文字段落；数字须与报告的计算结果一致。提交后由合规规则重新审核，修改前后的文字都会保留。</p>
    <${Problem} words=${error} />
    ${found && html`<p class=${STATES[found.state][1]} role="status">第 ${found.version} 版：${STATES[found.state][0]}。${
      (found.verdict?.reasons || []).join("；")}</p>`}
    <div><button class="go" disabled=${!changed}>提交修改</button></div></form>`;
}

function Links({ links, onDone }) {
  const [error, setError] = useState("");
  const [closing, setClosing] = useState("");
  const [reason, setReason] = useState("");
  const revoke = async (event, id) => {
    event.preventDefault();
    try { await call(`/v1/deliveries/${id}/revoke`, { reason }); setClosing(""); onDone(); } catch (e) { setError(e.message); }
  };
  if (!links.length) return html`<p class="hint">尚未发送给客户。</p>`;
  return html`<${Problem} words=${error} />
    <ul class="cards">${links.map((link) => html`<li key=${link.id} class="card">
      <div class="row"><strong>第 ${link.version} 版</strong><span class="badge">${LINKS[link.state]}</span>
        <span class="small">${when(link.created_at)} 由 ${link.sent_by} 发送，${when(link.expires_at)} 到期</span></div>
      ${link.consent === "yes"
        ? html`<ul>${link.reactions.map((r) => html`<li>${when(r.at)} ${DID[r.kind]} ${r.part} ${r.value ? `${r.value} 分` : ""} ${r.words && r.kind === "question" ? html`<q>${r.words}</q>` : ""}</li>`)}</ul>`
        : html`<p class="small">客户未同意记录使用情况：是否打开、阅读了什么均不记录。</p>`}
      ${link.state !== "revoked" && link.state !== "expired" && (closing === link.id
        ? html`<form class="row" onSubmit=${(e) => revoke(e, link.id)}>
            <input aria-label="撤回原因" placeholder="撤回原因" required value=${reason} onInput=${(e) => setReason(e.target.value)} />
            <button class="bad">确认撤回</button><button type="button" onClick=${() => setClosing("")}>取消</button></form>`
        : html`<div><button type="button" class="bad" onClick=${() => setClosing(link.id)}>撤回链接</button></div>`)}
    </li>`)}</ul>`;
}

function Sending({ version, onDone }) {
  const [sent, setSent] = useState(null);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => { setSent(null); setError(""); }, [version.version]);
  const send = async () => {
    setBusy(true); setError("");
    try { setSent(await call(`${base}/deliveries`, { version: version.version })); onDone(); } catch (e) { setError(e.message); }
    setBusy(false);
  };
  return html`<${Problem} words=${error} />
    ${sent && html`<p class="done" role="status">已发送，${when(sent.expires_at)} 到期。链接只显示这一次，客户凭验证码查看：</p>
      <p class="address">${sent.url}</p><div><button type="button" onClick=${() => navigator.clipboard.writeText(sent.url)}>复制链接</button></div>`}
    <div><button type="button" class="go" disabled=${version.state !== "cleared" || busy} onClick=${send}>把第 ${version.version} 版发送给客户</button></div>`;
}

function App() {
  const [job, setJob] = useState(null);
  const [found, setFound] = useState(null);
  const [links, setLinks] = useState([]);
  const [chosen, setChosen] = useState(null);
  const [error, setError] = useState("");
  const refresh = async (version) => {
    const held = await call(`${base}/versions`);
    setFound(held);
    setChosen((before) => version ?? before ?? held.versions.length);
    setLinks((await call(`/v1/deliveries?report_id=${encodeURIComponent(reportId)}`)).deliveries);
  };
  useEffect(() => {
    let over = false;
    const look = async () => {
      try {
        const now = await call(`/v1/jobs/${encodeURIComponent(reportId)}`).catch((problem) => {
          if (problem.status !== 404) throw problem;
          return { state: "done" };  // ordered by somebody else: the versions are the client's, the order is not
        });
        if (over) return;
        setJob(now);
        if (now.state === "done") await refresh();
        else if (now.state !== "quarantined") setTimeout(look, POLL_MS);
      } catch (problem) { setError(problem.message); }
    };
    look();
    return () => { over = true; };
  }, []);

  if (error) return html`<${Head} title="诊断报告" /><p class="error part" role="alert">${error}</p>`;
  if (!job || (job.state === "done" && !found)) return html`<p class="hint part">正在打开…</p>`;
  if (!found) return html`<${Head} title="诊断报告" /><${Waiting} job=${job} />`;
  const version = found.versions.find((v) => v.version === chosen) || found.versions[0];
  const [word, look] = (version.state === "waiting" && DECIDED[version.review_state]) || STATES[version.state];
  return html`<${Head} title="诊断报告" hint=${`${found.client_id ? `客户 ${found.client_id}` : "单只基金"}，${found.versions.length} 个版本`} />
    <section class="part"><nav class="tabs" aria-label="版本">${found.versions.map((v) => html`<button type="button" key=${v.version}
        aria-current=${v.version === version.version ? "true" : "false"} onClick=${() => setChosen(v.version)}>第 ${v.version} 版</button>`)}</nav>
      <p class=${look}>${word}${version.review_state ? `（${REVIEWS[version.review_state] || version.review_state}${version.review_reason ? `：${version.review_reason}` : ""}）` : ""}
        <span class="small">，${version.version === 1 ? "程序生成" : `由 ${version.by} 修改`}，${when(version.created_at)}</span></p>
      ${version.state === "cleared" && html`<${Preview} version=${version} />`}</section>
    ${found.client_id && html`<section class="part"><h2>修改文字</h2><${Editing} version=${version} onDone=${(n) => refresh(n)} /></section>
      <section class="part"><h2>发送与跟进</h2><${Sending} version=${version} onDone=${() => refresh()} /><${Links} links=${links} onDone=${() => refresh()} /></section>`}`;
}

open(App, { acts: false });
