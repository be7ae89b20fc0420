// Descriptions and candidates of one connection, one after the other: perfect negotiation (WebRTC 1.0,
// section 10.7), in which nothing is applied before it was verified and nothing overtakes what it belongs to.

import { RtcError } from "../errors.js";
import { judgeCandidate, withoutRelated } from "./candidate.js";
import { forOthers, MAX_SDP, withoutRefusedCandidates } from "./description.js";

/** Most things of the peer's that wait their turn. */
const MAX_PENDING = 256;
/** Most candidates of the peer's for one description: a machine with many interfaces has some thirty. */
const MAX_CANDIDATES = 128;

export class Negotiator {
  #pc;
  #hooks;
  #polite;
  #mayOffer = false;
  #again = false;
  #closed = false;
  #pending = 0;
  #candidates = 0;
  #lastMid = "0";
  #turn = Promise.resolve();

  /**
   * @param {RTCPeerConnection} pc
   * @param {object} hooks
   * @param {boolean} hooks.polite who gives way when both offer
   * @param {() => string} hooks.policy for candidates
   * @param {() => void} hooks.prepare before a description of ours is made
   * @param {(kind: string, sdp: string) => Promise<void>} hooks.sendDescription
   * @param {(cand: string, mid: string) => void} hooks.sendCandidate
   * @param {(message: object) => Promise<void>} hooks.verify throws unless the description may be applied
   * @param {(message: object) => Promise<void>} hooks.applied after a description of the peer's counts
   * @param {(code: string) => void} hooks.refused a candidate of the peer's
   * @param {(error: Error) => void} hooks.fail
   */
  constructor(pc, hooks) {
    this.#pc = pc;
    this.#hooks = hooks;
    this.#polite = hooks.polite;
    pc.onnegotiationneeded = () => this.negotiate();
    pc.onicecandidate = ({ candidate }) => this.#enqueue(() => this.#sendCandidate(candidate));
  }

  /** From now on this side may offer. */
  start() {
    this.#mayOffer = true;
    this.negotiate();
  }

  /** Offers as soon as it is this side's turn; `forced` if no browser would see a need. */
  negotiate({ forced = false } = {}) {
    if (!this.#mayOffer) return;
    if (forced) this.#again = true;
    this.#enqueue(() => this.#offer());
  }

  /** A description of the peer's. */
  description(message) {
    this.#enqueueRemote(() => this.#receive(message));
  }

  /** A candidate of the peer's. */
  candidate({ cand, mid }) {
    this.#enqueueRemote(() => this.#takeCandidate(cand, mid));
  }

  /** Does something while no description is being exchanged. */
  run(act) {
    this.#enqueue(act);
  }

  /** Nothing more is done. */
  close() {
    this.#closed = true;
    this.#pc.onnegotiationneeded = null;
    this.#pc.onicecandidate = null;
  }

  #enqueueRemote(act) {
    if (this.#pending >= MAX_PENDING) {
      this.#hooks.fail(new RtcError("E_LIMIT", "peer sends faster than it can be answered"));
      return;
    }
    this.#pending += 1;
    this.#enqueue(async () => {
      this.#pending -= 1;
      await act();
    });
  }

  #enqueue(act) {
    this.#turn = this.#turn.then(() => (this.#closed ? undefined : act())).catch((error) => {
      if (!this.#closed) this.#hooks.fail(RtcError.from(error, "E_STATE", "browser refused a description"));
    });
  }

  async #offer() {
    // When it is stable again the browser asks again, or `#again` does.
    if (this.#pc.signalingState !== "stable") return;
    this.#hooks.prepare();
    await this.#pc.setLocalDescription();
    // Candidates of this description wait behind it, since all goes through the same queue.
    await this.#sendLocal();
    this.#again = false;
  }

  async #sendLocal() {
    const { type, sdp } = this.#pc.localDescription;
    await this.#hooks.sendDescription(type, forOthers(sdp));
  }

  async #receive(message) {
    await this.#hooks.verify(message);
    const { kind } = message;
    const state = this.#pc.signalingState;
    if (kind === "answer" && state !== "have-local-offer") {
      // Verified, but to an offer that was rolled back.
      return;
    }
    const collides = kind === "offer" && state !== "stable";
    if (collides && !this.#polite) return;
    // Our own offer is rolled back, so it has to be made again; browsers that see no need would not.
    if (collides) this.#again = true;
    this.#candidates = 0;
    const sdp = withoutRefusedCandidates(message.sdp.slice(0, MAX_SDP), this.#hooks.policy());
    await this.#pc.setRemoteDescription({ type: kind, sdp });
    if (kind === "offer") {
      this.#hooks.prepare();
      await this.#pc.setLocalDescription();
      await this.#sendLocal();
      this.#mayOffer = true;
    }
    await this.#hooks.applied(message);
    if (this.#again) this.negotiate();
  }

  async #takeCandidate(cand, mid) {
    this.#candidates += 1;
    const code = this.#candidates > MAX_CANDIDATES ? "E_LIMIT" : judgeCandidate(cand, this.#hooks.policy());
    if (code !== null) {
      this.#hooks.refused(code);
      return;
    }
    try {
      await this.#pc.addIceCandidate({ candidate: cand, sdpMid: mid || "0" });
    } catch {
      // One that the browser cannot use is one path less. After an offer that was ignored its candidates
      // fit nothing, too.
    }
  }

  #sendCandidate(candidate) {
    // Firefox tells the end of each generation with an empty candidate before the `null` of all.
    if (candidate?.candidate === "") return;
    const mid = candidate?.sdpMid ?? this.#lastMid;
    this.#lastMid = mid;
    const text = withoutRelated(candidate?.candidate ?? "");
    if (judgeCandidate(text, this.#hooks.policy()) === null) this.#hooks.sendCandidate(text, mid);
  }
}
