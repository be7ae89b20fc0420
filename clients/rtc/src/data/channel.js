// A data channel that says when it has had enough: `send` resolves when there is room for more.

import { Emitter } from "../emitter.js";
import { demand, RtcError } from "../errors.js";

/** The subprotocol of channels that carry one file. */
export const FILE_PROTOCOL = "corsac-file.v1";
/** Longest message, in bytes: what browsers of all makes pass to each other. */
export const MAX_CHANNEL_MESSAGE = 65_536;
// The browser's own buffer is filled to the first and refilled from the second.
const BUFFER_HIGH = 1_048_576;
const BUFFER_LOW = 262_144;
/** Most bytes of a program that does not wait for `send`. */
export const MAX_UNSENT = 8 * 1_048_576;
/** Most bytes and messages that wait for the first listener. */
const MAX_UNHEARD = 1_048_576;
const MAX_UNHEARD_MESSAGES = 256;

export class Channel extends Emitter {
  #raw;
  #ready;
  #closed = false;
  #unsent = 0;
  #turn = Promise.resolve();
  #unheard = [];
  #unheardBytes = 0;
  #isHeard = false;
  #wake = () => {};

  /**
   * @param {RTCDataChannel} raw
   * @param {{trusted?: Promise<void>}} [options] nothing is sent before `trusted`
   */
  constructor(raw, { trusted = Promise.resolve() } = {}) {
    super();
    this.#raw = raw;
    raw.binaryType = "arraybuffer";
    raw.bufferedAmountLowThreshold = BUFFER_LOW;
    raw.onmessage = ({ data }) => this.#receive(data);
    raw.onbufferedamountlow = () => this.#wake();
    const opened = new Promise((resolve, reject) => {
      if (raw.readyState === "open") resolve();
      raw.onopen = () => resolve();
      raw.onclose = () => {
        reject(new RtcError("E_CLOSED", "channel is closed"));
        this.#end();
      };
    });
    this.#ready = Promise.all([opened, trusted]).then(() => {});
    this.#ready.catch(() => {});
  }

  get label() {
    return this.#raw.label;
  }

  get protocol() {
    return this.#raw.protocol;
  }

  /** Resolves when it is open and the peer is known. */
  get ready() {
    return this.#ready;
  }

  get isClosed() {
    return this.#closed;
  }

  /**
   * Sends one message; resolves when there is room for the next. In order, also without waiting.
   * @param {string | ArrayBuffer | ArrayBufferView} data
   */
  async send(data) {
    const size = sizeOf(data);
    demand(!this.#closed, "E_CLOSED", "channel is closed");
    demand(size <= MAX_CHANNEL_MESSAGE, "E_LIMIT", "message is over 64 KiB");
    demand(this.#unsent + size <= MAX_UNSENT, "E_LIMIT", "over 8 MiB wait to be sent");
    this.#unsent += size;
    const sending = this.#turn.then(() => this.#write(data)).finally(() => {
      this.#unsent -= size;
    });
    this.#turn = sending.catch(() => {});
    return sending;
  }

  /** Closes it; what waits is not sent. */
  close() {
    this.#raw.close();
    this.#end();
  }

  /** Like that of `EventTarget`; the first listener of `message` hears what waited. */
  addEventListener(type, ...rest) {
    super.addEventListener(type, ...rest);
    if (type !== "message" || this.#isHeard) return;
    this.#isHeard = true;
    for (const data of this.#unheard.splice(0)) this.emit("message", data);
  }

  async #write(data) {
    await this.#ready;
    while (!this.#closed && this.#raw.bufferedAmount > BUFFER_HIGH) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
    demand(!this.#closed, "E_CLOSED", "channel is closed");
    try {
      this.#raw.send(data);
    } catch (error) {
      // It is closing, and its event comes later; or the browser's buffer is full for other reasons.
      throw new RtcError("E_CLOSED", "channel does not take more", error);
    }
  }

  #receive(data) {
    if (this.#closed) return;
    const size = sizeOf(data);
    if (size > MAX_CHANNEL_MESSAGE) return this.close();
    if (this.#isHeard) return this.emit("message", data);
    this.#unheardBytes += size;
    if (this.#unheardBytes > MAX_UNHEARD || this.#unheard.length >= MAX_UNHEARD_MESSAGES) return this.close();
    this.#unheard.push(data);
  }

  #end() {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake();
    this.emit("close");
  }
}

function sizeOf(data) {
  if (typeof data !== "string") return data.byteLength;
  return data.length * 3 <= MAX_CHANNEL_MESSAGE ? data.length : new TextEncoder().encode(data).length;
}
