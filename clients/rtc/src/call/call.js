// A call: one connection to one peer. Nothing that arrives over it is handed to the application before the
// certificate that the peer really showed was found to be the one that it signed.

import { pause } from "../clock.js";
import { Channel, FILE_PROTOCOL } from "../data/channel.js";
import { FileReceiver } from "../data/file-receiver.js";
import { sendFile } from "../data/file-sender.js";
import { Emitter } from "../emitter.js";
import { demand, RtcError } from "../errors.js";
import { decode } from "../jose/base64url.js";
import { equal, signBinding, verifyBinding } from "./binding.js";
import { fingerprintsOf } from "./description.js";
import { knownScopes, Media } from "./media.js";
import { Negotiator } from "./negotiator.js";
import { shortAuthenticationString } from "./sas.js";
import { dtlsTransports, isBound, protection, remoteFingerprints } from "./security.js";

/** Bytes of a nonce. */
export const NONCE_BYTES = 32;
/** Most tracks and channels that are held until the connection is known to be the peer's. */
const MAX_HELD = 64;
/** Most channels that a peer opens. */
const MAX_CHANNELS = 64;
// A path that broke is looked for again, for this long.
const RECOVER_MS = 20_000;
// Statistics may come a moment after the state: asked again this often, this far apart.
const STATISTICS_TRIES = 5;
const STATISTICS_MS = 100;

export class Call extends Emitter {
  #host;
  #peer;
  #pc;
  #media;
  #negotiator;
  #isInviter;
  #nonces;
  #pinned;
  #ownFingerprints = [];
  #bound = [];
  #sas = null;
  #state = "inviting";
  #isTrusted = false;
  #held = [];
  #channels = new Set();
  #trusted;
  #trust;
  #described;
  #describe;
  #recovering = null;
  #arrivals = 0;
  #silencedAt = -1;

  /**
   * For the session: applications get calls from `invite` and `accept`.
   * @param {object} host what the session lends: identity, room, policy, messages
   * @param {{id: string, peer: object, pinned: string, isInviter: boolean, nonces: object}} about `pinned`: the
   *   thumbprint that the peer had when the call began
   */
  constructor(host, { id, peer, pinned, isInviter, nonces }) {
    super();
    this.id = id;
    this.#host = host;
    this.#peer = peer;
    this.#pinned = pinned;
    this.#isInviter = isInviter;
    this.#nonces = nonces;
    this.#trusted = new Promise((resolve, reject) => {
      this.#trust = { resolve, reject };
    });
    this.#trusted.catch(() => {});
    this.#described = new Promise((resolve) => {
      this.#describe = resolve;
    });
    this.#pc = this.#connection();
    this.#media = new Media(this.#pc);
    this.#negotiator = new Negotiator(this.#pc, this.#hooks());
  }

  /** The peer's connection id. */
  get peerId() {
    return this.#peer.id;
  }

  /** `inviting`, `connecting`, `connected` or `closed`. */
  get state() {
    return this.#state;
  }

  /** The six digits that both people compare; `null` until both nonces are known. */
  get sas() {
    return this.#sas;
  }

  // ---- What the application does ----------------------------------------------------------

  /**
   * Sends a track, if the token grants it and the person consents.
   * @param {MediaStreamTrack} track
   * @param {{scope?: "audio" | "video" | "screen", streams?: MediaStream[]}} [options] `screen` for a shared screen
   */
  async addTrack(track, { scope = track.kind, streams = [] } = {}) {
    this.#demandOpen();
    this.#demandGrant(scope);
    await this.#host.ensureConsent([scope]);
    this.#demandOpen();
    return this.#media.send(track, scope, streams);
  }

  /**
   * Opens a channel, if the token grants data.
   * @param {string} label
   * @param {{ordered?: boolean, maxRetransmits?: number, protocol?: string}} [options]
   */
  openChannel(label, options = {}) {
    this.#demandOpen();
    this.#demandGrant("data");
    return this.#adopt(this.#pc.createDataChannel(label, options));
  }

  /**
   * Sends a file over a channel of its own; resolves when the peer has all of it and its hash agrees.
   * @param {Blob | {stream: ReadableStream<Uint8Array>, size: number}} source
   * @param {{name?: string, type?: string, onProgress?: Function, signal?: AbortSignal}} [options]
   */
  sendFile(source, options) {
    return sendFile(this.openChannel("file", { protocol: FILE_PROTOCOL }), source, options);
  }

  /** Who is there, how it is protected, and how that is known. */
  async security() {
    const [thumbprint, sub] = [this.#pinned, this.#peer.sub];
    return {
      ...(await protection(this.#pc)),
      fingerprintBound: this.#isTrusted,
      fingerprints: [...this.#bound],
      sas: this.#sas,
      sub,
      thumbprint,
      verified: await this.#host.identity.isVerified(thumbprint, sub),
    };
  }

  /** The person compared the digits: this key is remembered as this peer's. */
  async markVerified() {
    demand(this.#isTrusted && this.#sas !== null, "E_STATE", "there are no digits to compare yet");
    await this.#host.identity.rememberVerified(this.#pinned, this.#peer.sub);
  }

  /** The connection's statistics, as the browser has them. */
  getStats() {
    return this.#pc.getStats();
  }

  /** Hangs up. */
  close() {
    this.#end(null, true);
  }

  // ---- What the session tells --------------------------------------------------------------

  /** The peer accepted an invitation. */
  accepted(nr) {
    if (this.#state !== "inviting" || !this.#isInviter) return;
    if (!isNonce(nr)) {
      this.#end(new RtcError("E_BIND_NONCE", "`nr` is not 32 bytes"), true);
      return;
    }
    this.#nonces = { ...this.#nonces, nr };
    this.#become("connecting");
    if (this.#host.grants().sub && this.#pc.getTransceivers().length === 0 && this.#channels.size === 0) {
      for (const kind of ["audio", "video"]) this.#pc.addTransceiver(kind, { direction: "recvonly" });
    }
    this.#negotiator.start();
  }

  /** This side accepted. */
  begin() {
    this.#become("connecting");
  }

  /** A description of the peer's arrived. */
  description(message) {
    this.#arrivals += 1;
    this.#negotiator.description({ ...message, arrival: this.#arrivals });
  }

  /** A candidate of the peer's arrived. */
  candidate(message) {
    this.#negotiator.candidate(message);
  }

  /** Whether its description has data in it, or will. */
  get hasData() {
    return this.#channels.size > 0 || Boolean(this.#pc.sctp);
  }

  /** It cannot go on; the peer is told. */
  fail(error) {
    this.#end(error, true);
  }

  /** The peer declined, hung up, left, or the session ended. */
  ended(error) {
    this.#end(error, false);
  }

  /** Sends nothing more under `scope`; the tracks that were sent. */
  async stopSending(scope) {
    const tracks = await this.#media.stop(scope);
    if (scope.includes("data")) this.#closeChannels();
    if (tracks.length > 0) this.emit("stopped", { scope: knownScopes(scope), tracks });
    return tracks;
  }

  /** Whether anything is sent under one of `scope`. */
  sends(scope) {
    return this.#media.sends(scope);
  }

  /** Describes anew, without `scope`. */
  withdraw(scope) {
    this.#negotiator.run(() => {
      this.#media.withdraw(scope);
      this.#negotiator.negotiate({ forced: true });
    });
  }

  /** The peer's consent was taken back: what it sent is not shown any more. */
  peerRevoked(scope) {
    this.#silencedAt = this.#arrivals;
    const tracks = this.#media.silence(scope);
    if (scope.includes("data")) this.#closeChannels();
    this.emit("revoked", { scope: knownScopes(scope), tracks });
  }

  // ---- Connection --------------------------------------------------------------------------

  #connection() {
    const pc = new this.#host.RTCPeerConnection({
      certificates: [...this.#host.identity.certificates],
      iceServers: this.#host.iceServers(),
      iceTransportPolicy: this.#host.policy() === "relay" ? "relay" : "all",
      bundlePolicy: "max-bundle",
      rtcpMuxPolicy: "require",
    });
    pc.ontrack = ({ track, streams, transceiver }) => this.#hold("track", { track, streams: [...streams], transceiver });
    pc.ondatachannel = ({ channel }) => this.#incoming(channel);
    pc.onconnectionstatechange = () => this.#changed(pc.connectionState);
    return pc;
  }

  #hooks() {
    return {
      polite: this.#host.you() > this.#peer.id,
      policy: () => this.#host.policy(),
      prepare: () => {
        if (!this.#host.grants().sub) this.#media.refuseToReceive();
      },
      sendDescription: (kind, sdp) => this.#sendDescription(kind, sdp),
      sendCandidate: (cand, mid) => this.#sendCandidate(cand, mid),
      verify: (message) => this.#verify(message),
      applied: (message) => this.#applied(message),
      refused: (code) => this.emit("refused", { code }),
      fail: (error) => this.#end(error, true),
    };
  }

  async #sendDescription(kind, sdp) {
    this.#ownFingerprints = fingerprintsOf(sdp);
    const { ni, nr } = this.#nonces;
    const build = async (seq) => {
      const context = { ...this.#context(), from: this.#host.you(), to: this.#peer.id, kind, seq };
      const bind = await signBinding(this.#host.identity, context, { sdp, ni, nr, now: this.#host.now() });
      return { t: "sdp", to: this.#peer.id, call: this.id, kind, sdp, bind };
    };
    // What the server refuses the peer never gets, and the two would not agree on what was said.
    await this.#host.post(build, { onError: (error) => this.#end(error, true) });
  }

  #sendCandidate(cand, mid) {
    const onError = ({ code }) => this.emit("refused", { code });
    this.#host.post({ t: "ice", to: this.#peer.id, call: this.id, cand, mid }, { onError }).catch(() => {});
  }

  #context() {
    return { room: this.#host.room(), call: this.id };
  }

  async #verify(message) {
    demand(this.#state !== "inviting", "E_NOT_ACCEPTED", "description came before the call was accepted");
    const { kind, seq } = message;
    const expected = { ...this.#context(), from: this.#peer.id, to: this.#host.you(), kind, seq, nonces: this.#nonces };
    const found = await verifyBinding(message, this.#peer.assertion, expected, this.#host.trust());
    demand(found.identity.thumbprint === this.#pinned, "E_ASSERTION", "peer has another key than when the call began");
    const isSame = this.#bound.length === 0 || equal(this.#bound, found.fingerprints);
    demand(isSame, "E_BIND_FP", "peer has another certificate than when the call began");
    this.#bound = found.fingerprints;
    this.#nonces = { ...this.#nonces, ni: found.ni };
  }

  async #applied({ arrival }) {
    if (arrival > this.#silencedAt) this.#media.unsilence();
    if (this.#sas !== null) return;
    const [own, theirs] = [this.#ownFingerprints, this.#bound];
    this.#sas = await shortAuthenticationString({
      ...this.#context(),
      offerer: this.#isInviter ? own : theirs,
      answerer: this.#isInviter ? theirs : own,
      thumbprints: [this.#host.identity.jkt, this.#pinned],
      ni: this.#nonces.ni,
      nr: this.#nonces.nr,
    });
    this.#describe();
    this.emit("sas", { sas: this.#sas });
  }

  #changed(state) {
    if (state === "connected") this.#confirm().catch((error) => this.#end(RtcError.from(error, "E_MKY"), true));
    if (state === "failed") this.#recover();
    if (state === "closed") this.#end(null, true);
  }

  /** Is who answered the one that signed? */
  async #confirm() {
    this.#host.clock.clearTimeout(this.#recovering);
    this.#recovering = null;
    const algorithms = this.#bound.map((fingerprint) => fingerprint.split(" ")[0]);
    let shown = [];
    for (let tries = 0; tries < STATISTICS_TRIES; tries += 1) {
      shown = await remoteFingerprints(this.#pc, algorithms);
      if (shown.some((prints) => prints.length > 0) || this.#state === "closed") break;
      await pause(this.#host.clock, STATISTICS_MS);
    }
    // The browser may be connected before the answer is on its way and the digits are known.
    await this.#described;
    if (this.#state === "closed") return;
    demand(isBound(shown, this.#bound), "E_MKY", "certificate of the connection is not the one that the peer signed");
    this.#isTrusted = true;
    this.#become("connected");
    this.#trust.resolve();
    for (const [type, detail] of this.#held.splice(0)) this.emit(type, detail);
  }

  #recover() {
    if (this.#recovering !== null || this.#state === "closed") return;
    if (dtlsTransports(this.#pc).some(({ state }) => state === "failed")) {
      this.#end(new RtcError("E_MKY", "DTLS failed: the certificate was not the one that was described"), true);
      return;
    }
    const over = () => this.#end(new RtcError("E_ICE", "no path to the peer"), true);
    this.#recovering = this.#host.clock.setTimeout(over, RECOVER_MS);
    this.#pc.restartIce();
  }

  // ---- What arrives ------------------------------------------------------------------------

  #hold(type, detail) {
    if (this.#state === "closed") return;
    if (this.#isTrusted) this.emit(type, detail);
    else if (this.#held.length < MAX_HELD) this.#held.push([type, detail]);
    else this.#end(new RtcError("E_LIMIT", "peer opens too much before it is connected"), true);
  }

  #incoming(raw) {
    if (this.#channels.size >= MAX_CHANNELS) {
      raw.close();
      this.emit("refused", { code: "E_LIMIT" });
      return;
    }
    const channel = this.#adopt(raw);
    if (raw.protocol !== FILE_PROTOCOL) return this.#hold("channel", { channel });
    const receiver = new FileReceiver(channel);
    receiver.announced.then((file) => this.#hold("file", { file }), ({ code }) => this.emit("refused", { code }));
  }

  #adopt(raw) {
    const channel = new Channel(raw, { trusted: this.#trusted });
    this.#channels.add(channel);
    channel.on("close", () => this.#channels.delete(channel));
    return channel;
  }

  #closeChannels() {
    for (const channel of [...this.#channels]) channel.close();
  }

  // ---- Ends --------------------------------------------------------------------------------

  #demandOpen() {
    demand(this.#state !== "closed", "E_CLOSED", "call is over");
  }

  #demandGrant(scope) {
    demand(this.#host.grants().pub?.includes(scope), "E_GRANT", `publish ${scope}`);
  }

  #become(state) {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.emit("state", { state });
  }

  #end(error, tell) {
    if (this.#state === "closed") return;
    this.#become("closed");
    this.#isTrusted = false;
    this.#held = [];
    this.#host.clock.clearTimeout(this.#recovering);
    this.#negotiator.close();
    this.#trust.reject(error ?? new RtcError("E_CLOSED", "call is over"));
    this.#closeChannels();
    this.#pc.close();
    this.#host.ended(this, tell);
    this.emit("closed", { error });
  }
}

function isNonce(text) {
  try {
    return decode(text).length === NONCE_BYTES;
  } catch {
    return false;
  }
}
