// The sidebar's way to the server: requests, talks that outlive the page, and answers event by event.
import { words as w } from "/static/strings.js";

const STORE = "tougu.talks";  // client id, or nothing -> id of the talk: a page that was killed finds it again
const PAUSES_MS = [300, 1000, 2000, 5000];

export async function call(path, body) {
  let reply;
  try {
    const headers = { "content-type": "application/json" };
    reply = await fetch(`/v1/${path}`, body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) });
  } catch {
    throw Object.assign(new Error(w.gone), { offline: true });
  }
  if (reply.status === 204) return null;
  const answer = await reply.json().catch(() => ({}));
  if (reply.ok) return answer;
  throw Object.assign(new Error(reply.status === 401 ? w.login : answer.detail || w.unavailable), { status: reply.status });
}

const known = () => JSON.parse(localStorage.getItem(STORE) || "{}");
const keep = (clientId, talkId) => localStorage.setItem(STORE, JSON.stringify({ ...known(), [clientId || ""]: talkId, last: clientId || "" }));
export const lastClient = () => known().last || null;

// The talk about a client (null: about none) as it stands, or null where there is none yet.
export async function resume(clientId) {
  const id = known()[clientId || ""];
  if (!id) return null;
  try {
    const talk = await call(`sessions/${id}`);
    keep(clientId, id);
    return talk;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

export async function begin(clientId) {
  const talk = await call("sessions", { client_id: clientId });
  keep(clientId, talk.id);
  return talk;
}

// Events of an answer, each once, over as many connections as it takes; ends with the last one.
export async function follow(talkId, turnId, { after, tell, onLost, signal }) {
  let last = after;
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      const reply = await fetch(`/v1/sessions/${talkId}/turns/${turnId}/answer`, { headers: { "last-event-id": String(last) }, signal });
      if (!reply.ok) throw Object.assign(new Error(reply.status === 401 ? w.login : w.unavailable), { final: reply.status < 500 });
      onLost(false);
      for await (const event of events(reply.body.getReader())) {
        last = event.id;
        tries = 0;
        tell(event);
        if (event.event === "done") return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.final) throw error;
    }
    onLost(true);
    await new Promise((go) => setTimeout(go, PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]));
  }
}

// The wire form of server-sent events (WHATWG HTML, 9.2), as far as the server uses it.
async function* events(reader) {
  const decoder = new TextDecoder();
  let waiting = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    waiting += decoder.decode(part.value, { stream: true });
    const blocks = waiting.split("\n\n");
    waiting = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      if (fields.event) yield { id: Number(fields.id), event: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

// What a turn looks like after one more event.
export function grown(turn, { event, data }) {
  if (event === "searching") return { ...turn, whole: data.whole };
  if (event === "sentence") return { ...turn, said: { ...turn.said, [data.n]: data } };
  if (event === "withheld") return { ...turn, said: { ...turn.said, [data.n]: { held: data.reasons.join("") } } };
  if (event === "retract") return { ...turn, said: { ...turn.said, [data.n]: { back: data.reasons.join("") } } };
  if (event === "verdict") return { ...turn, reply: data.reply, stopped: data.stopped };
  if (event === "error") return { ...turn, said: {}, reply: null, error: data.detail };
  if (event === "done") return { ...turn, state: data.state, proposals: data.proposals };
  return turn;
}

export const turnOf = (kept) => kept.events.reduce(grown, { ...kept, said: {} });
