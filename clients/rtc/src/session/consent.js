// Consent: the person is asked, the answer is signed, and what the server wrote down is kept.

import { demand, RtcError } from "../errors.js";
import { sha256 } from "../jose/base64url.js";

/** Most receipts that are kept; the ledger has all of them. */
const MAX_RECEIPTS = 256;
const SCOPES = ["audio", "video", "screen", "data", "recording"];

export class ConsentDesk {
  #host;
  #granted = new Set();
  #receipts = [];
  #pending = new Map();
  #turn = Promise.resolve();

  /**
   * @param {object} host
   * @param {(notice: {text: string, hash: string}, scope: string[]) => Promise<boolean>} host.ask
   * @param {(claims: object) => Promise<string>} host.sign
   * @param {(build: object, hooks: object) => Promise<number>} host.post
   * @param {() => object} host.context room, sub, sid, notice and the time in seconds
   */
  constructor(host) {
    this.#host = host;
  }

  /** What was consented to and not taken back. */
  get granted() {
    return [...this.#granted];
  }

  /** What was signed, with the number and the head that the server's ledger had then. */
  get receipts() {
    return this.#receipts.map((receipt) => ({ ...receipt, scope: [...receipt.scope] }));
  }

  /** Asks for what of `scope` is missing. Prompts come one after the other. */
  ensure(scope) {
    return this.#next(async () => {
      const missing = known(scope).filter((name) => !this.#granted.has(name));
      if (missing.length === 0) return;
      const { notice } = this.#host.context();
      demand(notice, "E_NOTICE", "server has no notice to consent to");
      demand((await sha256(notice.text)) === notice.hash, "E_NOTICE", "notice is not the text that its hash names");
      const isYes = (await this.#host.ask({ ...notice }, missing)) === true;
      demand(isYes, "E_CONSENT_REFUSED", missing.join(", "));
      await this.#declare(missing, "grant");
      for (const name of missing) this.#granted.add(name);
    });
  }

  /** Takes consent back. */
  revoke(scope) {
    const names = known(scope);
    for (const name of names) this.#granted.delete(name);
    return this.#next(() => this.#declare(names, "revoke"));
  }

  /** The server holds no consent for these any more. */
  lost(scope) {
    for (const name of scope) this.#granted.delete(name);
  }

  /** `consent.ack` came. */
  acknowledged({ ref, n, head }) {
    const pending = this.#pending.get(ref);
    this.#pending.delete(ref);
    pending?.({ n, head });
  }

  async #declare(scope, decision) {
    const { room, sub, sid, notice, purpose, iat } = this.#host.context();
    const claims = { v: 1, room, sub, sid, scope, decision, purpose, notice: notice?.hash ?? "", iat };
    const jws = await this.#host.sign(claims);
    const written = await this.#submit(jws);
    // The server has it, but its acknowledgement was lost with a connection: said again, it is acknowledged.
    const { n, head } = written ?? (await this.#submit(jws)) ?? { n: null, head: null };
    this.#receipts.push({ n, head, scope, decision, jws });
    if (this.#receipts.length > MAX_RECEIPTS) this.#receipts.shift();
  }

  #submit(jws) {
    return new Promise((resolve, reject) => {
      let number = null;
      const over = (settle, value) => {
        this.#pending.delete(number);
        settle(value);
      };
      const build = async (seq) => {
        number = seq;
        this.#pending.set(seq, resolve);
        return { t: "consent", jws };
      };
      const hooks = { onConfirm: () => over(resolve, null), onError: (error) => over(reject, error) };
      this.#host.post(build, hooks).catch(reject);
    });
  }

  #next(act) {
    const doing = this.#turn.then(act);
    this.#turn = doing.catch(() => {});
    return doing;
  }
}

function known(scope) {
  const isKnown = Array.isArray(scope) && scope.length > 0 && scope.every((name) => SCOPES.includes(name));
  demand(isKnown, "E_OPTION", "scope is not a list of audio, video, screen, data, recording");
  return SCOPES.filter((name) => scope.includes(name));
}

/** Without a prompt nobody consents. */
export async function refuseToConsent() {
  throw new RtcError("E_CONSENT_REFUSED", "application has no `onConsent`");
}
