// Keys of programs: what each opens and until when, a new one that is shown once, and the end of one.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api, whenExactly } from "/static/api.js";
import { Problem, ROLES } from "/static/shell.js";

const NEVER = new Set(["administrator", "security", "system"]);  // no program makes users or keys
const GIVEN = Object.entries(ROLES).filter(([role]) => !NEVER.has(role));
const names = (text) => text.split(/[,，、]/).map((each) => each.trim()).filter(Boolean);

function Add({ onDone }) {
  const [groups, setGroups] = useState([]);
  const [key, setKey] = useState({ name: "", role: "crm", groups: [], days: 90, branches: "" });
  const [error, setError] = useState("");
  useEffect(() => { api.get("security/groups").then(setGroups, (problem) => setError(problem.message)); }, []);
  const open = groups.filter((group) => group.roles.includes(key.role));
  const turn = (name) => setKey({ ...key, groups: key.groups.includes(name) ? key.groups.filter((each) => each !== name) : [...key.groups, name] });
  const save = async (event) => {
    event.preventDefault();
    try {
      const made = await api.post("security/keys", { name: key.name.trim(), role: key.role, groups: key.groups, days: Number(key.days), branches: names(key.branches) });
      onDone({ name: key.name.trim(), secret: made.key });
    } catch (problem) { setError(problem.message); }
  };
  return html`<form class="plain decide" aria-label="新密钥" onSubmit=${save}>
    <div class="fields"><label>名称（小写英文、数字、-）<input value=${key.name} maxlength="40" autocomplete="off" onInput=${(e) => setKey({ ...key, name: e.target.value })} /></label>
      <label>角色<select value=${key.role} onChange=${(e) => setKey({ ...key, role: e.target.value, groups: [] })}>${GIVEN.map(([role, word]) => html`<option value=${role}>${word}</option>`)}</select></label>
      <label>有效天数<input type="number" min="1" max="3650" value=${key.days} onInput=${(e) => setKey({ ...key, days: e.target.value })} /></label>
      <label>营业部（可空，逗号分隔）<input value=${key.branches} maxlength="500" onInput=${(e) => setKey({ ...key, branches: e.target.value })} /></label></div>
    <fieldset class="checks"><legend>可用的接口</legend>${open.map((group) => html`
      <label title=${group.about}><input type="checkbox" checked=${key.groups.includes(group.name)} onChange=${() => turn(group.name)} />${group.name}</label>`)}</fieldset>
    <${Problem} words=${error} />
    <div class="row"><button class="go">生成密钥</button><button type="button" onClick=${() => onDone(null)}>取消</button></div></form>`;
}

function Made({ made }) {
  const [copied, setCopied] = useState(false);
  return html`<div class="card"><p class="done hint" role="status">已生成 ${made.name}。密钥只显示这一次，请立即交给程序的负责人。</p>
    <label>密钥<input readonly value=${made.secret} onFocus=${(e) => e.target.select()} /></label>
    <div class="row"><button type="button" onClick=${() => navigator.clipboard.writeText(made.secret).then(() => setCopied(true))}>${copied ? "已复制" : "复制密钥"}</button></div></div>`;
}

const standing = (key) => (key.revoked_at ? ["已吊销", "block"] : new Date(key.expires_at) < Date.now() ? ["已到期", "review"] : ["有效", "pass"]);

export function Keys() {
  const [keys, setKeys] = useState(null);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState(null);
  const [error, setError] = useState("");
  const load = () => api.get("security/keys").then((found) => { setKeys(found); setError(""); }, (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  const done = async (key) => { if (key) await load(); setAdding(false); setMade(key); };
  const revoke = (key) => api.remove(`security/keys/${key.id}`).then(load, (problem) => setError(problem.message));
  return html`<section class="panel"><${Problem} words=${error} />
    ${made && html`<${Made} made=${made} />`}
    ${adding ? html`<${Add} onDone=${done} />`
      : html`<div class="row"><button type="button" class="go" onClick=${() => { setMade(null); setAdding(true); }}>新密钥</button></div>`}
    ${keys && !keys.length && html`<p class="hint">还没有密钥。</p>`}
    <ul class="found">${(keys || []).map((key) => html`<li class="card" key=${key.id}><div class="row"><strong>${key.name}</strong>
        <span class=${`badge ${standing(key)[1]}`}>${standing(key)[0]}</span><span class="small">${ROLES[key.role]}，${key.groups.join("、")}${key.branches.length ? `，${key.branches.join("、")}` : ""}</span></div>
      <div class="small">${key.created_by} 于 ${whenExactly(key.created_at)} 生成，至 ${whenExactly(key.expires_at)}；${key.used_at ? `最近 ${whenExactly(key.used_at)} 自 ${key.used_from} 使用` : "还没有用过"}</div>
      ${standing(key)[0] === "有效" && html`<div class="row act"><button type="button" class="bad" aria-label=${`吊销 ${key.name}`} onClick=${() => revoke(key)}>吊销</button></div>`}</li>`)}</ul></section>`;
}
