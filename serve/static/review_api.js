// What every part of the officer's page shares: calls as the chosen officer, words, and times in China.
import "/static/door.js";
export const OUTCOMES = { pass: "通过", revise: "已补充提示", return: "需修改", review: "待复核", block: "拦截" };
export const STATES = {
  pending: "待审核", seconded: "待第二人", approved: "已批准", rejected: "已驳回", expired: "已过期",
  fine: "无问题", mistake: "有问题", closed: "已处理", overdue: "已逾期",
};
export const TARGETS = {
  answer: "回答", report: "报告", advisor_message: "顾问消息", advisor_speech: "录音", client_input: "提问",
};

const STORE = "tougu.officer";
export const officer = { get id() { return sessionStorage.getItem(STORE) || ""; }, set id(id) { sessionStorage.setItem(STORE, id); } };

export async function call(path, body) {
  const headers = {};
  if (officer.id) headers["tougu-as"] = encodeURIComponent(officer.id);
  if (body !== undefined) headers["content-type"] = "application/json";
  let reply;
  try {
    reply = await fetch(`/v1/compliance/${path}`, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
  } catch {
    throw new Error("连不上服务，请检查它是否在运行。");
  }
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(answer.detail || "服务暂时不可用，请稍后再试。");
  return answer;
}

const CLOCK = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false,
});
export const when = (text) => (text ? CLOCK.format(new Date(text)) : "");

export const seconds = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
