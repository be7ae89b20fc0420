// A signaling server in memory, as far as clients see one: it relays, keeps sessions, and does as it is told,
// also what no honest server does. What it does not judge (descriptions, tokens) is the real server's to test.

import { randomText, sha256 } from "../src/jose/base64url.js";
import { Transport } from "../src/transport/transport.js";
import { claimsOf } from "./provider.js";

const KEPT = 128;

/** The two ends of a transport in memory: what the client holds, and what the server does with it. */
class MemoryTransport extends Transport {
  constructor(server) {
    super();
    this.server = server;
  }
  _write(text) {
    queueMicrotask(() => this.server.heard(this, text));
  }
  _shut(code) {
    queueMicrotask(() => this.server.gone(this, code));
  }
}

export class FakeServer {
  /** What a hostile server does to what it relays; `null` drops it. */
  tamper = (message) => message;
  /** What it answers to a message instead of its own; `undefined` for its own. */
  answer = () => undefined;
  /** What it adds to a welcome. */
  welcome = {};
  /** Everything that it was told, in order. */
  log = [];
  notice = { text: "Your microphone and camera are sent to the others.", hash: "" };
  /** Whether transports open. */
  isUp = true;
  #peers = new Map();
  #byTransport = new Map();
  #receipts = 0;

  constructor(clock = Date) {
    this.clock = clock;
  }

  static async make(clock) {
    const server = new FakeServer(clock);
    server.notice.hash = await sha256(server.notice.text);
    return server;
  }

  /** The option `open` of a client. */
  open = async () => {
    if (!this.isUp) throw new Error("down");
    return this.serve(new MemoryTransport(this));
  };

  /** Serves any transport of which it hears by `heard` and `gone`. */
  serve(transport) {
    const nonce = randomText(32);
    this.#byTransport.set(transport, { nonce, peer: null });
    this.#deliver(transport, { t: "challenge", v: 1, nonce, ts: this.clock.now() });
    return transport;
  }

  /** The connection of a peer is lost. */
  cut(id, code = 1006) {
    const { transport } = this.#peers.get(id);
    this.#byTransport.delete(transport);
    this.#peers.get(id).transport = null;
    transport._end({ code, reason: "" });
  }

  /** Says something to a peer. */
  say(id, message) {
    const peer = this.#peers.get(id);
    if (peer.transport) this.#deliver(peer.transport, message);
    else if (peer.kept.length < KEPT) peer.kept.push(message);
  }

  /** An error and the close that follows. */
  refuse(id, code, close) {
    this.say(id, { t: "error", code, detail: "" });
    this.cut(id, close);
  }

  transportOf(id) {
    return this.#peers.get(id).transport;
  }

  gone(transport) {
    const { peer } = this.#byTransport.get(transport) ?? {};
    this.#byTransport.delete(transport);
    if (!peer || peer.transport !== transport) return;
    peer.transport = null;
    this.#peers.delete(peer.id);
    this.#others(peer.id, { t: "peer.left", id: peer.id });
  }

  heard(transport, text) {
    const state = this.#byTransport.get(transport);
    if (!state) return;
    const message = JSON.parse(text);
    this.log.push(message);
    const answered = this.answer(message, state);
    if (answered !== undefined) return this.#deliver(transport, answered);
    if (!state.peer) return this.#first(transport, state, message);
    return this.#session(state.peer, message);
  }

  #first(transport, state, message) {
    if (message.t === "resume") return this.#resume(transport, state, message);
    const { sub, room, grants, ice = "all" } = claimsOf(message.token);
    const peer = { id: randomText(8), sid: randomText(16), sub, room, grants, ice, assertion: message.assertion, kept: [], last: 0 };
    state.peer = peer;
    peer.transport = transport;
    this.#peers.set(peer.id, peer);
    this.#others(peer.id, { t: "peer.joined", id: peer.id, assertion: peer.assertion });
    this.#greet(peer);
  }

  #resume(transport, state, { sid, ticket, last_seq: seen }) {
    const peer = [...this.#peers.values()].find((one) => one.sid === sid);
    if (!peer || peer.ticket !== ticket) return this.#deliver(transport, { t: "error", code: "E_TOKEN", detail: "" });
    state.peer = peer;
    peer.transport = transport;
    this.#greet(peer);
    for (const message of peer.kept.splice(0)) {
      if (!message.from || message.seq > (seen[message.from] ?? 0)) this.say(peer.id, message);
    }
  }

  #greet(peer) {
    peer.ticket = randomText(16);
    const others = [...this.#peers.values()].filter(({ id }) => id !== peer.id);
    this.say(peer.id, {
      t: "welcome",
      you: peer.id,
      sid: peer.sid,
      resume: { ticket: peer.ticket, window_s: 30 },
      peers: others.map(({ id, assertion }) => ({ id, assertion })),
      grants: peer.grants,
      ice: peer.ice,
      turn: null,
      limits: { msg: 65_536, rate: 50, burst: 100 },
      notice: this.notice,
      ...this.welcome,
    });
  }

  #session(peer, message) {
    const { seq } = message;
    const refuse = (code) => this.say(peer.id, { t: "error", code, detail: "", ref: seq });
    if (!(seq > peer.last)) return refuse("E_REPLAY");
    peer.last = seq;
    if (message.t === "ping") return this.say(peer.id, { t: "pong", ts: this.clock.now() });
    if (message.t === "consent") return this.#consent(peer, message);
    if (message.t === "mute") return this.#revoked(this.#peers.get(message.to), message.scope);
    if (message.t === "kick") return this.refuse(message.to, "E_KICKED", 4011);
    if (["accept", "decline", "ice", "invite", "sdp"].includes(message.t)) return this.#relay(peer, message, refuse);
    return undefined;
  }

  #relay(peer, message, refuse) {
    if (!this.#peers.has(message.to)) return refuse("E_NO_PEER");
    const passed = this.tamper({ from: peer.id, ...message });
    if (passed) this.say(passed.to, passed);
    return undefined;
  }

  #consent(peer, { seq, jws }) {
    this.#receipts += 1;
    this.say(peer.id, { t: "consent.ack", ref: seq, n: this.#receipts, head: `head-${this.#receipts}` });
    const { decision, scope } = claimsOf(jws);
    if (decision === "revoke") this.#revoked(peer, scope);
  }

  #revoked(peer, scope) {
    this.#others(peer.id, { t: "peer.revoked", id: peer.id, scope });
    this.say(peer.id, { t: "media.stop", scope, deadline_ms: 3000 });
  }

  #others(id, message) {
    for (const other of this.#peers.keys()) if (other !== id) this.say(other, message);
  }

  #deliver(transport, message) {
    transport._deliver(JSON.stringify(message));
  }
}
