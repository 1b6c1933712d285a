// Words of the knowledge pages, and the preview of a document that several of them show.
import { html } from "/static/vendor/htm-preact-standalone.js";
import { Problem } from "/static/shell.js";

export const STATUS = { draft: "草稿", in_force: "现行有效", superseded: "已被替代", withdrawn: "已撤下" };
export const BADGE = { draft: "review", in_force: "pass", superseded: "", withdrawn: "block" };
export const KINDS = {
  fund_annual: "年度报告", fund_interim: "中期报告", fund_quarterly: "季度报告", fund_profile: "产品资料概要",
  research: "研究", rule: "制度", faq: "问答", other: "其他",
};
export const RISKS = ["R1", "R2", "R3", "R4", "R5"];
export const span = (from, to) => (from && to ? `${from} 至 ${to}` : from ? `${from} 起` : to ? `至 ${to}` : "长期");

export function Blocks({ shown }) {
  return html`<div class="blocks" tabindex="0" role="region" aria-label="内容预览">${shown.map((block) => {
    if (block.rows) {
      return html`<div class="wide" tabindex="0" role="region" aria-label="表格"><table><tbody>${block.rows.map((row, at) => html`<tr>${row.map((cell) => (
        at < block.header_rows ? html`<th scope="col">${cell}</th>` : html`<td>${cell}</td>`))}</tr>`)}</tbody></table>
        ${block.row_count > block.rows.length && html`<p class="small">共 ${block.row_count} 行，显示前 ${block.rows.length} 行</p>`}</div>`;
    }
    return block.kind === "heading" ? html`<p><strong>${block.text}</strong></p>` : html`<p>${block.text}</p>`;
  })}</div>`;
}

export function Fields({ of }) {
  const rows = [
    ["类型", KINDS[of.type] || of.type], ["产品代码", of.product_codes.join("、")], ["报告期", of.period], ["发布方", of.publisher],
    ["发布日", of.published_on], ["有效期", span(of.effective_from, of.effective_to)], ["状态", STATUS[of.status]],
    ["访问标签", of.labels.join("、") || "全员可见"], ["主题", of.topic], ["替代", (of.supersedes || []).join("、")],
    ["风险等级", of.risk_level], ["保存至", of.retain_until],
  ];
  return html`<dl class="facts">${rows.filter(([, value]) => value).map(([word, value]) => html`<dt>${word}</dt><dd>${value}</dd>`)}</dl>`;
}

// The service explains a file that cannot be read to programs in English.
export const unread = (told) => (/。$/.test(told || "") ? told : "这份文件无法读取：可能受密码保护、已损坏、为空，或没有文字。");
export const problem = (error) => html`<${Problem} words=${error} />`;
