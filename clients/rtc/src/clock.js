// Time, as an argument: tests turn the hands themselves.

/** The clock of the browser. Milliseconds. */
export const SYSTEM_CLOCK = Object.freeze({
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
});

/** Resolves after `ms`. */
export function pause(clock, ms) {
  return new Promise((resolve) => clock.setTimeout(resolve, ms));
}

/** `promise`, unless `ms` pass before: then what `late` makes is thrown. */
export async function within(clock, ms, promise, late) {
  let timer;
  const over = new Promise((_, reject) => {
    timer = clock.setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clock.clearTimeout(timer);
  }
}
