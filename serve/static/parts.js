// What pages about leads, calls and clients share: words, the player of recordings, and a client's own words as proof.
import { asPerson, clock } from "/static/api.js";
import { html, useRef, useState } from "/static/vendor/htm-preact-standalone.js";
import { Problem } from "/static/shell.js";

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
    try {
      const reply = await fetch(`/v1/calls/${encodeURIComponent(callId)}/audio`, { headers: asPerson() });
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
  const bar = html`<${Problem} words=${error} />
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
