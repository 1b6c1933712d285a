// The note of a call: read, put right, and confirmed into the CRM; the draft stays beside it.
import { html, useEffect, useState } from "/static/vendor/htm-preact-standalone.js";
import { api, whenExactly } from "/static/api.js";
import { Problem } from "/static/shell.js";

export function Note({ callId, shown }) {
  const [note, setNote] = useState(null);
  const [text, setText] = useState("");
  const [editing, setEditing] = useState(false);
  const [told, setTold] = useState("");
  const [error, setError] = useState("");
  const path = `calls/${encodeURIComponent(callId)}/note`;
  const show = (found) => { setNote(found); setText(found.text); };
  // A call that was read before notes were kept has only what the page shows already.
  useEffect(() => { api.get(path).then(show, () => {}); }, [callId]);
  if (!note) return html`<section><h2>纪要</h2><p class="note">${shown || "没有纪要。"}</p></section>`;
  const confirm = async () => {
    setError(""); setTold("");
    try {
      show(await api.post(`${path}/confirm`, text === note.text ? {} : { text, version: note.version }));
      setEditing(false); setTold("已确认，将送入 CRM。");
    } catch (problem) {
      setError(problem.status === 409 ? "这份纪要刚被他人改过：请刷新本页，看过新版再改。" : problem.message);
    }
  };
  const confirmed = note.state === "confirmed";
  return html`<section aria-label="纪要"><h2>纪要</h2>
    <div class="row"><span class=${confirmed ? "badge pass" : "badge review"}>${confirmed ? "已确认" : "草稿"}</span>
      <span class="small">${confirmed ? `第 ${note.version} 版，${note.confirmed_by} 于 ${whenExactly(note.confirmed_at)} 确认` : "核对后确认，才会送入 CRM"}</span></div>
    ${editing ? html`<textarea class="whole" aria-label="纪要文字" rows="10" maxlength="20000" value=${text} onInput=${(e) => setText(e.target.value)}></textarea>`
      : html`<p class="note">${note.text}</p>`}
    <${Problem} words=${error} />${told && html`<p class="done hint" role="status">${told}</p>`}
    <div class="row">${(!confirmed || editing) && html`<button type="button" class="go" disabled=${!text.trim()} onClick=${confirm}>${editing ? "保存并确认" : "确认纪要"}</button>`}
      ${editing ? html`<button type="button" onClick=${() => { setEditing(false); setText(note.text); }}>取消</button>`
        : html`<button type="button" onClick=${() => { setTold(""); setEditing(true); }}>修改</button>`}</div></section>`;
}
