// What pages share on which the operator names who works: calls as the chosen person, days and times in China.
import "/static/door.js";
export function personOf(store) {
  return { get id() { return sessionStorage.getItem(store) || ""; }, set id(id) { sessionStorage.setItem(store, id); } };
}

export function callerOf(person) {
  const send = async (method, path, body) => {
    const headers = {};
    if (person.id) headers["tougu-as"] = encodeURIComponent(person.id);
    const file = body instanceof Blob;
    if (body !== undefined) headers["content-type"] = file ? "application/octet-stream" : "application/json";
    let reply;
    try {
      reply = await fetch(`/v1/${path}`, { method, headers, body: body === undefined || file ? body : JSON.stringify(body) });
    } catch {
      throw new Error("连不上服务，请检查它是否在运行。");
    }
    if (!reply.ok) {
      const answer = await reply.json().catch(() => ({}));
      throw new Error(reply.status === 403 ? "当前人员没有这项权限，请换一个人员。" : answer.detail || "服务暂时不可用，请稍后再试。");
    }
    return reply;
  };
  const json = async (...what) => (await send(...what)).json();
  return {
    get: (path) => json("GET", path),
    post: (path, body) => json("POST", path, body),
    put: (path, body) => json("PUT", path, body),
    patch: (path, body) => json("PATCH", path, body),
    remove: (path) => send("DELETE", path),
    file: async (path) => (await send("GET", path)).blob(),
  };
}

const CLOCK = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false,
});
export const when = (text) => (text ? CLOCK.format(new Date(text)) : "");

const DAY = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit" });
export const dayAhead = (days) => DAY.format(new Date(Date.now() + days * 86_400_000));
export const number = (n) => n.toLocaleString("zh-CN");
