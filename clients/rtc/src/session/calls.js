// Calls of a session: invitations in both directions, and who gets which message.

import { Call, NONCE_BYTES } from "../call/call.js";
import { commitment } from "../call/binding.js";
import { demand, RtcError } from "../errors.js";
import { randomText } from "../jose/base64url.js";

/** Most calls and invitations at a time: one with each peer of a mesh room, and as many that ring. */
export const MAX_CALLS = 32;
const CALL_BYTES = 16;
// So long an invitation rings.
const RING_MS = 60_000;
const CALL_NAME = /^[A-Za-z0-9_-]{1,128}$/;

export class Calls {
  #host;
  #calls = new Map();
  #invitations = new Map();

  /** @param {object} host what calls need of the session, `peers`, and `emit` for invitations */
  constructor(host) {
    this.#host = host;
  }

  /** Those that are not over. */
  list() {
    return [...this.#calls.values()];
  }

  /**
   * Invites a peer; the call is `connecting` once it accepted. Tracks and channels may be added before.
   * @param {string} peerId
   * @returns {Promise<Call>}
   */
  async invite(peerId) {
    this.#demandRoom();
    const { peer, identity } = await this.#host.peers.identify(peerId, this.#host.trust());
    this.#demandRoom();
    const [id, ni] = [randomText(CALL_BYTES), randomText(NONCE_BYTES)];
    const commit = await commitment(ni);
    const call = this.#open({ id, peer, pinned: identity.thumbprint, isInviter: true, nonces: { ni } });
    const unanswered = () => call.state === "inviting" && this.#fail(call, new RtcError("E_TIMEOUT", "nobody answered"));
    const ringing = this.#host.clock.setTimeout(unanswered, RING_MS);
    call.on("state", () => this.#host.clock.clearTimeout(ringing));
    const onError = (error) => call.ended(error);
    await this.#host.post({ t: "invite", to: peerId, call: id, commit }, { onError });
    return call;
  }

  /** A relayed message that is new. */
  async receive(message) {
    const key = keyOf(message.from, message.call);
    if (message.t === "invite") return this.#invited(key, message);
    const call = this.#calls.get(key);
    if (message.t === "decline") {
      this.#drop(key, "peer took the invitation back");
      const declined = call?.state === "inviting" ? "E_DECLINED" : "E_CLOSED";
      return call?.ended(new RtcError(declined, "peer does not want the call"));
    }
    if (message.t === "accept") return call?.accepted(message.nr);
    return message.t === "sdp" ? call?.description(message) : call?.candidate(message);
  }

  /** A peer left. */
  peerLeft(id) {
    for (const [key, { from }] of this.#invitations) if (from === id) this.#drop(key, "peer left");
    for (const call of this.list()) if (call.peerId === id) call.ended(new RtcError("E_CLOSED", "peer left"));
  }

  /** The session is over. */
  closeAll(error) {
    for (const key of [...this.#invitations.keys()]) this.#drop(key, "session is over");
    for (const call of this.list()) call.ended(error ?? new RtcError("E_CLOSED", "session is over"));
  }

  async #invited(key, { from, call: id, commit }) {
    if (this.#calls.has(key) || this.#invitations.has(key)) return;
    const isFine = CALL_NAME.test(id) && this.#calls.size + this.#invitations.size < MAX_CALLS;
    if (!isFine) return this.#decline(from, id);
    const entry = { from, drop: () => {} };
    this.#invitations.set(key, entry);
    try {
      // Who rings is told to the person only after the identity provider vouched for it.
      const { peer, identity } = await this.#host.peers.identify(from, this.#host.trust());
      if (this.#invitations.get(key) !== entry) return;
      const about = { id, peer, pinned: identity.thumbprint, isInviter: false };
      const invitation = new Invitation(about, identity.sub, {
        accept: () => this.#accept(key, about, commit),
        decline: () => this.#invitations.delete(key) && this.#decline(from, id),
      });
      const ringing = this.#host.clock.setTimeout(() => invitation.decline(), RING_MS);
      entry.drop = (why) => {
        this.#host.clock.clearTimeout(ringing);
        if (why) this.#host.emit("invite-ended", { invitation, why });
      };
      this.#host.emit("invite", invitation);
    } catch (error) {
      this.#invitations.delete(key);
      this.#decline(from, id);
      this.#host.emit("refused", { code: error.code, detail: error.detail, from });
    }
  }

  async #accept(key, about, commit) {
    const entry = this.#invitations.get(key);
    demand(entry, "E_CLOSED", "invitation is over");
    entry.drop(null);
    this.#invitations.delete(key);
    const nr = randomText(NONCE_BYTES);
    const call = this.#open({ ...about, nonces: { commit, nr } });
    call.begin();
    await this.#host.post({ t: "accept", to: about.peer.id, call: about.id, nr }, { onError: (error) => call.ended(error) });
    return call;
  }

  #open(about) {
    const key = keyOf(about.peer.id, about.id);
    const ended = (_, tell) => {
      this.#calls.delete(key);
      if (tell) this.#decline(about.peer.id, about.id);
    };
    const call = new Call({ ...this.#host, ended }, about);
    this.#calls.set(key, call);
    return call;
  }

  #fail(call, error) {
    this.#decline(call.peerId, call.id);
    call.ended(error);
  }

  // Declines an invitation, takes one back, or hangs up.
  #decline(to, call) {
    this.#host.post({ t: "decline", to, call }, { onError: () => {} }).catch(() => {});
  }

  #drop(key, why) {
    this.#invitations.get(key)?.drop(why);
    this.#invitations.delete(key);
  }

  #demandRoom() {
    demand(this.#calls.size + this.#invitations.size < MAX_CALLS, "E_LIMIT", "too many calls");
  }
}

/** A peer that rings. */
export class Invitation {
  #acts;

  constructor({ id, peer, pinned }, sub, acts) {
    this.#acts = acts;
    this.call = id;
    this.from = peer.id;
    /** Who the identity provider says it is. */
    this.sub = sub;
    this.thumbprint = pinned;
    Object.freeze(this);
  }

  /** Takes the call; its tracks and channels may be added while the peer's description is on its way. */
  accept() {
    return this.#acts.accept();
  }

  /** Does not take it. */
  decline() {
    this.#acts.decline();
  }
}

// Calls of different peers may have the same name; an id of a peer has no space.
function keyOf(peer, call) {
  return `${peer} ${call}`;
}
