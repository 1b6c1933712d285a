// The knowledge base for editors and officers: documents, upload, contradictions, approved wording, what was not found.
import { html, render, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { callerOf, personOf } from "/static/people_api.js";
import { Documents, Upload } from "/static/knowledge_documents.js";
import { Conflicts, Unanswered, Wordings } from "/static/knowledge_decisions.js";

const person = personOf("tougu.person");
const api = callerOf(person);
const TABS = { documents: "文件", upload: "上传", conflicts: "矛盾", wordings: "标准话术", unanswered: "未答问题" };
const named = () => { const tab = window.location.hash.slice(1); return TABS[tab] ? tab : "documents"; };

function App() {
  const [people, setPeople] = useState([]);
  const [who, setWho] = useState(person.id);
  const [tab, setTab] = useState(named());
  const [open, setOpen] = useState("");
  const choose = (id) => { person.id = id; setWho(id); setOpen(""); };
  useEffect(() => {
    // Asked as the operator: a name kept from an earlier session may be gone.
    fetch("/v1/knowledge/people").then((reply) => (reply.ok ? reply.json() : [])).then((found) => {
      setPeople(found);
      if (person.id && !found.some((each) => each.id === person.id)) choose("");
    }).catch(() => setPeople([]));
    const moved = () => setTab(named());
    window.addEventListener("hashchange", moved);
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  const go = (next, id = "") => { window.history.replaceState(null, "", `#${next}`); setTab(next); setOpen(id); };
  const approves = people.some((each) => each.id === who && each.approves);
  return html`
    <header><div><h1>知识库</h1><p class="hint">每项裁定、审批与修改都记入审计日志。</p></div>
      <label class="who person">人员<select value=${who} onChange=${(event) => choose(event.target.value)}>
        <option value="">本机管理员</option>${people.map((each) => html`<option value=${each.id}>${each.id}</option>`)}</select></label></header>
    <nav class="tabs" aria-label="分页">${Object.entries(TABS).map(([id, word]) => html`
      <button type="button" aria-current=${tab === id} onClick=${() => go(id)}>${word}</button>`)}</nav>
    ${tab === "documents" && html`<${Documents} key=${who} api=${api} open=${open} onOpen=${setOpen} />`}
    ${tab === "upload" && html`<${Upload} key=${who} api=${api} onDone=${(id) => go("documents", id)} />`}
    ${tab === "conflicts" && html`<${Conflicts} key=${who} api=${api} />`}
    ${tab === "wordings" && html`<${Wordings} key=${who} api=${api} who=${who || "operator"} approves=${approves} />`}
    ${tab === "unanswered" && html`<${Unanswered} key=${who} api=${api} />`}`;
}

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
