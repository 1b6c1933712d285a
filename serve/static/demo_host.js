// What a page of a firm does to hold the sidebar: name the client, take what is inserted, and trust one origin.
import { html, render } from "/static/vendor/htm-preact-standalone.js";

const root = document.querySelector("main");
root.replaceChildren();
render(html`<section>
    <h1>宿主页面示例</h1>
    <p class="hint">模拟贵公司的客户系统：告诉侧边栏正在看哪位客户，并接收它插入的文字。</p>
    <label>客户编号 <input id="client" value="C0001" maxlength="64" /></label>
    <button id="tell" type="button">告诉侧边栏</button>
    <label>聊天输入框 <textarea id="chat" rows="6"></textarea></label>
  </section>
  <iframe id="sidebar" title="投顾助手" allow="clipboard-write"></iframe>`, root);

const frame = document.getElementById("sidebar");
const SIDEBAR = location.origin;
const tell = () => frame.contentWindow.postMessage({ type: "tougu:client", client_id: document.getElementById("client").value.trim() }, SIDEBAR);

window.addEventListener("message", ({ origin, source, data }) => {
  if (origin !== SIDEBAR || source !== frame.contentWindow) return;
  if (data?.type === "tougu:ready") tell();
  if (data?.type === "tougu:insert") document.getElementById("chat").value += data.text;
});
document.getElementById("tell").addEventListener("click", tell);
frame.src = "/";  // once somebody listens
