// Another person's yes or no with its reason: of lists, of files.
import { html, useState } from "/static/vendor/htm-preact-standalone.js";
import { api } from "/static/api.js";
import { Problem } from "/static/shell.js";

export function Decision({ path, onDone }) {
  const [reason, setReason] = useState("");
  const [error, setError] = useState("");
  const decide = async (approve) => {
    if (!reason.trim()) return setError("请填写审批意见。");
    try {
      await api.post(path, { approve, reason });
      onDone();
    } catch (problem) { setError(problem.message); }
    return undefined;
  };
  return html`<label>审批意见<input value=${reason} maxlength="2000" onInput=${(e) => setReason(e.target.value)} /></label>
    <${Problem} words=${error} />
    <div class="row"><button type="button" class="go" onClick=${() => decide(true)}>批准</button>
      <button type="button" class="bad" onClick=${() => decide(false)}>不批准</button></div>`;
}
