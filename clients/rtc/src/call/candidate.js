// ICE candidates (RFC 8839, section 5.1): read, judged by a policy, and made to say no more than they must.
// The server judges them too; this client does not rely on it, since a candidate that it takes makes the
// browser send to an address of somebody else's choice.

import { isPrivate, isUnspecified, parseAddress } from "./address.js";

const POLICIES = ["all", "no-private", "relay"];
const TYPES = ["host", "srflx", "prflx", "relay"];
/** Longest candidate that is read. */
export const MAX_CANDIDATE = 512;
const MDNS = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\.local$/;
const FOUNDATION = /^[A-Za-z0-9+/]{1,32}$/;

/** The stricter of two policies; one that is not known counts as the strictest. */
export function stricter(one, other) {
  const rank = (policy) => (POLICIES.includes(policy) ? POLICIES.indexOf(policy) : POLICIES.length - 1);
  return POLICIES[Math.max(rank(one), rank(other))];
}

/** The parts of a candidate that a policy looks at, or `null` if it is none. */
export function parseCandidate(text) {
  if (typeof text !== "string" || text.length > MAX_CANDIDATE || !text.startsWith("candidate:")) return null;
  const [foundation, component, transport, priority, address, port, typ, type, ...rest] = text.slice(10).split(" ");
  const isWhole =
    FOUNDATION.test(foundation) &&
    /^[12]$/.test(component ?? "") &&
    /^(udp|tcp)$/i.test(transport ?? "") &&
    isNumber(priority, 0xffff_ffff) &&
    isNumber(port, 65_535) &&
    Number(port) !== 0 &&
    typ === "typ" &&
    Boolean(type) &&
    rest.length % 2 === 0 &&
    rest.every((part) => part !== "");
  if (!isWhole) return null;
  const named = new Map();
  for (let at = 0; at < rest.length; at += 2) {
    // Which of two counts, another reader may see differently.
    if (named.has(rest[at]) || rest[at].toLowerCase() === "typ") return null;
    named.set(rest[at], rest[at + 1]);
  }
  return { address, type, related: named.get("raddr") };
}

function isNumber(text, most) {
  return /^[0-9]{1,10}$/.test(text ?? "") && Number(text) <= most;
}

/**
 * Why a candidate is refused under `policy`: a code, or `null`. An empty one is the end of candidates.
 * @param {string} text
 * @param {"all" | "no-private" | "relay"} policy
 */
export function judgeCandidate(text, policy) {
  if (text === "") return null;
  const candidate = parseCandidate(text);
  if (candidate === null) return "E_CAND_SYNTAX";
  if (!TYPES.includes(candidate.type)) return "E_CAND_TYPE";
  if (policy === "relay" && candidate.type !== "relay") return "E_CAND_RELAY_ONLY";
  const bytes = parseAddress(candidate.address);
  if (bytes === null) return MDNS.test(candidate.address) ? judgeRelated(candidate, policy) : "E_CAND_FQDN";
  if (policy === "no-private" && isPrivate(bytes)) return "E_CAND_PRIVATE";
  return judgeRelated(candidate, policy);
}

function judgeRelated({ related }, policy) {
  if (policy === "all" || related === undefined) return null;
  const bytes = parseAddress(related);
  return bytes !== null && (isUnspecified(bytes) || !isPrivate(bytes)) ? null : "E_CAND_RADDR";
}

/** The candidate without the address behind it, which is for debugging and tells of the private network. */
export function withoutRelated(text) {
  return text.replace(/ raddr \S+ rport \S+/, " raddr 0.0.0.0 rport 9");
}
