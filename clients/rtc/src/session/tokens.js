// The access token in use: asked for, checked against this client's own key, and renewed before it expires.

import { demand, RtcError } from "../errors.js";
import { readOwnToken } from "../jose/assertion.js";
import { fromMky } from "../call/description.js";

// A token is renewed this long before its end, or at three quarters of its life if that is shorter.
const AHEAD_S = 60;
const RETRY_MS = 5_000;

export class Tokens {
  #identity;
  #provide;
  #clock;
  #timer = null;
  #current = null;
  // Presented to the server, which did not say yet that it took it.
  #presented = null;
  #resumes = 0;

  /**
   * @param {import("../identity.js").Identity} identity
   * @param {(request: object) => Promise<{token: string, assertion?: string}>} provide the application's hook
   */
  constructor(identity, provide, clock) {
    this.#identity = identity;
    this.#provide = provide;
    this.#clock = clock;
  }

  /** The token, and what stands in it. */
  get current() {
    return this.#current;
  }

  /** Whether it is not known which of two tokens the server goes by. */
  get isPresenting() {
    return this.#presented !== null;
  }

  /** The token that a proof is about. If a connection was lost with a renewal under way, one and then the other. */
  forResume() {
    this.#resumes += 1;
    const isOther = this.#presented !== null && this.#resumes % 2 === 0;
    return isOther ? this.#presented : this.#current.token;
  }

  /** Asks for the first token and its assertion. */
  async first() {
    this.#current = await this.#ask("join");
    demand(typeof this.#current.assertion === "string", "E_OPTION", "`tokens` gives no assertion");
    return this.#current;
  }

  /**
   * Renews the token before each end.
   * @param {(token: string) => Promise<void>} present to the server; throws if it is refused
   * @param {(error: RtcError) => void} failed
   * @param {() => void} renewed
   */
  keepFresh(present, failed, renewed) {
    const { exp, iat } = this.#current.claims;
    const ahead = Math.min(AHEAD_S, Math.max(0, exp - iat) / 4);
    this.#schedule((exp - ahead) * 1000 - this.#clock.now(), async () => {
      try {
        await this.#renew(present);
        renewed();
        this.keepFresh(present, failed, renewed);
      } catch (error) {
        failed(RtcError.from(error, "E_TOKEN", "token could not be renewed"));
        this.#schedule(RETRY_MS, () => this.keepFresh(present, failed, renewed));
      }
    });
  }

  stop() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#provide = null;
  }

  async #renew(present) {
    const before = this.#current;
    const next = await this.#ask("refresh");
    const isSame = next.claims.sub === before.claims.sub && next.claims.room === before.claims.room;
    demand(isSame, "E_TOKEN", "renewed token is for another user or room");
    this.#presented = next.token;
    this.#resumes = 0;
    try {
      await present(next.token);
    } finally {
      this.#presented = null;
    }
    this.#current = { ...next, assertion: before.assertion };
  }

  #schedule(ms, act) {
    if (!this.#provide) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(act, Math.max(RETRY_MS, ms));
  }

  async #ask(reason) {
    const { token, assertion } = await this.#provide({ ...(await this.#identity.request()), reason });
    const claims = readOwnToken(token);
    demand(claims.jkt === this.#identity.jkt, "E_CNF", "token is for another key");
    if (claims.mky !== null) {
      const named = fromMky(claims.mky);
      const isNamed = this.#identity.fingerprints.every((fingerprint) => named.includes(fingerprint));
      demand(isNamed, "E_FP_TOKEN", "token is for another certificate");
    }
    return { token, assertion, claims };
  }
}
