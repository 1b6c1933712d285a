// The security administrator's page: set-up links, who is logged in, who has to wait, keys of programs, and logins.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api, whenExactly } from "/static/api.js";
import { Keys } from "/static/admin_keys.js";
import { Head, open, Problem, ROLES, Tabs } from "/static/shell.js";

const WAYS = { password: "密码", oidc: "单点登录", wecom: "企业微信" };
const EVENTS = {
  login: "登录", "login.failed": "登录失败", "login.locked": "已锁定", "login.invited": "发出设置链接", "login.set_up": "本人设置完成",
  "login.password_set": "由管理员设密码", "login.password_changed": "本人改密码", "login.authenticator": "验证器变更",
  "login.ended": "被结束登录", "login.unlocked": "解锁",
};

// Rows of a path, what was said of the last deed, and a way to do one and read the rows anew.
function useRows(path) {
  const [rows, setRows] = useState(null);
  const [told, setTold] = useState("");
  const [error, setError] = useState("");
  const load = () => api.get(path).then(setRows, (problem) => setError(problem.message));
  useEffect(() => { load(); }, []);
  const act = async (deed, words) => {
    setError("");
    try { await deed(); await load(); setTold(words); } catch (problem) { setTold(""); setError(problem.message); }
  };
  const said = html`<${Problem} words=${error} />${told && html`<p class="done hint" role="status">${told}</p>`}`;
  return { rows, act, said };
}

function Link({ link }) {
  const [copied, setCopied] = useState(false);
  const address = `${location.origin}${link.path}`;
  return html`<div class="card"><p class="hint">只显示这一次，${whenExactly(link.until)} 前有效，用一次即失效。请当面或用公司通讯工具交给本人。</p>
    <label>设置链接<input readonly value=${address} onFocus=${(e) => e.target.select()} /></label>
    <div class="row"><button type="button" onClick=${() => navigator.clipboard.writeText(address).then(() => setCopied(true))}>${copied ? "已复制" : "复制链接"}</button></div></div>`;
}

function Users() {
  const { rows, act, said } = useRows("security/users");
  const [link, setLink] = useState(null);
  const invite = (user) => act(async () => setLink({ user: user.id, ...(await api.post(`security/users/${encodeURIComponent(user.id)}/setup`)) }), `已为 ${user.id} 生成设置链接，先前的链接作废。`);
  return html`<section class="panel"><p class="hint">链接由本人打开，自己设密码与验证器。重设密码也用链接。</p>${said}
    ${rows && !rows.length && html`<p class="hint">还没有用户：由系统管理员添加。</p>`}
    <ul class="found">${(rows || []).map((user) => html`<li class="card" key=${user.id}><div class="row"><strong>${user.id}</strong>
        <span class="small">${user.roles.map((role) => ROLES[role] || role).join("、")}</span>
        <span class=${user.password ? "badge pass" : "badge review"}>${user.password ? "已设密码" : "未设登录"}</span>
        ${user.authenticator && html`<span class="badge pass">验证器</span>`}
        ${user.invited_until && html`<span class="small">链接待用，至 ${whenExactly(user.invited_until)}</span>`}</div>
      ${link?.user === user.id && html`<${Link} link=${link} />`}
      <div class="row act"><button type="button" onClick=${() => invite(user)}>${user.password ? "重设登录" : "生成设置链接"}</button></div></li>`)}</ul></section>`;
}

function Sessions() {
  const { rows, act, said } = useRows("security/sessions");
  return html`<section class="panel">${said}${rows && !rows.length && html`<p class="hint">现在没有人登录。</p>`}
    <ul class="found">${(rows || []).map((each) => html`<li class="card" key=${each.id}><div class="row"><strong>${each.user_id}</strong>
        <span class="small">${WAYS[each.how] || each.how}，自 ${each.address || "未知地址"}，${whenExactly(each.created_at)} 登录，最近 ${whenExactly(each.seen_at)}</span></div>
      <div class="row act"><button type="button" class="bad" aria-label=${`结束 ${each.user_id} 的登录`}
        onClick=${() => act(() => api.remove(`security/sessions/${each.id}`), `已结束 ${each.user_id} 的登录。`)}>结束登录</button></div></li>`)}</ul></section>`;
}

function Lockouts() {
  const { rows, act, said } = useRows("security/lockouts");
  return html`<section class="panel">${said}${rows && !rows.length && html`<p class="hint">没有锁定的账户或地址。</p>`}
    <ul class="found">${(rows || []).map((each) => html`<li class="card" key=${each.shown + each.last_at}><div class="row"><strong>${each.shown || "（没有这个账户）"}</strong>
        <span class="small">失败 ${each.failures} 次，最近 ${whenExactly(each.last_at)}，锁定至 ${whenExactly(each.locked_until)}</span></div>
      ${each.shown && html`<div class="row act"><button type="button" onClick=${() => act(() => api.remove(`security/lockouts/${encodeURIComponent(each.shown)}`), `已解锁 ${each.shown}。`)}>解锁</button></div>`}</li>`)}</ul></section>`;
}

function Logins() {
  const [page, setPage] = useState({ entries: [], before: null });
  const [error, setError] = useState("");
  const load = (before) => api.get(`security/logins${before ? `?before=${before}` : ""}`).then(
    (found) => setPage((was) => ({ entries: before ? [...was.entries, ...found.entries] : found.entries, before: found.before })), (problem) => setError(problem.message));
  useEffect(() => { load(0); }, []);
  const about = ({ data }) => [data.user || data.name, WAYS[data.how], data.address].filter(Boolean).join("，");
  return html`<section class="panel"><${Problem} words=${error} />
    <div class="scroll" tabindex="0" role="region" aria-label="登录记录"><table><thead><tr><th scope="col">时间</th><th scope="col">事件</th><th scope="col">操作人</th><th scope="col">说明</th></tr></thead>
      <tbody>${page.entries.map((each) => html`<tr key=${each.id}><td>${whenExactly(each.at)}</td><td class=${/[.](failed|locked)$/.test(each.event) ? "late" : ""}>${EVENTS[each.event] || each.event}</td>
        <td>${each.actor}</td><td>${about(each)}</td></tr>`)}</tbody></table></div>
    ${page.before && html`<button type="button" onClick=${() => load(page.before)}>更早的记录</button>`}</section>`;
}

const TABS = { users: ["登录设置", Users], sessions: ["在线", Sessions], lockouts: ["锁定", Lockouts], keys: ["接口密钥", Keys], logins: ["登录记录", Logins] };
const WORDS = Object.fromEntries(Object.entries(TABS).map(([id, [word]]) => [id, word]));

function App({ who }) {
  const [tab, setTab] = useState("users");
  const View = TABS[tab][1];
  return html`<${Head} title="登录与密钥" hint="安全管理员：管登录与密钥，不改角色，看不到客户。每次操作都留痕。" />
    <${Tabs} tabs=${WORDS} tab=${tab} onTab=${setTab} /><${View} key=${`${tab} ${who}`} />`;
}

open(App);
