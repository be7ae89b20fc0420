// The connection under a session: opened, watched, lost, and found again within the server's window.

import { pause } from "../clock.js";
import { RtcError } from "../errors.js";
import { closeError, shakeHands } from "./handshake.js";
import { readMessage } from "./messages.js";

/** So often the server is asked for a sign of life when it is silent. */
export const PING_MS = 10_000;
// A transport without an answer for so long is lost, whatever it says of itself.
const SILENCE_MS = 8_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
// A browser takes codes from 3000: the server need not know why.
const GIVEN_UP = 4000;
// A connection that ends this soon after an error ends because of it.
const AFTERMATH_MS = 2_000;

// After these the session is over; after any other the session goes on at a new connection.
const FINAL = new Set([
  "E_AUTH_FIRST",
  "E_CLOSED",
  "E_CNF",
  "E_CONSENT_REVOKED",
  "E_JSON",
  "E_JTI_REPLAY",
  "E_KICKED",
  "E_LOCKED",
  "E_POP",
  "E_RESUME",
  "E_ROOM_FULL",
  "E_SUPERSEDED",
  "E_TOKEN",
  "E_TYPE",
]);

// After these errors the server closes the connection.
const CLOSING = new Set([
  "E_AUTH_FIRST",
  "E_CNF",
  "E_CONSENT_REVOKED",
  "E_DRAIN",
  "E_HELLO_TIMEOUT",
  "E_JSON",
  "E_JTI_REPLAY",
  "E_KICKED",
  "E_POP",
  "E_RATE",
  "E_ROOM_FULL",
  "E_SLOW",
  "E_SUPERSEDED",
  "E_TOKEN",
]);

export class Link {
  #options;
  #clock;
  #transport = null;
  #isClosed = false;
  #windowMs = 0;
  #lastError = null;
  #watch = null;
  #heardAt = 0;
  #askedAt = null;

  /**
   * @param {object} options
   * @param {() => Promise<object>} options.open a transport
   * @param {object} options.clock
   * @param {() => number} options.random
   * @param {(challenge: object) => Promise<object>} options.hello
   * @param {(challenge: object) => Promise<object>} options.resume
   * @param {(welcome: object, send: (text: string) => void) => void} options.online
   * @param {(error: RtcError) => void} options.offline
   * @param {(message: object) => void} options.message
   * @param {(error: RtcError) => void} options.mistake the server said what cannot be read
   * @param {() => void} options.ping
   * @param {(error: RtcError | null) => void} options.over
   * @param {(error: RtcError) => boolean} options.mayRetry whether a refused resume is worth another
   */
  constructor(options) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** The first connection; fails if it cannot be had. */
  start() {
    return this.#connect(this.#options.hello);
  }

  /** The end, as the application wants it. */
  close() {
    this.#over(null);
  }

  async #connect(answer) {
    const transport = await this.#options.open();
    try {
      const welcome = await shakeHands(transport, answer, this.#clock);
      if (this.#isClosed) throw new RtcError("E_CLOSED", "session is over");
      this.#adopt(transport, welcome);
    } catch (error) {
      transport.listen(null);
      transport.close();
      throw error;
    }
  }

  #adopt(transport, welcome) {
    this.#transport = transport;
    this.#windowMs = welcome.resume.window_s * 1000;
    this.#lastError = null;
    this.#heardAt = this.#clock.now();
    this.#askedAt = null;
    this.#options.online(welcome, (text) => transport.send(text));
    // Only now: what the server kept for this session comes after its welcome.
    transport.listen({
      message: (data) => this.#message(data),
      close: (end) => this.#lost(this.#causeOf(end)),
    });
    this.#tick();
  }

  #message(data) {
    if (this.#isClosed) return;
    this.#heardAt = this.#clock.now();
    let message;
    try {
      message = readMessage(data);
    } catch (error) {
      this.#options.mistake(error);
      return;
    }
    // An error comes before the close that it causes, and says more than its code.
    if (message.t === "error" && CLOSING.has(message.code)) {
      this.#lastError = { error: new RtcError(message.code, message.detail ?? ""), at: this.#heardAt };
    }
    this.#options.message(message);
  }

  #causeOf(end) {
    const isRecent = this.#lastError !== null && this.#clock.now() - this.#lastError.at <= AFTERMATH_MS;
    return isRecent ? this.#lastError.error : closeError(end);
  }

  #tick() {
    this.#watch = this.#clock.setTimeout(() => {
      const now = this.#clock.now();
      if (this.#askedAt !== null && this.#heardAt < this.#askedAt && now - this.#askedAt >= SILENCE_MS) {
        this.#transport.close(GIVEN_UP, "silence");
        return;
      }
      if (this.#askedAt === null || this.#heardAt >= this.#askedAt) {
        this.#askedAt = now;
        this.#options.ping();
      }
      this.#tick();
    }, PING_MS);
  }

  #lost(error) {
    this.#clock.clearTimeout(this.#watch);
    this.#transport = null;
    if (this.#isClosed) return;
    if (FINAL.has(error.code)) {
      this.#over(error);
      return;
    }
    this.#options.offline(error);
    this.#recover(error).catch((failure) => this.#over(RtcError.from(failure, "E_RESUME")));
  }

  async #recover(cause) {
    const until = this.#clock.now() + this.#windowMs;
    for (let attempt = 0; !this.#isClosed; attempt += 1) {
      // Full jitter: when a server goes down its clients must not come back as one.
      const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
      await pause(this.#clock, this.#options.random() * most);
      if (this.#isClosed) return;
      if (this.#clock.now() >= until) throw new RtcError("E_RESUME", "server could not be reached in time", cause);
      try {
        await this.#connect(this.#options.resume);
        return;
      } catch (error) {
        if (FINAL.has(error.code) && !this.#options.mayRetry(error)) throw error;
      }
    }
  }

  #over(error) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#clock.clearTimeout(this.#watch);
    this.#transport?.close();
    this.#transport = null;
    this.#options.over(error);
  }
}
