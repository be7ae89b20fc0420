// The framing on a stream: a length in 32 bits, most significant byte first, then that many bytes of UTF-8.

import { RtcError } from "../errors.js";
import { MAX_RECEIVED } from "./transport.js";

const HEAD = 4;

/** One text as a frame. */
export function encodeFrame(text) {
  const body = new TextEncoder().encode(text);
  const frame = new Uint8Array(HEAD + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, HEAD);
  return frame;
}

/** Puts frames together from pieces of any size. The length is judged before anything is allocated for it. */
export class FrameReader {
  #head = new Uint8Array(HEAD);
  #headFilled = 0;
  #body = null;
  #filled = 0;

  /**
   * The texts that `piece` completes.
   * @param {Uint8Array} piece
   * @returns {string[]}
   */
  push(piece) {
    const texts = [];
    for (let rest = piece; rest.length > 0 || this.#isWhole(); ) {
      if (this.#isWhole()) texts.push(this.#take());
      else rest = this.#body ? this.#fillBody(rest) : this.#fillHead(rest);
    }
    return texts;
  }

  #isWhole() {
    return this.#body !== null && this.#filled === this.#body.length;
  }

  #fillHead(rest) {
    const part = rest.subarray(0, HEAD - this.#headFilled);
    this.#head.set(part, this.#headFilled);
    this.#headFilled += part.length;
    if (this.#headFilled === HEAD) {
      const length = new DataView(this.#head.buffer).getUint32(0);
      if (length > MAX_RECEIVED) throw new RtcError("E_LIMIT", "frame is over 256 KiB");
      this.#body = new Uint8Array(length);
      this.#filled = 0;
    }
    return rest.subarray(part.length);
  }

  #fillBody(rest) {
    const part = rest.subarray(0, this.#body.length - this.#filled);
    this.#body.set(part, this.#filled);
    this.#filled += part.length;
    return rest.subarray(part.length);
  }

  #take() {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(this.#body);
    this.#body = null;
    this.#headFilled = 0;
    return text;
  }
}
