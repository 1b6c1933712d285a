// What every page shares on its way to the server: requests as the person who acts, errors as sentences, days and times.
const STORE = "tougu.person";  // whom the operator of the machine acts as; with logins it is who is logged in
const GONE = "连不上服务，请检查它是否在运行。";
const UNAVAILABLE = "服务暂时不可用，请稍后再试。";

export const person = { get id() { return sessionStorage.getItem(STORE) || ""; }, set id(id) { sessionStorage.setItem(STORE, id); } };
export const asPerson = () => (person.id ? { "tougu-as": encodeURIComponent(person.id) } : {});

// A request under /v1/; throws an Error in the words of `tell` with `status`, and `detail` as the server wrote it.
async function send(method, path, body, tell) {
  const headers = asPerson();
  const file = body instanceof Blob;
  if (body !== undefined) headers["content-type"] = file ? "application/octet-stream" : "application/json";
  let reply;
  try {
    reply = await fetch(`/v1/${path}`, { method, headers, body: body === undefined || file ? body : JSON.stringify(body) });
  } catch {
    throw new Error(GONE);
  }
  if (reply.ok) return reply;
  const { detail = "", needs = "" } = await reply.json().catch(() => ({}));
  const words = needs === "approval" ? detail : tell(reply.status, detail);  // what another may allow is no lack of rights
  throw Object.assign(new Error(words || UNAVAILABLE), { status: reply.status, detail, needs });
}

const asWritten = (status, detail) => (status === 403 ? "当前人员没有这项权限，请换一个人员。" : detail);
const json = async (...what) => (await send(...what, asWritten)).json();
export const api = {
  get: (path) => json("GET", path, undefined),
  post: (path, body) => json("POST", path, body),
  put: (path, body) => json("PUT", path, body),
  patch: (path, body) => json("PATCH", path, body),
  remove: (path) => send("DELETE", path, undefined, asWritten),
  file: async (path) => (await send("GET", path, undefined, asWritten)).blob(),
};

// The service explains itself to programs in English; staff read what happened and what to do in their own words.
const SENTENCES = [
  [/may not be contacted/, "客户现在不允许联系，这条线索已收回。"],
  [/needs a reason/, "误报要选一个原因。"],
  [/ran out/, "认领已过期，请重新认领。"],
  [/somebody else|faster/, "这条线索已被他人领走。"],
  [/claim it first/, "这条线索的状态已变，请先认领。"],
  [/not answered yet/, "还没有登记答复：先登记答复，再结案。"],
  [/may not handle/, "此人不能处理：案件不交给涉及的顾问，也不交给无权查看的人，请另选。"],
  [/not decide|not handle/, "您可以查看，但不能处理，请交给有权限的同事。"],
  [/only a registered adviser may take/, "这是投资咨询类线索，只有登记的投资顾问才能认领。"],
  [/serves the line/, "对方不服务这条产品线，或不是登记的投资顾问，请另选一位。"],
  [/name an advisor of the branch/, "只能移交给本营业部的顾问。"],
  [/whose consent/, "请写明客户编号，并勾选客户撤回的是什么。"],
  [/There is no advisor/, "没有这位顾问，请核对编号，或留空。"],
  [/does not wait|only one that is/, "这通电话已处理，已为您刷新。"],
  [/on proof/, "登记“同意”要有凭证：写明通话编号，或客户签署的文件。"],
  [/already|is closed|is open|is assigned|is answered|changed it/, "已被他人处理，已为您刷新。"],
];
const STATUSES = {
  403: "您没有权限做这件事。", 404: "没有这一条，或您无权查看。", 409: "状态已变，已为您刷新。",
  422: "填写有误，请核对后再提交。", 503: UNAVAILABLE,
};
const inStaffWords = (status, detail) => {
  const told = SENTENCES.find(([sign]) => sign.test(detail));
  return told && status !== 404 ? told[1] : STATUSES[status];
};

// As `api.get`, or `api.post` with a body, for pages of leads and the desk; errors in the words above.
export const call = async (path, body) => (await send(body === undefined ? "GET" : "POST", path, body, inStaffWords)).json();

const CLOCK = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false,
});
const LONG_CLOCK = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false,
});
const DAY = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit" });
export const when = (text) => (text ? CLOCK.format(new Date(text)) : "");
export const whenExactly = (text) => (text ? LONG_CLOCK.format(new Date(text)) : "");
export const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
export const dayAhead = (days) => DAY.format(new Date(Date.now() + days * 86_400_000));
export const number = (n) => n.toLocaleString("zh-CN");
export const yuan = (text) => (text === null || text === undefined ? "" : `${Number(text).toLocaleString("zh-CN")} 元`);
export const left = (text) => {
  const minutes = Math.round((new Date(text) - Date.now()) / 60000);
  const size = Math.abs(minutes);
  const words = size < 90 ? `${size} 分钟` : size < 2880 ? `${Math.round(size / 60)} 小时` : `${Math.round(size / 1440)} 天`;
  return minutes < 0 ? `逾期 ${words}` : `还有 ${words}`;
};
