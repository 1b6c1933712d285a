// The login page: name and password, a code where the account has an authenticator, or the firm's own sign-in.
import { html, render, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";

const SIGN_INS = { oidc: "单点登录", wecom: "企业微信登录" };
const asked = new URLSearchParams(location.search);

// Only a path of this server is gone on to; the service checks the same for sign-ins.
export function inner(path) {
  if (!path || !path.startsWith("/") || path.startsWith("//") || path.includes("\\")) return "/";
  const there = new URL(path, location.origin);
  return there.origin === location.origin ? there.pathname + there.search + there.hash : "/";
}
const next = inner(asked.get("next"));

async function post(path, body) {
  let reply;
  try {
    reply = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    throw Object.assign(new Error("连不上服务，请检查它是否在运行。"), { needs: "" });
  }
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw Object.assign(new Error(answer.detail || "服务暂时不可用，请稍后再试。"), { needs: answer.needs || "" });
  return answer;
}

function Login() {
  const [ways, setWays] = useState({ required: true, sign_ins: [] });
  const [error, setError] = useState(asked.get("failed") ? "单点登录未成功，请重试，或联系安全管理员。" : "");
  const [code, setCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const field = useRef(null);
  useEffect(() => {
    fetch("/v1/login").then((reply) => reply.json()).then(setWays).catch(() => {});
  }, []);
  useEffect(() => { if (code) field.current?.focus(); }, [code]);
  const enter = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    setBusy(true);
    setError("");
    try {
      await post("/v1/login", { user: form.get("user").trim(), password: form.get("password"), code: (form.get("code") || "").trim() });
      location.assign(next);
    } catch (problem) {
      setCode(code || problem.needs === "code");
      setError(problem.message);
      setBusy(false);
    }
  };
  return html`<header><h1>登录投顾助手</h1></header>
    ${!ways.required && html`<p class="hint">本机尚未启用登录，可直接<a href=${next}>打开</a>。</p>`}
    <form onSubmit=${enter}>
      <label>用户名<input name="user" autocomplete="username" required maxlength="64" autofocus spellcheck="false" /></label>
      <label>密码<input name="password" type="password" autocomplete="current-password" required maxlength="256" /></label>
      ${code && html`<label>动态码<input ref=${field} name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" required /></label>`}
      ${error && html`<p class="error" role="alert">${error}</p>`}
      <button class="go" disabled=${busy}>${busy ? "正在登录…" : "登录"}</button>
    </form>
    ${ways.sign_ins.length > 0 && html`<nav class="others" aria-label="其他登录方式">${ways.sign_ins.map((name) => html`
      <a href=${`/login/${name}?next=${encodeURIComponent(next)}`}>${SIGN_INS[name] || name}</a>`)}</nav>`}`;
}

const root = document.querySelector("main");
root.replaceChildren();
render(html`<${Login} />`, root);
