// What the sidebar is part of: a page of the firm that holds it in a frame, or WeCom. Both are strangers until they show
// who they are: messages count only from origins that the server names.
import { call } from "/static/sidebar_api.js";

export const inWeCom = /wxwork/i.test(navigator.userAgent);
export const host = { origin: null };  // of the page around this one, once it has spoken

// Tell `onClient` whom the page around this one is about; it says {type: "tougu:client", client_id}.
export async function listen(onClient) {
  if (window.parent === window) return;
  const { origins } = await call("sidebar");
  window.addEventListener("message", ({ origin, source, data }) => {
    if (source !== window.parent || !origins.includes(origin) || data?.type !== "tougu:client") return;
    host.origin = origin;
    onClient(typeof data.client_id === "string" && data.client_id ? data.client_id : null);
  });
  for (const origin of origins) tell({ type: "tougu:ready" }, origin);
}

function tell(message, origin) {
  window.parent.postMessage(message, origin);  // the browser delivers it to this origin alone
}

// Hand a cleared text to the page around this one.
export async function insert(text) {
  if (!host.origin) throw new Error("no host");
  tell({ type: "tougu:insert", text }, host.origin);
}

let signed = null;

async function wecom() {
  const sdk = await import("/static/vendor/wecom-jssdk.js");
  const { corp_id: corpId, agent_id: agentId } = await call("wecom");
  const sign = (kind) => () => call(`wecom/signature?kind=${kind}&url=${encodeURIComponent(location.href.split("#")[0])}`);
  sdk.register({
    corpId, agentId, jsApiList: ["sendChatMessage"], getConfigSignature: sign("corp"), getAgentConfigSignature: sign("agent"),
  });
  return sdk;
}

// Put a cleared text into the chat that is open in WeCom.
export async function sendToChat(text) {
  signed = signed || wecom();
  const sdk = await signed.catch((error) => { signed = null; throw error; });
  await sdk.sendChatMessage({ msgtype: "text", enterChat: true, text: { content: text } });
}
