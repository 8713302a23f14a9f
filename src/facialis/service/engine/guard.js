// Nothing leaves: whatever runs in this worker may ask its own origin alone. MediaPipe's web tasks count how often they
// are used and would tell Google's servers so every minute; here that is answered as if it had been taken, and dropped.

const own = new URL(import.meta.url).origin;
const ask = self.fetch.bind(self);

self.fetch = (what, options) => {
  const address = new URL(what instanceof Request ? what.url : what, import.meta.url);
  const inside = address.origin === own || ["blob:", "data:"].includes(address.protocol);
  return inside ? ask(what, options) : Promise.resolve(new Response(null, { status: 200 }));
};
for (const name of [
  "XMLHttpRequest",
  "WebSocket",
  "WebSocketStream",
  "WebTransport",
  "EventSource",
  "RTCPeerConnection",
]) {
  if (name in self) Object.defineProperty(self, name, { value: undefined });
}
