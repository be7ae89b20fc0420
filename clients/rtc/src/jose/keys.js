// The identity provider's keys (RFC 7517, section 5), pinned by the application or fetched from where the
// application says: never from the signaling server, which could then vouch for anybody.

import { SYSTEM_CLOCK } from "../clock.js";
import { demand, RtcError } from "../errors.js";
import { importVerifier } from "./jwk.js";

/** Largest key set that is read. */
export const MAX_JWKS_BYTES = 65_536;
/** Most keys that are looked at: a provider that rotates has two or three. */
export const MAX_KEYS = 32;
const FRESH_MS = 5 * 60_000;
// A key that the provider withdrew is believed for at most this long when the provider cannot be reached.
const STALE_MS = 60 * 60_000;
// Assertions with made-up key names must not become a load on the provider.
const COOLDOWN_MS = 30_000;
const FETCH_MS = 10_000;

export class KeySet {
  #source;
  #fetch;
  #clock;
  #keys = new Map();
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #fetching = null;

  /**
   * @param {string | URL | {keys: object[]}} source an `https` address, or the key set itself
   * @param {{fetch?: typeof fetch, clock?: typeof SYSTEM_CLOCK}} [options]
   */
  constructor(source, { fetch = (...args) => globalThis.fetch(...args), clock = SYSTEM_CLOCK } = {}) {
    this.#source = typeof source === "string" || source instanceof URL ? trustworthy(source) : source;
    this.#fetch = fetch;
    this.#clock = clock;
    if (!(this.#source instanceof URL)) this.#adopt(this.#source);
  }

  /** Where keys are fetched, if they are. */
  get url() {
    return this.#source instanceof URL ? this.#source : null;
  }

  /** The key called `kid`, or an error `E_IDP_KID`. */
  async find(kid) {
    demand(typeof kid === "string", "E_IDP_KID", "assertion does not name its key");
    if (this.url && this.#shouldFetch(kid)) await this.#refresh();
    demand(this.#usable(), "E_IDP_KID", "keys of the identity provider could not be fetched");
    const jwk = this.#keys.get(kid);
    demand(jwk !== undefined, "E_IDP_KID", "identity provider does not have this key");
    try {
      return await importVerifier(jwk);
    } catch (error) {
      throw new RtcError("E_IDP_KID", "key of the identity provider cannot be used", error);
    }
  }

  #shouldFetch(kid) {
    const now = this.#clock.now();
    if (this.#fetching) return true;
    if (now - this.#fetchedAt < FRESH_MS && this.#keys.has(kid)) return false;
    return now - this.#triedAt >= COOLDOWN_MS;
  }

  #usable() {
    return !this.url || this.#clock.now() - this.#fetchedAt < STALE_MS;
  }

  #refresh() {
    this.#triedAt = this.#clock.now();
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #load() {
    try {
      const response = await this.#fetch(this.url.href, {
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(FETCH_MS),
      });
      if (!response.ok) return;
      this.#adopt(JSON.parse(await boundedText(response)));
      this.#fetchedAt = this.#clock.now();
    } catch {
      // What was known stands until it is stale; `find` says so when nothing is.
    }
  }

  #adopt(set) {
    demand(Array.isArray(set?.keys) && set.keys.length <= MAX_KEYS, "E_OPTION", "key set does not have 0 to 32 `keys`");
    const named = set.keys.filter((jwk) => typeof jwk?.kid === "string");
    this.#keys = new Map(named.map((jwk) => [jwk.kid, jwk]));
  }
}

function trustworthy(source) {
  const url = new URL(source, globalThis.location?.href);
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname) || url.hostname.endsWith(".localhost");
  demand(url.protocol === "https:" || (url.protocol === "http:" && loopback), "E_OPTION", "key set is not fetched over `https`");
  return url;
}

async function boundedText(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > MAX_JWKS_BYTES) {
      await reader.cancel();
      throw new RtcError("E_LIMIT", "key set is over 64 KiB");
    }
    text += decoder.decode(value, { stream: true });
  }
}
