// The page of a one-time link: choose a password, add the authenticator. The token stands behind the #.
import { html, render, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";

const token = location.hash.slice(1);

async function post(path, body) {
  let reply;
  try {
    reply = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    throw new Error("连不上服务，请检查它是否在运行。");
  }
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(answer.detail || "服务暂时不可用，请稍后再试。");
  return answer;
}

function Authenticator({ offer }) {
  return html`<p class="hint">${offer.code_needed ? "您的角色须使用动态码：" : "可选，建议设置："}在验证器应用中手动添加下面的密钥（类型：基于时间），再填写它显示的六位数字。</p>
    <code aria-label="验证器密钥">${offer.secret}</code>
    <p class="hint"><a href=${offer.uri}>在本机验证器中打开</a></p>
    <label>动态码${offer.code_needed ? "" : "（不设置则留空）"}
      <input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" required=${offer.code_needed} /></label>`;
}

function Setup() {
  const [offer, setOffer] = useState(null);
  const [error, setError] = useState("");
  const [done, setDone] = useState(false);
  useEffect(() => {
    post("/v1/login/setup", { token }).then(setOffer, (problem) => setError(problem.message));
  }, []);
  const finish = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    if (form.get("password") !== form.get("again")) return setError("两次填写的密码不一致。");
    setError("");
    try {
      await post("/v1/login/setup/done", { token, password: form.get("password"), code: (form.get("code") || "").trim() });
      setDone(true);
    } catch (problem) {
      setError(problem.message);
    }
    return undefined;
  };
  if (done) return html`<header><h1>设置完成</h1></header><p>请<a href="/login">登录</a>。</p>`;
  return html`<header><h1>设置登录</h1></header>
    ${offer && html`<form onSubmit=${finish}>
      <p>用户：<strong>${offer.user}</strong></p>
      <input type="text" name="user" value=${offer.user} autocomplete="username" hidden />
      <label>新密码<input name="password" type="password" autocomplete="new-password" required maxlength="256" /></label>
      <label>再填一次<input name="again" type="password" autocomplete="new-password" required maxlength="256" /></label>
      <${Authenticator} offer=${offer} />
      <button class="go">完成</button></form>`}
    ${error && html`<p class="error" role="alert">${error}</p>`}`;
}

const root = document.querySelector("main");
root.replaceChildren();
render(html`<${Setup} />`, root);
