// A product's card by code, name, pinyin or its initials, looked up while somebody types.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { call, yuan } from "/static/api.js";
import { Problem } from "/static/shell.js";

const WAIT_MS = 150;
const fee = (tiers, unit) => tiers.map((t) => `${t.below ? `${Number(t.below).toLocaleString("zh-CN")}${unit}以下 ` : "其余 "}${t.percent}%`).join("；");

function Shelf({ card }) {
  if (card.restricted) return html`<span class="no">限制名单：${card.restricted}</span>`;
  return card.on_shelf ? html`<span class="yes">在售</span>` : html`<span class="no">不在售</span>`;
}

export function ProductCard({ card }) {
  return html`<section aria-label="产品卡片"><h3>${card.name} <span class="small">${card.code}</span></h3><dl>
    <dt>货架</dt><dd><${Shelf} card=${card} />${card.on_sale_to ? `，至 ${card.on_sale_to}` : ""}</dd>
    <dt>风险等级</dt><dd>${card.risk_level ? `${card.risk_level}（${card.risk_source || "来源未知"}${card.risk_as_of ? `，${card.risk_as_of}` : ""}）` : html`<span class="late">未知</span>`}</dd>
    ${card.kind && html`<dt>类型</dt><dd>${card.kind}</dd>`}
    ${card.manager && html`<dt>经理</dt><dd>${card.manager}${card.manager_since ? `，${card.manager_since} 起` : ""}</dd>`}
    ${card.minimum_cny && html`<dt>起点</dt><dd>${yuan(card.minimum_cny)}</dd>`}
    ${card.lock_months && html`<dt>最短持有</dt><dd>${card.lock_months} 个月</dd>`}
    ${card.subscription_fee.length > 0 && html`<dt>申购费</dt><dd>${fee(card.subscription_fee, "元")}</dd>`}
    ${card.redemption_fee.length > 0 && html`<dt>赎回费</dt><dd>${fee(card.redemption_fee, "天")}</dd>`}
    ${card.facts.map((f) => html`<dt>${f.label}</dt><dd>${f.value} <span class="small">${f.as_of || f.period || ""}</span> <a class="cite" href=${f.link}>${f.source}</a></dd>`)}
    ${card.wordings.length > 0 && html`<dt>核准话术</dt><dd>${card.wordings.map((w) => html`<div>${w.text} <span class="small">${w.approver} 核准</span></div>`)}</dd>`}
    ${card.documents.length > 0 && html`<dt>文件</dt><dd>${card.documents.map((d) => html`<div><a href=${d.link}>${d.title}</a> <span class="small">${d.published_on || ""}</span></div>`)}</dd>`}
  </dl></section>`;
}

export function ProductBox() {
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => {
    let wanted = true;
    if (typed.trim().length < 2) { setFound(null); return undefined; }
    const timer = setTimeout(() => call(`products/card?q=${encodeURIComponent(typed.trim())}`)
      .then((answer) => wanted && (setFound(answer), setError("")), (problem) => wanted && setError(problem.message)), WAIT_MS);
    return () => { wanted = false; clearTimeout(timer); };
  }, [typed]);
  return html`<div class="item"><label>查产品 <input type="search" value=${typed} placeholder="代码、名称、拼音或首字母" maxlength="60" onInput=${(e) => setTyped(e.target.value)} /></label>
    <${Problem} words=${error} />
    <div aria-live="polite">${found && !found.card && html`<p class="hint">没有找到，请核对代码或名称。</p>`}
    ${found?.card && html`<${ProductCard} card=${found.card} />`}
    ${found?.others.length > 0 && html`<p class="row">${found.others.map((o) => html`<button type="button" onClick=${() => setTyped(o.code)}>${o.name}</button>`)}</p>`}</div></div>`;
}
