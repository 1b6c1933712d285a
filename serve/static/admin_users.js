// The system administrator's page: who works here with which roles, and the settings in force.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api } from "/static/api.js";
import { Head, open, Problem, ROLES, Tabs } from "/static/shell.js";

const GIVEN = Object.entries(ROLES).filter(([role]) => role !== "system");
const SOURCES = { environment: "环境变量", file: "配置文件", default: "默认" };
const names = (text) => text.split(/[,，、]/).map((each) => each.trim()).filter(Boolean);
const fresh = () => ({ id: "", roles: ["advisor"], branches: "", labels: "" });

function Form({ given, known, onDone }) {
  const [user, setUser] = useState(given);
  const [error, setError] = useState("");
  const put = (name) => (event) => setUser({ ...user, [name]: event.target.value });
  const turn = (role) => setUser({ ...user, roles: user.roles.includes(role) ? user.roles.filter((each) => each !== role) : [...user.roles, role] });
  const save = async (event) => {
    event.preventDefault();
    const id = user.id.trim();
    if (!id || !user.roles.length) return setError("请填写用户名，并至少选一个角色。");
    if (!given.id && known.includes(id)) return setError("已有这个用户，请在列表中修改。");
    try {
      await api.put(`users/${encodeURIComponent(id)}`, { roles: user.roles, branches: names(user.branches), labels: names(user.labels) });
      onDone(given.id ? `已保存 ${id}。` : `已添加 ${id}。请安全管理员在“登录与密钥”页发出设置链接，由本人设置密码。`);
    } catch (problem) { setError(problem.message); }
    return undefined;
  };
  return html`<form class="plain decide" aria-label=${given.id ? `修改 ${given.id}` : "添加用户"} onSubmit=${save} onInput=${() => setError("")}>
    <label>用户名<input value=${user.id} maxlength="64" disabled=${Boolean(given.id)} autocomplete="off" spellcheck="false" onInput=${put("id")} /></label>
    <fieldset class="checks"><legend>角色</legend>${GIVEN.map(([role, word]) => html`
      <label><input type="checkbox" checked=${user.roles.includes(role)} onChange=${() => turn(role)} />${word}</label>`)}</fieldset>
    <div class="fields"><label>营业部（可空，逗号分隔）<input value=${user.branches} maxlength="500" onInput=${put("branches")} /></label>
      <label>可读文件标签（可空，逗号分隔）<input value=${user.labels} maxlength="500" onInput=${put("labels")} /></label></div>
    <${Problem} words=${error} />
    <div class="row"><button class="go">保存</button><button type="button" onClick=${() => onDone("")}>取消</button></div></form>`;
}

function Remove({ user, onDone }) {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState("");
  const remove = async () => {
    try { await api.remove(`users/${encodeURIComponent(user.id)}`); onDone(`已停用 ${user.id}：角色与登录都已收回。`); } catch (problem) { setError(problem.message); }
  };
  return html`${asking ? html`<span class="row">收回全部角色与登录？<button type="button" class="bad" onClick=${remove}>确认停用</button>
      <button type="button" onClick=${() => setAsking(false)}>取消</button></span>`
    : html`<button type="button" class="bad" onClick=${() => setAsking(true)}>停用</button>`}<${Problem} words=${error} />`;
}

function Users() {
  const [users, setUsers] = useState(null);
  const [editing, setEditing] = useState(null);
  const [told, setTold] = useState("");
  const [error, setError] = useState("");
  const load = () => api.get("users").then((found) => { setUsers(found); setError(""); }, (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  const done = async (words) => { if (words) await load(); setEditing(null); setTold(words); };
  const edit = (user) => { setTold(""); setEditing({ ...user, branches: user.branches.join("，"), labels: user.labels.join("，") }); };
  return html`<section class="panel"><${Problem} words=${error} />
    ${told && html`<p class="done hint" role="status">${told}</p>`}
    ${editing ? html`<${Form} key=${editing.id} given=${editing} known=${(users || []).map((each) => each.id)} onDone=${done} />`
      : html`<div class="row"><button type="button" class="go" onClick=${() => { setTold(""); setEditing(fresh()); }}>添加用户</button></div>`}
    ${users && !users.length && html`<p class="hint">还没有用户。</p>`}
    <ul class="found">${(users || []).map((user) => html`<li class="card flat" key=${user.id}><div class="row"><strong>${user.id}</strong>
        <span>${user.roles.map((role) => ROLES[role] || role).join("、")}</span>
        <span class="small">${[user.branches.join("、"), user.labels.length ? `标签 ${user.labels.join("、")}` : ""].filter(Boolean).join("，")}</span></div>
      <div class="row act"><button type="button" onClick=${() => edit(user)}>修改</button><${Remove} user=${user} onDone=${done} /></div></li>`)}</ul></section>`;
}

function Settings() {
  const [rows, setRows] = useState(null);
  const [wanted, setWanted] = useState("");
  const [set, setSet] = useState(false);
  const [error, setError] = useState("");
  useEffect(() => { api.get("settings").then(setRows, (problem) => setError(problem.message)); }, []);
  const words = wanted.trim().toLowerCase();
  const shown = (rows || []).filter((row) => (!set || row.source !== "default") && `${row.key} ${row.about}`.toLowerCase().includes(words));
  return html`<section class="panel"><p class="hint">现行设置，只读：改配置文件或环境变量后重新启动。密码与密钥不显示。</p>
    <div class="search"><label>查找<input type="search" value=${wanted} onInput=${(e) => setWanted(e.target.value)} /></label>
      <fieldset class="checks"><legend>范围</legend><label><input type="checkbox" checked=${set} onChange=${(e) => setSet(e.target.checked)} />只看改过的</label></fieldset></div>
    <${Problem} words=${error} />
    ${rows && html`<p class="hint" role="status">${shown.length} 项</p>`}
    <ul class="found">${shown.map((row) => html`<li class="card" key=${row.key}><div class="row"><code>${row.key}</code>
      <span class=${row.source === "default" ? "badge" : "badge review"}>${SOURCES[row.source]}</span></div>
      <div><code>${row.value || "（空）"}</code></div><div class="small" lang="en">${row.about}</div></li>`)}</ul></section>`;
}

const TABS = { users: "用户", settings: "设置" };

function App({ who }) {
  const [tab, setTab] = useState("users");
  return html`<${Head} title="用户与设置" hint="系统管理员：管用户与角色，不管登录，看不到客户。每次修改都留痕。" />
    <${Tabs} tabs=${TABS} tab=${tab} onTab=${setTab} />
    ${tab === "users" ? html`<${Users} key=${who} />` : html`<${Settings} key=${who} />`}`;
}

open(App);
