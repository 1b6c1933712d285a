// What every part of the officers' page shares: its way to the server, and words.
import { api } from "/static/api.js";

export const OUTCOMES = { pass: "通过", revise: "已补充提示", return: "需修改", review: "待复核", block: "拦截" };
export const STATES = {
  pending: "待审核", seconded: "待第二人", approved: "已批准", rejected: "已驳回", expired: "已过期",
  fine: "无问题", mistake: "有问题", closed: "已处理", overdue: "已逾期",
};
export const TARGETS = {
  answer: "回答", report: "报告", advisor_message: "顾问消息", advisor_speech: "录音", client_input: "提问",
};
export const call = (path, body) => (body === undefined ? api.get(`compliance/${path}`) : api.post(`compliance/${path}`, body));
