// What runs in the pages of the test with a real browser: a user, driven by `window.user`.

import { connect, Identity } from "/src/index.js";
import { openWebSocket } from "/src/transport/websocket.js";

const { sub, url, hash } = Object.fromEntries(new URLSearchParams(location.search));
const seen = { track: [], file: null, closed: null, revoked: null, over: null, errors: [], states: [] };
let session;
let call;

function withLimit(promise, what) {
  return Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(new Error(`${what} took too long`)), 20_000))]);
}

function watch(next) {
  call = next;
  call.on("track", ({ track }) => {
    seen.track.push(track.kind);
    const video = document.createElement(track.kind);
    video.autoplay = true;
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
  });
  call.on("channel", ({ channel }) => channel.on("message", (data) => channel.send(`echo ${data}`)));
  call.on("file", ({ file }) => {
    seen.file = file.accept({ writable: new WritableStream({ write: () => {} }) });
  });
  call.on("revoked", ({ scope }) => {
    seen.revoked = scope;
  });
  call.on("closed", ({ error }) => {
    seen.closed = error?.code ?? "closed";
  });
  return call;
}

async function addMedia() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240, frameRate: 15 } });
  for (const track of stream.getTracks()) await call.addTrack(track, { streams: [stream] });
}

async function until(condition, what) {
  const limit = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`${what} took too long`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

async function decoded() {
  const stats = [...(await call.getStats()).values()];
  return stats.filter(({ type, kind }) => type === "inbound-rtp" && kind === "video").reduce((sum, { framesDecoded }) => sum + (framesDecoded ?? 0), 0);
}

/** A real server at `url`, or the one of the test. */
function signaling() {
  if (!url) return { open: () => openWebSocket(`ws://${location.host}/v1/ws`) };
  if (url.startsWith("wss:")) return { url };
  const value = Uint8Array.from(atob(hash), (character) => character.charCodeAt(0));
  return { url, serverCertificateHashes: [{ algorithm: "sha-256", value }] };
}

async function start() {
  const identity = await Identity.load();
  const again = await Identity.load();
  const jwks = await (await fetch("/jwks")).json();
  session = await connect({
    audience: "signal",
    identity,
    jwks,
    ...signaling(),
    onConsent: async () => true,
    tokens: async (request) => (await fetch(`/tokens?sub=${sub}`, { method: "POST", body: JSON.stringify(request) })).json(),
  });
  session.on("invite", async (invitation) => {
    watch(await invitation.accept());
    await addMedia().catch(() => {});
  });
  session.on("closed", ({ error }) => {
    seen.over = error?.code ?? "closed";
  });
  session.on("state", ({ state }) => seen.states.push(state));
  session.on("error", ({ code, detail }) => seen.errors.push(`${code} ${detail}`));
  return { isKept: identity.jkt === again.jkt };
}

window.user = {
  started: start(),
  peers: async () => session.peers,
  call: async () => {
    await until(() => session.peers.length > 0, "a peer");
    watch(await session.invite(session.peers[0]));
    // The test asks for the call's end, which may come first.
    await addMedia().catch((error) => error.code === "E_CLOSED" || Promise.reject(error));
  },
  state: async () => ({ state: call?.state ?? "none", closed: seen.closed, tracks: seen.track.sort(), revoked: seen.revoked }),
  ended: () => until(() => seen.closed, "the end"),
  connected: () => until(() => call?.state === "connected", "the connection"),
  playing: () => until(async () => (await decoded()) > 5, "a picture"),
  security: () => call.security(),
  echo: () => withLimit((async () => {
    const channel = call.openChannel("chat");
    const answer = new Promise((resolve) => channel.on("message", resolve));
    await channel.send("hello");
    return answer;
  })(), "an echo"),
  send: async (size) => {
    const began = performance.now();
    const bytes = new Uint8Array(1_048_576).map((_, at) => at * 7);
    const parts = Array.from({ length: Math.ceil(size / bytes.length) }, () => bytes);
    const { sha256 } = await call.sendFile(new Blob(parts).slice(0, size), { name: "a.bin" });
    return { sha256, ms: Math.round(performance.now() - began) };
  },
  received: async () => (({ name, size, sha256 }) => ({ name, size, sha256 }))(await seen.file),
  revoke: () => session.revoke(["video"]),
  settled: () => session.unlock().catch(({ code }) => code),
  session: async () => ({ state: session.state, over: seen.over, errors: seen.errors, receipts: session.receipts.map(({ decision }) => decision) }),
  resumed: (times) => until(() => seen.states.filter((state) => state === "resuming").length === times && session.state === "open", "the session"),
  kick: () => session.kick(session.peers[0]),
  over: () => until(() => seen.over, "the end of the session"),
  revoked: () => until(() => seen.revoked, "the revocation"),
};
window.ready = window.user.started;
