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
 * A description of this client's as others get it: without addresses, and with two things of Firefox's said as
 * they are. Channels take 64 KiB and not 1 GiB, which the server refuses (`E_SDP_MMS`). And what is bundled has
 * one role in DTLS, that of the tagged m-line (RFC 9143, section 7.1.3): beside `passive` there Firefox writes
 * `active` on each m-line that an answer adds (`E_SDP_SETUP`).
 */
export function forOthers(sdp) {
  const role = roleOf(sdp);
  const said = (line) => {
    if (line.startsWith("a=max-message-size:")) return `a=max-message-size:${MAX_CHANNEL_MESSAGE}`;
    return role && line.startsWith("a=setup:") ? role : line;
  };
  const lines = sdp.split("\r\n").filter((line) => !/^a=(candidate:|end-of-candidates$)/.test(line));
  return lines.map(withoutAddress).map(said).join("\r\n");
}

// The line `a=setup` of the m-line that its BUNDLE group names first.
function roleOf(sdp) {
  const [, tag] = /^a=group:BUNDLE (\S+)/m.exec(sdp) ?? [];
  const tagged = sdp.split(/^(?=m=)/m).find((section) => section.split("\r\n").includes(`a=mid:${tag}`));
  return /^a=setup:[a-z]+/m.exec(tagged ?? "")?.[0];
}

/** A verified description without the candidates that `policy` refuses. */
export function withoutRefusedCandidates(sdp, policy) {
  const isRefused = (line) => line.startsWith("a=candidate:") && judgeCandidate(line.slice(2), policy) !== null;
  return sdp
    .split("\r\n")
    .filter((line) => !isRefused(line))
    .join("\r\n");
}
