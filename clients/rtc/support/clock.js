// A clock whose hands tests turn, and ways to wait for what happens without waiting for time.

import { setImmediate as turn } from "node:timers/promises";

export class FakeClock {
  #now;
  #timers = new Map();
  #count = 0;

  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  now = () => this.#now;

  setTimeout = (callback, ms) => {
    this.#count += 1;
    this.#timers.set(this.#count, { at: this.#now + ms, callback });
    return this.#count;
  };

  clearTimeout = (timer) => {
    this.#timers.delete(timer);
  };

  /** How many timers are set. */
  get pending() {
    return this.#timers.size;
  }

  /** Turns the hands; each timer rings at its time, and what it starts is done before the next rings. */
  async advance(ms) {
    const until = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!next) break;
      const [timer, { at, callback }] = next;
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, at);
      callback();
      await settled();
    }
    this.#now = until;
    await settled();
  }
}

/** Lets everything run that does not wait for a timer: signatures are made on other threads. */
export async function settled(turns = 30) {
  for (let n = 0; n < turns; n += 1) {
    await turn();
    await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  }
}

/** Resolves when `condition` holds; fails with `what` if it does not after many turns. */
export async function until(condition, what = "condition") {
  for (let n = 0; n < 3_000; n += 1) {
    if (condition()) return;
    await turn();
    await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  }
  throw new Error(`${what} did not come about`);
}

/** The next event of `type`, as its detail. */
export function once(emitter, type) {
  return new Promise((resolve) => {
    const stop = emitter.on(type, (detail) => {
      stop();
      resolve(detail);
    });
  });
}
