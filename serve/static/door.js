// The login on every page: who one is and a way out; when it has ended, a way back in that loses nothing typed.
// Without logins (the loopback server) it does nothing.
import { html, render } from "/static/vendor/htm-preact-standalone.js";

const ROLES = {
  advisor: "顾问", supervisor: "主管", compliance: "合规", crm: "客服", operations: "运营", editor: "编辑",
  administrator: "系统管理员", security: "安全管理员", audit: "审计管理员",
};
const STORES = ["tougu.staff", "tougu.officer", "tougu.person", "tougu.reader"];
const ask = window.fetch.bind(window);
const here = () => encodeURIComponent(location.pathname + location.search + location.hash);

const place = (name) => {
  const box = document.createElement("div");
  box.className = name;
  document.body.prepend(box);
  return box;
};

let warned = false;
function ended() {
  if (warned) return;
  warned = true;
  render(html`<p role="alert">登录已过期。未提交的内容仍在本页，请先复制，再<a href=${`/login?next=${here()}`}>重新登录</a>。</p>`, place("login-ended"));
}

window.fetch = async (...what) => {
  const reply = await ask(...what);
  if (reply.status === 401) ended();
  return reply;
};

async function leave() {
  await ask("/v1/logout", { method: "POST" }).catch(() => {});
  STORES.forEach((store) => sessionStorage.removeItem(store));
  location.assign("/login");
}

export const me = await ask("/v1/me").then((reply) => (reply.ok ? reply.json() : null)).catch(() => null);
if (me?.login) {
  // Pages on which the operator names who works: it is the one who is logged in.
  STORES.forEach((store) => sessionStorage.setItem(store, me.id));
  document.body.classList.add("signed-in");
  render(html`<span>${me.id}（${me.roles.map((role) => ROLES[role] || role).join("、")}）</span>
    <button type="button" onClick=${leave}>退出登录</button>`, place("login-bar"));
}
