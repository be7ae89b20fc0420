// SHA-256 (FIPS 180-4) piece by piece. WebCrypto hashes only what is whole in memory, and a file is not.

const BLOCK = 64;

// The first 32 bits of the fractional parts: of the cube roots of the first 64 primes, and of the square
// roots of the first eight (FIPS 180-4, sections 4.2.2 and 5.3.3). `n ** (1 / 3)` would not be exact enough
// in every engine, so they are taken digit by digit from whole numbers.
const PRIMES = primes(64);
const ROUND = Int32Array.from(PRIMES, (prime) => fractionalRoot(prime, 3n));
const INITIAL = Int32Array.from(PRIMES.slice(0, 8), (prime) => fractionalRoot(prime, 2n));

function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) {
    if (found.every((prime) => n % prime !== 0)) found.push(n);
  }
  return found;
}

function fractionalRoot(prime, degree) {
  const target = BigInt(prime) << (32n * degree);
  let root = 0n;
  for (let bit = 1n << 36n; bit > 0n; bit >>= 1n) {
    if ((root | bit) ** degree <= target) root |= bit;
  }
  return Number(BigInt.asIntN(32, root));
}

export class Sha256 {
  #state = INITIAL.slice();
  #schedule = new Int32Array(BLOCK);
  #block = new Uint8Array(BLOCK);
  #filled = 0;
  #length = 0;

  /** Takes more bytes. */
  update(bytes) {
    this.#length += bytes.length;
    let at = 0;
    if (this.#filled > 0) {
      at = Math.min(BLOCK - this.#filled, bytes.length);
      this.#block.set(bytes.subarray(0, at), this.#filled);
      this.#filled += at;
      if (this.#filled < BLOCK) return this;
      this.#compress(this.#block, 0);
      this.#filled = 0;
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.#compress(bytes, at);
    this.#block.set(bytes.subarray(at));
    this.#filled = bytes.length - at;
    return this;
  }

  /** The 32 bytes; nothing can be added afterwards. */
  digest() {
    const bits = BigInt(this.#length) * 8n;
    const padding = new Uint8Array((this.#filled < 56 ? 56 : 120) - this.#filled + 8);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, bits);
    this.update(padding);
    const digest = new Uint8Array(32);
    const view = new DataView(digest.buffer);
    this.#state.forEach((word, at) => view.setInt32(4 * at, word));
    return digest;
  }

  #compress(bytes, at) {
    expand(this.#schedule, bytes, at);
    rounds(this.#state, this.#schedule);
  }
}

// The message schedule (FIPS 180-4, section 6.2.2, step 1).
function expand(w, bytes, at) {
  for (let t = 0; t < 16; t += 1) {
    const i = at + 4 * t;
    w[t] = (bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3];
  }
  for (let t = 16; t < BLOCK; t += 1) {
    const x = w[t - 15];
    const y = w[t - 2];
    const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = (w[t - 16] + small0 + w[t - 7] + small1) | 0;
  }
}

// Steps 2 to 4. By index and not by destructuring, which asks an iterator for each word and takes more than twice as long.
function rounds(s, w) {
  let a = s[0];
  let b = s[1];
  let c = s[2];
  let d = s[3];
  let e = s[4];
  let f = s[5];
  let g = s[6];
  let h = s[7];
  for (let t = 0; t < BLOCK; t += 1) {
    const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + big1 + ((e & f) ^ (~e & g)) + ROUND[t] + w[t]) | 0;
    const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  s[0] += a;
  s[1] += b;
  s[2] += c;
  s[3] += d;
  s[4] += e;
  s[5] += f;
  s[6] += g;
  s[7] += h;
}
