// What a page of a firm does to hold the sidebar: name the client, take what is inserted, and trust one origin.
const frame = document.getElementById("sidebar");
const SIDEBAR = new URL(frame.src, location.href).origin;

const tell = () => frame.contentWindow.postMessage({ type: "tougu:client", client_id: document.getElementById("client").value.trim() }, SIDEBAR);

window.addEventListener("message", ({ origin, source, data }) => {
  if (origin !== SIDEBAR || source !== frame.contentWindow) return;
  if (data?.type === "tougu:ready") tell();
  if (data?.type === "tougu:insert") document.getElementById("chat").value += data.text;
});
document.getElementById("tell").addEventListener("click", tell);
