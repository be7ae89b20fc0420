// A transport carries texts in order, both ways, until it ends once. What arrives while nobody listens is
// kept, so that no message falls between the handshake and the session.

import { RtcError } from "../errors.js";

/** Longest message that is sent, in bytes of UTF-8. */
export const MAX_MESSAGE = 65_536;
/** Longest that is read: the server adds a sender to what a peer sent, and greets with up to sixteen assertions. */
export const MAX_RECEIVED = 262_144;
/** Most messages that wait for a listener: the server buffers 128 for a session that resumes. */
export const MAX_WAITING = 512;
export const PROTOCOL = "corsac.signal.v1";

// RFC 6455, section 7.4.1: message too big.
const TOO_BIG = 1009;

export class Transport {
  #listener = null;
  #waiting = [];
  #ended = null;
  #endTold = false;

  /** Hears `{message(text), close({code, reason})}` from now on, first what waited; `null` to stop. */
  listen(listener) {
    this.#listener = listener;
    while (this.#listener && this.#waiting.length > 0) this.#listener.message(this.#waiting.shift());
    this.#tellEnd();
  }

  /** Sends one text. */
  send(text) {
    if (this.#ended) return;
    if (bytesOf(text) > MAX_MESSAGE) throw new RtcError("E_LIMIT", "message is over 64 KiB");
    this._write(text);
  }

  /** Ends it, if it has not ended. The listener hears of it. */
  close(code = 1000, reason = "") {
    if (this.#ended) return;
    this._shut(code, reason);
    this._end({ code, reason });
  }

  /** For transports: a text arrived. */
  _deliver(text) {
    if (this.#ended) return;
    if (text.length > MAX_RECEIVED || this.#waiting.length >= MAX_WAITING) {
      this.close(TOO_BIG, "too much");
      return;
    }
    if (this.#listener && this.#waiting.length === 0) this.#listener.message(text);
    else this.#waiting.push(text);
  }

  /** For transports: it is over. */
  _end(end) {
    this.#ended ??= end;
    this.#tellEnd();
  }

  #tellEnd() {
    if (!this.#ended || !this.#listener || this.#endTold || this.#waiting.length > 0) return;
    this.#endTold = true;
    this.#listener.close(this.#ended);
  }
}

function bytesOf(text) {
  // A character of UTF-16 is at most three bytes: most messages need no copy to be known as short.
  return text.length * 3 <= MAX_MESSAGE ? text.length : new TextEncoder().encode(text).length;
}
