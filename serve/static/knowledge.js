// The knowledge base for editors and officers: documents, upload, contradictions, approved wording, what was not found.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api } from "/static/api.js";
import { Documents, Upload } from "/static/knowledge_documents.js";
import { Conflicts, Unanswered, Wordings } from "/static/knowledge_decisions.js";
import { Head, open, Tabs } from "/static/shell.js";

const TABS = { documents: "文件", upload: "上传", conflicts: "矛盾", wordings: "标准话术", unanswered: "未答问题" };
const named = () => { const tab = window.location.hash.slice(1); return TABS[tab] ? tab : "documents"; };

function App({ who, roles }) {
  const [tab, setTab] = useState(named());
  const [shown, setShown] = useState("");
  useEffect(() => {
    const moved = () => setTab(named());
    window.addEventListener("hashchange", moved);
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  useEffect(() => setShown(""), [who]);
  const go = (next, id = "") => { window.history.replaceState(null, "", `#${next}`); setTab(next); setShown(id); };
  return html`
    <${Head} title="知识库" hint="每项裁定、审批与修改都记入审计日志。" />
    <${Tabs} label="分页" tabs=${TABS} tab=${tab} onTab=${(id) => go(id)} />
    ${tab === "documents" && html`<${Documents} key=${who} api=${api} open=${shown} onOpen=${setShown} />`}
    ${tab === "upload" && html`<${Upload} key=${who} api=${api} onDone=${(id) => go("documents", id)} />`}
    ${tab === "conflicts" && html`<${Conflicts} key=${who} api=${api} />`}
    ${tab === "wordings" && html`<${Wordings} key=${who} api=${api} who=${who || "operator"} approves=${roles.includes("compliance")} />`}
    ${tab === "unanswered" && html`<${Unanswered} key=${who} api=${api} />`}`;
}

open(App);
