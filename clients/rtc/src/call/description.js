// What this client reads and changes in session descriptions. It changes only its own, before it signs
// them; of others it drops candidates, after the signature over the whole text was verified.

import { MAX_CHANNEL_MESSAGE } from "../data/channel.js";
import { demand } from "../errors.js";
import { judgeCandidate } from "./candidate.js";

/** Longest description (`E_SDP_SIZE`). */
export const MAX_SDP = 65_536;
const DIGEST_BYTES = { "sha-256": 32, "sha-384": 48, "sha-512": 64 };
const LINES = /\r\n|\r|\n/;

/** A fingerprint in one spelling: `sha-256 0A1B…`. Hashes weaker than SHA-256 are refused. */
export function normalFingerprint(algorithm, value) {
  const name = String(algorithm).toLowerCase();
  const digits = String(value).replaceAll(":", "").toUpperCase();
  const length = Object.hasOwn(DIGEST_BYTES, name) ? DIGEST_BYTES[name] : 0;
  demand(length > 0, "E_BIND_FP", "fingerprint is of a hash that is not allowed");
  demand(digits.length === 2 * length && /^[0-9A-F]+$/.test(digits), "E_BIND_FP", "fingerprint is not as long as its hash");
  return `${name} ${digits}`;
}

/** The different fingerprints of a description, sorted. At least one. */
export function fingerprintsOf(sdp) {
  const found = new Set();
  for (const line of sdp.split(LINES)) {
    const [, algorithm, value] = /^a=fingerprint:(\S+) +(\S+)\s*$/i.exec(line) ?? [];
    if (algorithm !== undefined) found.add(normalFingerprint(algorithm, value));
  }
  demand(found.size > 0, "E_BIND_FP", "description has no fingerprint");
  return [...found].sort();
}

/** Fingerprints as the claim `mky` (RFC 8225, section 5.2.2): hexadecimal digits without colons. */
export function toMky(fingerprints) {
  return fingerprints.map((fingerprint) => {
    const [alg, dig] = fingerprint.split(" ");
    return { alg, dig };
  });
}

/** The claim `mky` as fingerprints, sorted. */
export function fromMky(mky) {
  demand(Array.isArray(mky), "E_BIND_FP", "`mky` is not a list");
  return [...new Set(mky.map((entry) => normalFingerprint(entry?.alg, entry?.dig)))].sort();
}

// Candidates go on their own, each judged; what the browser writes into `c=`, `m=` and `a=rtcp` after it
// gathered tells the same addresses again.
function withoutAddress(line) {
  if (line.startsWith("c=")) return "c=IN IP4 0.0.0.0";
  if (line.startsWith("a=rtcp:")) return "a=rtcp:9 IN IP4 0.0.0.0";
  return line.replace(/^(m=\S+) [1-9][0-9]* /, "$1 9 ");
}

/**
 * A description of this client's as others get it: without addresses, and with the size of messages that
 * channels really take. Firefox says 1 GiB, which the server refuses (`E_SDP_MMS`).
 */
export function forOthers(sdp) {
  const lines = sdp.split("\r\n").filter((line) => !/^a=(candidate:|end-of-candidates$)/.test(line));
  const sized = (line) => (line.startsWith("a=max-message-size:") ? `a=max-message-size:${MAX_CHANNEL_MESSAGE}` : line);
  return lines.map(withoutAddress).map(sized).join("\r\n");
}

/** A verified description without the candidates that `policy` refuses. */
export function withoutRefusedCandidates(sdp, policy) {
  const isRefused = (line) => line.startsWith("a=candidate:") && judgeCandidate(line.slice(2), policy) !== null;
  return sdp
    .split("\r\n")
    .filter((line) => !isRefused(line))
    .join("\r\n");
}
