// What the pages of staff share: calls as the one who acts, errors as sentences, words, times, and the player.
import "/static/door.js";
import { html, useEffect, useRef, useState } from "/static/vendor/htm-preact-standalone.js";

export const STATES = {
  new: "待跟进", offered: "已派发", claimed: "跟进中", contacted: "已联系", won: "成交", lost: "未成", wrong: "误报",
  expired: "已过期", withdrawn: "已撤回", held: "暂缓",
  open: "待处理", assigned: "处理中", answered: "已答复", closed: "已关闭", asked: "待确认", applied: "已生效",
};
export const URGENCY = { high: "紧急", normal: "", low: "不急" };
export const PURPOSES = {
  recording: "录音", ai_analysis: "智能分析", marketing: "营销信息", contact: "电话联系", personalised: "个性化服务",
};
export const CONSENT = { granted: "同意", withdrawn: "已拒绝", unasked: "未询问" };
export const ROLES = {
  advisor: "顾问", supervisor: "主管", compliance: "合规", crm: "客服", operations: "运营", editor: "编辑", system: "系统",
};

const STORE = "tougu.staff";
export const me = { get id() { return sessionStorage.getItem(STORE) || ""; }, set id(id) { sessionStorage.setItem(STORE, id); } };

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
  422: "填写有误，请核对后再提交。", 503: "服务暂时不可用，请稍后再试。",
};

export async function call(path, body) {
  const headers = {};
  if (me.id) headers["tougu-as"] = encodeURIComponent(me.id);
  if (body !== undefined) headers["content-type"] = "application/json";
  let reply;
  try {
    reply = await fetch(`/v1/${path}`, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
  } catch {
    throw new Error("连不上服务，请检查它是否在运行。");
  }
  const answer = await reply.json().catch(() => ({}));
  if (reply.ok) return answer;
  const told = SENTENCES.find(([sign]) => sign.test(answer.detail || ""));
  throw new Error(told && reply.status !== 404 ? told[1] : STATUSES[reply.status] || "服务暂时不可用，请稍后再试。");
}

const CLOCK = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false,
});
export const when = (text) => (text ? CLOCK.format(new Date(text)) : "");
export const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
export const yuan = (text) => (text === null || text === undefined ? "" : `${Number(text).toLocaleString("zh-CN")} 元`);
export const left = (text) => {
  const minutes = Math.round((new Date(text) - Date.now()) / 60000);
  const size = Math.abs(minutes);
  const words = size < 90 ? `${size} 分钟` : size < 2880 ? `${Math.round(size / 60)} 小时` : `${Math.round(size / 1440)} 天`;
  return minutes < 0 ? `逾期 ${words}` : `还有 ${words}`;
};

export function Who({ staff, who, onWho }) {
  return html`<label class="who person">当前人员
    <select value=${who} onChange=${(event) => onWho(event.target.value)}>
      <option value="">本机管理员</option>${staff.map((each) => html`<option value=${each.id}>${each.id}（${
        each.roles.map((role) => ROLES[role] || role).join("、")}）</option>`)}</select></label>`;
}

export function useStaff() {
  const [staff, setStaff] = useState(null);
  const [who, setWho] = useState(me.id);
  const choose = (id) => { me.id = id; setWho(id); };
  useEffect(() => {
    // Asked as the operator: a name kept from an earlier session may be gone.
    fetch("/v1/staff").then((reply) => (reply.ok ? reply.json() : [])).then((found) => {
      if (me.id && !found.some((each) => each.id === me.id)) choose("");
      setStaff(found);
    }).catch(() => setStaff([]));
  }, []);
  const roles = who ? staff?.find((each) => each.id === who)?.roles || [] : ["system"];
  return { staff, who, choose, roles };
}

export function Pages({ here }) {
  const all = [["/day", "今日"], ["/board", "线索看板"], ["/desk", "服务台"], ["/calls", "来电处理"], ["/review", "合规审核"], ["/search", "审计查询"], ["/evaluations", "评测"]];
  return html`<nav class="pages" aria-label="页面">${all.filter(([path]) => path !== here).map(([path, word]) => html`
    <a href=${path}>${word}</a>`)}</nav>`;
}

// One player a page. The recording is fetched as the one who acts, so that rights and the access log hold, and is
// played from memory from the very second.
const BEFORE_S = 0.5;
export function usePlayer() {
  const audio = useRef(null);
  const [loaded, setLoaded] = useState(null);
  const [error, setError] = useState("");
  const wanted = useRef(null);
  const start = () => {
    if (!audio.current || !wanted.current) return;
    audio.current.currentTime = Math.max(0, wanted.current.from - BEFORE_S);
    audio.current.play().catch(() => {});
  };
  const play = async (callId, from, to) => {
    wanted.current = { from, to: to ?? null };
    setError("");
    if (loaded?.callId === callId) return start();
    const headers = me.id ? { "tougu-as": encodeURIComponent(me.id) } : {};
    try {
      const reply = await fetch(`/v1/calls/${encodeURIComponent(callId)}/audio`, { headers });
      if (!reply.ok) throw new Error(reply.status === 404 ? "录音不在本机，或您无权收听。" : "录音暂时取不到，请稍后再试。");
      const url = URL.createObjectURL(await reply.blob());
      if (loaded) URL.revokeObjectURL(loaded.url);
      setLoaded({ callId, url });
    } catch (problem) {
      setError(problem instanceof TypeError ? "连不上服务，请检查它是否在运行。" : problem.message);
    }
    return undefined;
  };
  const watch = () => {
    if (wanted.current?.to && audio.current.currentTime >= wanted.current.to) { wanted.current.to = null; audio.current.pause(); }
  };
  const bar = html`${error && html`<div class="error" role="alert">${error}</div>`}
    ${loaded && html`<div class="player"><audio ref=${audio} key=${loaded.url} src=${loaded.url} controls aria-label=${`通话 ${loaded.callId} 的录音`}
      onLoadedMetadata=${start} onTimeUpdate=${watch} onError=${() => setError("浏览器不能播放这种录音格式：请用本机播放器打开原文件。")}></audio></div>`}`;
  return { play, bar };
}

export function Proof({ evidence, play }) {
  return html`<ul class="proof">${evidence.map((e) => html`<li>
    ${e.start_s === null || e.start_s === undefined ? null : html`<button type="button" class="play"
      aria-label=${`从 ${clock(e.start_s)} 播放：${e.quote}`} onClick=${() => play(e.call, e.start_s, e.end_s)}>▶ ${clock(e.start_s)}</button>`}
    <q>${e.quote}</q></li>`)}</ul>`;
}
