// A client's card: what an advisor wants to know before calling.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, left, when, yuan } from "/static/api.js";
import { CONSENT, PURPOSES, STATES } from "/static/parts.js";

const GOALS = { liquidity: "流动性", preservation: "保值", income: "稳定收益", growth: "增值" };
export const at = (callId, from) => `/calls/${encodeURIComponent(callId)}${from === undefined || from === null ? "" : `#t=${from}`}`;
const ACCOUNTS = { open: "正常", frozen: "冻结", closed: "已销户" };

export function Consents({ standing }) {
  const known = Object.entries(PURPOSES).filter(([id]) => standing[id]);
  if (!known.length) return html`<span class="small">没有登记</span>`;
  return html`<span class="row">${known.map(([id, word]) => html`<span class=${standing[id] === "granted" ? "yes" : "no"}>${word}：${CONSENT[standing[id]]}</span>`)}</span>`;
}

export function Card({ clientId, except }) {
  const [card, setCard] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => {
    let wanted = true;
    setCard(null);
    setError("");
    call(`clients/${encodeURIComponent(clientId)}/card`).then((found) => wanted && setCard(found), (problem) => wanted && setError(problem.message));
    return () => { wanted = false; };
  }, [clientId]);
  if (error) return html`<section><h3>客户 ${clientId}</h3><p class="hint">${error}</p></section>`;
  if (!card) return html`<section><h3>客户 ${clientId}</h3><p class="hint">正在打开…</p></section>`;
  const others = card.leads.filter((lead) => lead.id !== except);
  return html`<section aria-label="客户卡片"><h3>客户</h3><dl>
      <dt>姓名</dt><dd>${card.name}（${card.id}）</dd>
      <dt>风险等级</dt><dd class=${card.level_expired || !card.risk_level ? "late" : ""}>${card.risk_level || "未测评"}${
        card.risk_level_expires ? `，${card.level_expired ? "已于" : "有效至"} ${card.risk_level_expires}${card.level_expired ? " 过期" : ""}` : ""}</dd>
      <dt>资产</dt><dd>${yuan(card.assets_cny) || "未知"}</dd>
      <dt>账户</dt><dd class=${card.account_state === "open" ? "" : "late"}>${ACCOUNTS[card.account_state] || card.account_state}</dd>
      <dt>意愿</dt><dd><${Consents} standing=${card.consents} /> <a href=${`/desk#consents=${encodeURIComponent(card.id)}`}>台账</a></dd>
      ${card.holdings.length > 0 && html`<dt>持仓</dt><dd>${card.holdings.map((h) => html`<div>${h.name}，${Number(h.units).toLocaleString("zh-CN")} 份，成本 ${yuan(h.cost_cny)}</div>`)}</dd>`}
      ${card.do_not_disturb?.length > 0 && html`<dt>免打扰</dt><dd class="late">客户已拒绝：${card.do_not_disturb.map((each) => PURPOSES[each] || each).join("、")}</dd>`}
      ${card.agreement && html`<dt>投顾协议</dt><dd>已签署</dd>`}
      ${card.goal && html`<dt>目标</dt><dd>${GOALS[card.goal] || card.goal}${card.horizon_months ? `，期限 ${card.horizon_months} 个月` : ""}</dd>`}
      ${card.promises?.length > 0 && html`<dt>承诺</dt><dd>${card.promises.map((p) => html`<div>${p.what}，${
        p.due_at ? html`<span class=${new Date(p.due_at) < Date.now() ? "late" : ""}>${left(p.due_at)}</span>` : "没有说定时间"} <a href=${at(p.call_id, p.start_s)}>听原话</a></div>`)}</dd>`}
      ${card.calls?.length > 0 && html`<dt>最近通话</dt><dd>${card.calls.map((c) => html`<div><a href=${at(c.id)}>${when(c.at) || c.id}</a> ${c.minutes} 分钟</div>`)}</dd>`}
      ${others.length > 0 && html`<dt>其他线索</dt><dd>${others.map((lead) => html`<div>${lead.zh}，${STATES[lead.state]}</div>`)}</dd>`}
      ${card.tickets.length > 0 && html`<dt>工单</dt><dd>${card.tickets.map((t) => html`<div>${t.zh}，${STATES[t.state]}，<span class=${t.overdue ? "late" : ""}>${left(t.due_at)}</span></div>`)}</dd>`}
      ${card.cases?.length > 0 && html`<dt>案件</dt><dd>${card.cases.map((c) => html`<div>${c.number} ${c.zh}，${STATES[c.state]}，<span class=${c.overdue ? "late" : ""}>${left(c.due_at)}</span></div>`)}</dd>`}
    </dl></section>`;
}
