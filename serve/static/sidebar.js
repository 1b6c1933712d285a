// The sidebar: ask, read the cleared answer, open each citation at its span.
import "/static/door.js";
import { html, render, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { asksDiagnosis, Diagnosis, startDiagnosis } from "/static/sidebar_diagnosis.js";

const WORDS = {
  pass: "合规通过", revise: "已补充提示", return: "需修改", review: "待合规复核", block: "已拦截",
};
const STORE = "tougu.talk";

async function ask(question, history) {
  const reply = await fetch("/v1/questions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ question, history }),
  });
  const body = await reply.json();
  if (!reply.ok) throw new Error(body.detail || "服务暂时不可用，请稍后再试。");
  return body;
}

const place = (citation) =>
  `/documents/${encodeURIComponent(citation.version_id)}?start=${citation.start}&end=${citation.end}#mark`;

function Marks({ numbers, byNumber }) {
  return numbers.map((n) => html`
    <a class="cite" href=${place(byNumber.get(n))} target="_blank" rel="noopener"
       aria-label=${`出处 ${n}：${byNumber.get(n).title}`}>${n}</a>`);
}

function Sentences({ reply, byNumber }) {
  return html`<p>${reply.sentences.map((sentence) => html`
    <span>${sentence.text}<${Marks} numbers=${sentence.citations} byNumber=${byNumber} /></span>`)}</p>`;
}

function Figures({ table, byNumber }) {
  if (!table) return null;
  const [names, ...columns] = table.header;
  return html`<table class="figures" aria-label="数据对照">
    <thead><tr><th scope="col">${names}</th>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${table.rows.map(([label, ...cells]) => html`
      <tr><th scope="row">${label.text}</th>${cells.map((cell) => html`
        <td>${cell.text}<${Marks} numbers=${cell.citations} byNumber=${byNumber} /></td>`)}</tr>`)}</tbody>
    ${table.result && html`<tfoot><tr><th scope="row">${table.result[0].text}</th>
      <td colspan=${columns.length}>${table.result[1].text}</td></tr></tfoot>`}
  </table>`;
}

function Sources({ citations }) {
  if (!citations.length) return null;
  return html`<ol aria-label="出处">${citations.map((citation) => html`
    <li><a href=${place(citation)} target="_blank" rel="noopener">[${citation.n}] ${citation.title}</a>
      <span class="quote">${citation.quote.slice(0, 90)}${citation.quote.length > 90 ? "…" : ""}</span></li>`)}</ol>`;
}

function Copy({ text }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
  };
  return html`<button type="button" onClick=${copy}>${done ? "已复制" : "复制"}</button>`;
}

function Reply({ reply }) {
  if (reply.error) return html`<div class="answer error" role="alert">${reply.error}</div>`;
  const { outcome, findings, reasons, review_id: review } = reply.verdict;
  const byNumber = new Map(reply.citations.map((citation) => [citation.n, citation]));
  return html`<article class="answer">
    ${reply.cleared ? html`<${Sentences} reply=${reply} byNumber=${byNumber} />` : html`<p>这条回答没有通过合规检查，因此不显示。</p>`}
    <${Figures} table=${reply.table} byNumber=${byNumber} />
    ${reply.note && html`<p class="hint">${reply.note}</p>`}
    ${(reply.risks || []).map((risk) => html`<p class="hint">${risk}</p>`)}
    ${reply.addition && html`<p class="hint">${reply.addition}</p>`}
    <span class=${`badge ${outcome}`}>${WORDS[outcome]}</span>
    ${findings.length > 0 && html`<ul class="reasons">${findings.map((f) => html`
      <li>${reply.cleared ? "已处理：" : ""}${f.reason}${!reply.cleared && f.suggestion ? `可改为：${f.suggestion}` : ""}</li>`)}</ul>`}
    ${!findings.length && reasons.length > 0 && html`<ul class="reasons">${reasons.map((r) => html`<li>${r}</li>`)}</ul>`}
    ${review && html`<p class="hint">已交合规人员复核，编号 ${review}。</p>`}
    <${Sources} citations=${reply.citations} />
    ${reply.cleared && html`<div class="tools"><${Copy} text=${reply.text} /></div>`}
  </article>`;
}

function App() {
  const [talk, setTalk] = useState(() => JSON.parse(sessionStorage.getItem(STORE) || "[]"));
  const [examples, setExamples] = useState([]);
  const [draft, setDraft] = useState("");
  const [busy, setBusy] = useState(false);
  const box = useRef(null);
  const latest = useRef(null);

  useEffect(() => {
    sessionStorage.setItem(STORE, JSON.stringify(talk.slice(-20)));
    latest.current?.scrollIntoView({ block: "start" });  // a long answer is read from its beginning
  }, [talk]);
  useEffect(() => {
    fetch("/v1/examples").then((r) => (r.ok ? r.json() : [])).then(setExamples).catch(() => setExamples([]));
    box.current?.focus();
  }, []);

  const send = async (question) => {
    if (!question.trim() || busy) return;
    const history = talk.filter((item) => item.reply.cleared).map((item) => item.question).slice(-4);
    setBusy(true);
    setDraft("");
    const subject = asksDiagnosis(question);
    let reply;
    try {
      if (subject) {
        await startDiagnosis(subject);
        return;  // the page of the report opens
      }
      reply = await ask(question.trim(), history);
    } catch (error) {
      reply = { error: error instanceof TypeError ? "连不上服务，请检查它是否在运行。" : error.message };
    }
    setTalk((before) => [...before, { question: question.trim(), reply }]);
    setBusy(false);
    box.current?.focus();
  };
  const onKey = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send(draft);
    }
  };

  return html`
    <header><h1>投顾助手</h1><p class="hint">回答只取自已入库的资料，由人工智能辅助生成，发送前请核对出处。</p>
      <${Diagnosis} /></header>
    <section class="talk" aria-live="polite" aria-busy=${busy}>
      ${!talk.length && examples.length > 0 && html`<div class="examples"><p class="hint">可以这样问：</p>
        ${examples.map((question) => html`<button type="button" onClick=${() => send(question)}>${question}</button>`)}</div>`}
      ${talk.map((item, at) => html`<p class="question" ref=${at === talk.length - 1 ? latest : null}>${item.question}</p><${Reply} reply=${item.reply} />`)}
      ${busy && html`<p class="hint">正在查找资料…</p>`}
    </section>
    <form onSubmit=${(event) => { event.preventDefault(); send(draft); }}>
      <textarea ref=${box} rows="2" maxlength="500" aria-label="问题" placeholder="问一个关于产品或规则的问题"
        value=${draft} onInput=${(event) => setDraft(event.target.value)} onKeyDown=${onKey}></textarea>
      <button class="go" type="submit" disabled=${busy || !draft.trim()}>提问</button>
    </form>`;
}

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
