// The shell of every page: where one can go, who one is, a way out; when a login has ended, a way back that loses
// nothing typed. `open(App)` puts a page into it. Components that all pages use stand at the end.
import { asPerson, person } from "/static/api.js";
import { html, render, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";

export const ROLES = {
  advisor: "顾问", supervisor: "主管", compliance: "合规", crm: "客服", operations: "运营", editor: "编辑",
  administrator: "系统管理员", security: "安全管理员", audit: "审计管理员", system: "系统",
};
const ENGLISH = new URLSearchParams(location.search).get("lang") === "en";
const w = ENGLISH ? { pages: "Pages", menu: "Menu", acting: "Acting as", operator: "Operator of this machine", leave: "Log out",
  ended: "Your login has expired. What you typed is still on this page: copy it, then ", again: "sign in again", stop: "." }
  : { pages: "页面", menu: "菜单", acting: "当前人员", operator: "本机管理员", leave: "退出登录",
    ended: "登录已过期。未提交的内容仍在本页，请先复制，再", again: "重新登录", stop: "。" };
const framed = window.parent !== window;  // pages of others hold the sidebar alone: there is nowhere to go
const ask = window.fetch.bind(window);
const here = () => encodeURIComponent(location.pathname + location.search + location.hash);

let warned = false;
function ended() {
  if (warned) return;
  warned = true;
  const box = document.createElement("div");
  box.className = "login-ended";
  document.body.prepend(box);
  render(html`<p role="alert">${w.ended}<a href=${`/login?next=${here()}`}>${w.again}</a>${w.stop}</p>`, box);
}

window.fetch = async (...what) => {
  const reply = await ask(...what);
  if (reply.status === 401) ended();
  return reply;
};

async function leave() {
  await ask("/v1/logout", { method: "POST" }).catch(() => {});
  person.id = "";
  location.assign("/login");
}

const NOBODY = { id: "", roles: [], pages: [], login: false };
const identify = async (acts) => {
  const reply = await ask("/v1/me", { headers: acts ? asPerson() : {} }).catch(() => null);
  if (reply?.ok) return reply.json();
  if (!acts || !person.id) return NOBODY;
  person.id = "";  // a name kept from an earlier session is gone
  return identify(acts);
};

function Bar({ me, acts, staff, choose }) {
  const [shown, setShown] = useState(false);
  const names = (roles) => roles.map((role) => ROLES[role] || role).join("、");
  const pages = framed ? [] : me.pages;
  if (!pages.length && !me.login && !acts) return null;
  return html`<header class="bar">
    ${pages.length > 0 && html`<button type="button" class="menu" aria-expanded=${shown} aria-controls="pages" onClick=${() => setShown(!shown)}>${w.menu}</button>
      <nav id="pages" class=${shown ? "pages shown" : "pages"} aria-label=${w.pages}>${pages.map((page) => html`
        <a href=${page.path} aria-current=${page.path === location.pathname ? "page" : null}>${ENGLISH ? page.en : page.zh}</a>`)}</nav>`}
    ${me.login ? html`<span class="person">${me.id}（${names(me.roles)}）</span><button type="button" onClick=${leave}>${w.leave}</button>`
      : acts && staff && html`<span class="who"><label for="who">${w.acting}</label><select id="who" value=${person.id} onChange=${(event) => choose(event.target.value)}>
          <option value="">${w.operator}</option>${staff.map((each) => html`<option value=${each.id}>${each.id}（${names(each.roles)}）</option>`)}</select></span>`}
  </header>`;
}

function Shell({ App, first, acts, look }) {
  const [me, setMe] = useState(first);
  const [staff, setStaff] = useState(null);
  useEffect(() => {
    // Asked as the operator: whom they may act as does not depend on whom they act as.
    if (acts && !first.login) ask("/v1/staff").then((reply) => (reply.ok ? reply.json() : []), () => []).then(setStaff);
  }, []);
  const turn = useRef(0);
  const choose = async (id) => {
    const mine = ++turn.current;
    person.id = id;
    // The page changes at once, lest somebody works on what another was shown; where one can go follows.
    setMe({ ...me, id, roles: staff.find((each) => each.id === id)?.roles || ["system"] });
    const found = await identify(acts);
    if (mine === turn.current) setMe(found);
  };
  return html`<${Bar} me=${me} acts=${acts} staff=${staff} choose=${choose} />
    <main class=${look}><${App} me=${me} who=${me.login ? me.id : person.id} roles=${me.roles} staff=${staff} /></main>`;
}

// Show a page: `App` gets `me`, `who` (empty for the operator of the machine) and `roles`. `acts: false` is for pages
// on which the operator is nobody else.
export async function open(App, { acts = true } = {}) {
  const root = document.getElementById("page");
  const first = await identify(acts);
  if (first.login) person.id = first.id;
  root.replaceChildren();
  render(html`<${Shell} App=${App} first=${first} acts=${acts} look=${root.dataset.look} />`, root);
}

export const Head = ({ title, hint, children }) => html`<header class="head"><div><h1>${title}</h1>
  ${hint && html`<p class="hint">${hint}</p>`}</div>${children}</header>`;

// `tabs`: id -> word; what else stands in the row comes as children.
export const Tabs = ({ label = "列表", tabs, tab, onTab, children }) => html`<nav class="tabs" aria-label=${label}>${Object.entries(tabs).map(([id, word]) => html`
  <button type="button" aria-current=${tab === id} onClick=${() => onTab(id)}>${word}</button>`)}${children}</nav>`;

export const Problem = ({ words }) => (words ? html`<div class="error" role="alert">${words}</div>` : null);
