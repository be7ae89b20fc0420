// What this client says, in order: numbered, paced, and kept until the server is known to have it. The
// numbers increase over all destinations, so each one names one message in what the server says of it.

import { demand, RtcError } from "../errors.js";

/** Most messages that the server is not known to have. */
export const MAX_UNCONFIRMED = 512;
/** With so many under way a ping asks for a confirmation of all of them. */
const ASK_AFTER = 24;
// Of the server's limits this much is used: its clock and ours do not tick together.
const SHARE = 0.8;

/**
 * @typedef {{onConfirm?: () => void, onError?: (error: RtcError) => void}} Hooks
 * @typedef {{seq: number, text: string, isPing: boolean, resent: boolean, hooks: Hooks}} Entry
 */

export class Outbox {
  #clock;
  #seq = 0;
  #turn = Promise.resolve();
  #queue = [];
  #sent = [];
  #pings = [];
  #write = null;
  #limits = { rate: 50, burst: 100 };
  #left = 0;
  #filledAt = 0;
  #timer = null;
  #error = null;
  #waiting = 0;

  constructor(clock) {
    this.#clock = clock;
  }

  /**
   * Says something; resolves with its number when it is in the queue.
   * @param {object | ((seq: number) => Promise<object>)} build the message, or what makes it when its turn has come
   * @param {Hooks} [hooks]
   */
  post(build, hooks = {}) {
    if (this.#error) return Promise.reject(this.#error);
    if (this.#waiting + this.#queue.length + this.#sent.length >= MAX_UNCONFIRMED) {
      return Promise.reject(new RtcError("E_LIMIT", "too many messages wait for the server"));
    }
    this.#waiting += 1;
    const posted = this.#turn.then(() => this.#enqueue(build, hooks)).finally(() => {
      this.#waiting -= 1;
    });
    this.#turn = posted.catch(() => {});
    return posted;
  }

  /** Says something; resolves when the server has it and did not object. */
  request(build) {
    return new Promise((resolve, reject) => {
      this.post(build, { onConfirm: resolve, onError: reject }).catch(reject);
      this.ping();
    });
  }

  /** Resolves when the server has done all that was asked of it before. */
  settled() {
    return new Promise((resolve, reject) => {
      this.post({ t: "ping" }, { onConfirm: resolve, onError: reject }).catch(reject);
    });
  }

  /** Asks for a sign of life, which confirms all that was said before. */
  ping() {
    this.post({ t: "ping" }).catch(() => {});
  }

  /** A connection stands: first all that may have been lost with the last one, with the same numbers. */
  attach(write, limits) {
    this.#write = write;
    this.#limits = limits;
    this.#left = Math.max(1, Math.floor(limits.burst * SHARE));
    this.#filledAt = this.#clock.now();
    for (const entry of this.#sent) entry.resent = true;
    this.#queue.unshift(...this.#sent.splice(0));
    this.#pump();
  }

  /** The connection is lost. */
  detach() {
    this.#write = null;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Nothing is said any more. */
  close(error) {
    this.detach();
    this.#error = error;
    for (const { hooks } of [...this.#sent.splice(0), ...this.#queue.splice(0)]) hooks.onError?.(error);
  }

  /** The server answered the oldest ping. */
  pong() {
    const seq = this.#pings.shift();
    if (seq !== undefined) this.confirm(seq);
  }

  /** The server has everything up to `seq`: it answers in order. */
  confirm(seq) {
    this.#pings = this.#pings.filter((ping) => ping > seq);
    while (this.#sent.length > 0 && this.#sent[0].seq <= seq) this.#sent.shift().hooks.onConfirm?.();
  }

  /** The server refused `seq`; whether somebody was told. */
  refuse(seq, error) {
    const at = this.#sent.findIndex((entry) => entry.seq === seq);
    if (at < 0) return false;
    const [entry] = this.#sent.splice(at, 1);
    // Said again after a connection was lost, and it had arrived the first time.
    const arrived = error.code === "E_REPLAY" && entry.resent;
    if (arrived) entry.hooks.onConfirm?.();
    else entry.hooks.onError?.(error);
    this.confirm(seq);
    return arrived || entry.hooks.onError !== undefined;
  }

  async #enqueue(build, hooks) {
    this.#seq += 1;
    const seq = this.#seq;
    const message = typeof build === "function" ? await build(seq) : build;
    if (this.#error) throw this.#error;
    const { t, ...members } = message;
    this.#queue.push({ seq, text: JSON.stringify({ t, seq, ...members }), isPing: t === "ping", resent: false, hooks });
    this.#pump();
    return seq;
  }

  #pump() {
    while (this.#write && this.#queue.length > 0) {
      if (!this.#takeTurn()) return this.#wait();
      const entry = this.#queue.shift();
      this.#sent.push(entry);
      if (entry.isPing && !this.#pings.includes(entry.seq)) this.#pings.push(entry.seq);
      this.#transmit(entry);
      if (this.#sent.length >= ASK_AFTER && this.#pings.length === 0 && this.#queue.length === 0) this.ping();
    }
  }

  #transmit(entry) {
    try {
      this.#write(entry.text);
    } catch (error) {
      // Too long, say: it is not under way, and said as often it would be no shorter.
      this.#sent = this.#sent.filter((other) => other !== entry);
      entry.hooks.onError?.(RtcError.from(error, "E_TRANSPORT"));
    }
  }

  #takeTurn() {
    const now = this.#clock.now();
    const { rate, burst } = this.#limits;
    this.#left = Math.min(burst * SHARE, this.#left + ((now - this.#filledAt) * rate * SHARE) / 1000);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  #wait() {
    demand(this.#limits.rate > 0, "E_LIMIT", "server lets nothing through");
    const ms = Math.ceil(((1 - this.#left) * 1000) / (this.#limits.rate * SHARE));
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#pump();
    }, ms);
  }
}
