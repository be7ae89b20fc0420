// A session: one person in one room. What the application holds.

import { stricter } from "../call/candidate.js";
import { Emitter } from "../emitter.js";
import { demand, RtcError } from "../errors.js";
import { Calls } from "./calls.js";
import { ConsentDesk } from "./consent.js";
import { proof } from "./handshake.js";
import { Link } from "./link.js";
import { RELAYED } from "./messages.js";
import { Outbox } from "./outbox.js";
import { Peers } from "./peers.js";
import { Tokens } from "./tokens.js";

// The server's clock is believed for what only the server judges, and only if it is not absurd.
const MAX_OFFSET_MS = 15 * 60_000;

export class Session extends Emitter {
  #options;
  #clock;
  #tokens;
  #outbox;
  #peers = new Peers();
  #consent;
  #calls;
  #link;
  #welcome = null;
  #state = "connecting";
  #offset = 0;

  /** For `connect`, which checks the options. */
  constructor(options) {
    super();
    this.#options = options;
    this.#clock = options.clock;
    this.#tokens = new Tokens(options.identity, options.tokens, this.#clock);
    this.#outbox = new Outbox(this.#clock);
    this.#consent = new ConsentDesk(this.#deskHost());
    this.#calls = new Calls(this.#callHost());
    this.#link = new Link(this.#linkOptions());
  }

  /** For `connect`. */
  async start() {
    try {
      await this.#tokens.first();
      await this.#link.start();
    } catch (error) {
      this.#link.close();
      throw error;
    }
    this.#tokens.keepFresh(
      (token) => this.#outbox.request({ t: "token.refresh", token }),
      (error) => this.emit("error", error),
      () => this.#renewed(),
    );
    return this;
  }

  // ---- What there is ------------------------------------------------------------------------

  /** `connecting`, `open`, `resuming` or `closed`. */
  get state() {
    return this.#state;
  }

  /** This client's connection id. */
  get id() {
    return this.#welcome?.you ?? null;
  }

  get room() {
    return this.#tokens.current.claims.room;
  }

  get sub() {
    return this.#tokens.current.claims.sub;
  }

  /** What the token grants, as the server told it. */
  get grants() {
    return structuredClone(this.#welcome.grants);
  }

  /** The stricter of what the token and the server say of candidates. */
  get icePolicy() {
    return stricter(this.#tokens.current.claims.ice, this.#welcome.ice);
  }

  /** The text that people consent to. */
  get notice() {
    return this.#welcome.notice ? { ...this.#welcome.notice } : null;
  }

  /** The others' connection ids. */
  get peers() {
    return this.#peers.ids();
  }

  get calls() {
    return this.#calls.list();
  }

  /** Signed receipts, with the head of the server's ledger. */
  get receipts() {
    return this.#consent.receipts;
  }

  /** What is consented to. */
  get consented() {
    return this.#consent.granted;
  }

  // ---- What the application does --------------------------------------------------------------

  /** Who a peer is, by the identity provider. */
  async identify(peerId) {
    const { identity } = await this.#peers.identify(peerId, this.#trust());
    return { sub: identity.sub, thumbprint: identity.thumbprint };
  }

  /** Invites a peer to a call. */
  invite(peerId) {
    return this.#calls.invite(peerId);
  }

  /** Asks for consent, signs it and waits until it is written down. */
  consent(scope) {
    return this.#consent.ensure(scope);
  }

  /**
   * Takes consent back: nothing more is sent from this moment; the server writes it down, has the calls
   * described anew, and tells the others.
   */
  async revoke(scope) {
    for (const call of this.calls) {
      const tracks = await call.stopSending(scope);
      for (const track of tracks) track.stop();
    }
    await this.#consent.revoke(scope);
    // Where the server asked for new descriptions that came before this. It does not where a camera goes and
    // a screen stays, since both are video to it; the others wait for a description all the same.
    await this.#outbox.settled();
    for (const call of this.calls) if (call.sends(scope)) call.withdraw(scope);
  }

  /** Removes a peer; needs `mod`. */
  kick(peerId) {
    return this.#outbox.request({ t: "kick", to: peerId });
  }

  /** Takes a peer's consent back for it, until the person gives it again; needs `mod`. */
  mute(peerId, scope = ["audio"]) {
    return this.#outbox.request({ t: "mute", to: peerId, scope });
  }

  /** Lets nobody else in; needs `mod`. */
  lock() {
    return this.#outbox.request({ t: "lock" });
  }

  /** Lets others in again; needs `mod`. */
  unlock() {
    return this.#outbox.request({ t: "unlock" });
  }

  /** Leaves. */
  close() {
    for (const call of this.calls) call.close();
    this.#link.close();
  }

  // ---- The connection's life ------------------------------------------------------------------

  #linkOptions() {
    return {
      open: this.#options.open,
      clock: this.#clock,
      random: this.#options.random,
      hello: (challenge) => this.#hello(challenge),
      resume: (challenge) => this.#resume(challenge),
      online: (welcome, send) => this.#online(welcome, send),
      offline: (error) => {
        this.#outbox.detach();
        this.#become("resuming", error);
      },
      message: (message) => this.#receive(message),
      mistake: (error) => this.emit("error", error),
      ping: () => this.#outbox.ping(),
      over: (error) => this.#over(error),
      mayRetry: (error) => error.code === "E_POP" && this.#tokens.isPresenting,
    };
  }

  async #hello(challenge) {
    const { token, assertion } = this.#tokens.current;
    return { t: "hello", v: 1, token, assertion, pop: await this.#proof(challenge, token) };
  }

  async #resume(challenge) {
    const { sid, resume } = this.#welcome;
    const pop = await this.#proof(challenge, this.#tokens.forResume());
    return { t: "resume", sid, ticket: resume.ticket, pop, last_seq: this.#peers.lastSeqs() };
  }

  #proof({ nonce, ts }, token) {
    const offset = ts - this.#clock.now();
    this.#offset = Math.abs(offset) <= MAX_OFFSET_MS ? offset : 0;
    const { identity, audience } = this.#options;
    return proof(identity, { nonce, audience, token, now: this.#serverNow() });
  }

  #serverNow() {
    return this.#clock.now() + this.#offset;
  }

  #online(welcome, send) {
    const isSame = !this.#welcome || (welcome.you === this.#welcome.you && welcome.sid === this.#welcome.sid);
    demand(isSame, "E_RESUME", "server resumed another session");
    this.#welcome = welcome;
    const { joined, left } = this.#peers.adopt(welcome.peers.filter(({ id }) => id !== welcome.you));
    this.#outbox.attach(send, welcome.limits);
    this.#become("open");
    for (const id of left) this.#left(id);
    for (const id of joined) this.emit("peer-joined", { id });
  }

  #over(error) {
    const cause = error ?? new RtcError("E_CLOSED", "session is over");
    this.#tokens.stop();
    this.#outbox.close(cause);
    this.#calls.closeAll(cause);
    this.#become("closed", error);
    this.emit("closed", { error });
  }

  #become(state, error = null) {
    if (this.#state === state) return;
    this.#state = state;
    this.emit("state", { state, error });
  }

  #renewed() {
    const { pub = [] } = this.#tokens.current.claims.grants;
    const lost = (this.#welcome.grants.pub ?? []).filter((scope) => !pub.includes(scope));
    this.#welcome = { ...this.#welcome, grants: structuredClone(this.#tokens.current.claims.grants) };
    this.emit("grants", { grants: this.grants });
    if (this.calls.some((call) => call.sends(lost))) this.#stop(lost);
  }

  // ---- What the server says -------------------------------------------------------------------

  #receive(message) {
    if (RELAYED.includes(message.t)) return this.#relayed(message);
    const heard = {
      "consent.ack": () => {
        this.#consent.acknowledged(message);
        this.#outbox.confirm(message.ref);
        this.emit("consent", { n: message.n, head: message.head });
      },
      error: () => this.#refused(message),
      "media.stop": () => this.#stop(message.scope),
      "peer.joined": () => this.#joined(message),
      "peer.left": () => this.#peers.remove(message.id) && this.#left(message.id),
      "peer.revoked": () => this.#revoked(message),
      pong: () => this.#outbox.pong(),
    }[message.t];
    if (heard) return heard();
    return this.emit("error", new RtcError("E_TYPE", `\`${message.t}\` does not come now`));
  }

  #relayed(message) {
    if (message.to !== this.id || !this.#peers.isNew(message)) return;
    this.#calls.receive(message).catch((error) => this.emit("error", RtcError.from(error, "E_STATE")));
  }

  #refused({ code, detail, ref }) {
    const error = new RtcError(code, detail ?? "");
    if (code === "E_CONSENT") this.#consent.lost([detail]);
    const isTold = Number.isSafeInteger(ref) && this.#outbox.refuse(ref, error);
    if (!isTold && code !== "E_REPLAY") this.emit("error", error);
  }

  #joined({ id, assertion }) {
    if (id === this.id) return;
    try {
      if (this.#peers.add(id, assertion)) this.emit("peer-joined", { id });
    } catch (error) {
      this.emit("error", error);
    }
  }

  #left(id) {
    this.#calls.peerLeft(id);
    this.emit("peer-left", { id });
  }

  #revoked({ id, scope }) {
    for (const call of this.calls) if (call.peerId === id) call.peerRevoked(scope);
    this.emit("peer-revoked", { id, scope });
  }

  // The server holds no consent or no grant for these: it waits three seconds for a description without.
  #stop(told) {
    // In a description a screen is a video, so the server names both alike, and means that neither may be.
    const isSeen = told.includes("video") || told.includes("screen");
    const scope = isSeen ? [...new Set([...told, "video", "screen"])] : told;
    this.#consent.lost(scope);
    for (const call of this.calls) {
      // Browsers cannot take data out of a description again: what is left is to hang up.
      if (scope.includes("data") && call.hasData) {
        call.fail(new RtcError("E_GRANT", "publish data"));
        continue;
      }
      call.stopSending(scope).catch((error) => call.ended(RtcError.from(error, "E_STATE")));
      call.withdraw(scope);
    }
    this.emit("media-stop", { scope: told });
  }

  // ---- What parts of it need of the whole -------------------------------------------------------

  #trust() {
    const { keys, issuer } = this.#options;
    return { keys, issuer, now: this.#clock.now() };
  }

  #iceServers() {
    const { urls, username, credential } = this.#welcome.turn ?? {};
    const turn = urls && urls.length > 0 ? [{ urls, username, credential }] : [];
    return [...this.#options.iceServers, ...turn];
  }

  #deskHost() {
    return {
      ask: (notice, scope) => this.#options.onConsent(notice, scope),
      sign: (claims) => this.#options.identity.sign("corsac-consent+jwt", claims),
      post: (build, hooks) => this.#outbox.post(build, hooks),
      context: () => ({
        room: this.room,
        sub: this.sub,
        sid: this.#welcome.sid,
        notice: this.#welcome.notice,
        purpose: this.#options.purpose,
        iat: Math.floor(this.#serverNow() / 1000),
      }),
    };
  }

  #callHost() {
    return {
      identity: this.#options.identity,
      RTCPeerConnection: this.#options.RTCPeerConnection,
      clock: this.#clock,
      peers: this.#peers,
      emit: (type, detail) => this.emit(type, detail),
      post: (build, hooks) => this.#outbox.post(build, hooks),
      ensureConsent: (scope) => this.#consent.ensure(scope),
      trust: () => this.#trust(),
      now: () => this.#clock.now(),
      you: () => this.id,
      room: () => this.room,
      policy: () => this.icePolicy,
      grants: () => this.grants,
      iceServers: () => this.#iceServers(),
    };
  }
}
