// The binding of a description: a JWS by the sender's identity key over who says it to whom, in which call,
// with which certificate, and over the whole text. Whoever stands between the peers can change nothing of
// it, and nobody can use it a second time.

import { demand, RtcError } from "../errors.js";
import { SKEW_S, verifyAssertion, MAX_MKY } from "../jose/assertion.js";
import { decode, sha256 } from "../jose/base64url.js";
import { parse, verify } from "../jose/jws.js";
import { fingerprintsOf, fromMky, MAX_SDP, toMky } from "./description.js";

const TYP = "corsac-bind+jwt";
// Nonces say that a binding is fresh; this only catches what is absurd, since clocks of people differ.
const MAX_AGE_S = 300 + SKEW_S;
/** The members that say where a binding belongs. */
const CONTEXT = ["room", "call", "from", "to", "kind", "seq"];

/**
 * Signs a description.
 * @param {import("../identity.js").Identity} identity
 * @param {{room: string, call: string, from: string, to: string, kind: string, seq: number}} context
 * @param {{sdp: string, ni: string, nr: string, now: number}} said `now` in milliseconds
 */
export async function signBinding(identity, context, { sdp, ni, nr, now }) {
  const mky = toMky(fingerprintsOf(sdp));
  const iat = Math.floor(now / 1000);
  return identity.sign(TYP, { v: 1, ...context, mky, sdp_h: await sha256(sdp), ni, nr, iat });
}

/** The commitment to a nonce: its SHA-256. */
export function commitment(nonce) {
  return sha256(decode(nonce));
}

/**
 * Verifies a description before anything is done with it, in the order of the protocol: assertion,
 * signature, context, `mky`, `sdp_h`, nonces; and last the certificates that the identity provider names.
 *
 * @param {{sdp: string, bind?: string}} message
 * @param {string | undefined} assertion of the sender
 * @param {object} expected the context's members, and `nonces`: `{commit?, ni?, nr}`, what is known of them
 * @param {{keys: object, issuer?: string, now: number}} trust
 * @returns {Promise<{identity: object, fingerprints: string[], ni: string}>}
 */
export async function verifyBinding(message, assertion, expected, trust) {
  const identity = assertion === undefined ? null : await verifyAssertion(assertion, trust);
  demand(typeof message.bind === "string" && message.bind !== "", "E_BIND_MISSING", "description is not signed");
  demand(identity !== null, "E_BIND_NO_IDENTITY", "identity provider says nothing of this peer");
  const claims = await signedBy(identity, message.bind);
  judgeContext(claims, expected, trust.now / 1000);
  const fingerprints = judgeFingerprints(claims, message.sdp);
  demand(claims.sdp_h === (await sha256(message.sdp)), "E_BIND_SDP", "description is not the one that was signed");
  await judgeNonces(claims, expected.nonces);
  judgeCertificates(fingerprints, identity.mky);
  return { identity, fingerprints, ni: claims.ni };
}

async function signedBy(identity, bind) {
  try {
    return await verify(parse(bind), identity.verifier, TYP);
  } catch (error) {
    throw new RtcError("E_BIND_NO_IDENTITY", "description is not signed by this peer's key", error);
  }
}

function judgeContext(claims, expected, now) {
  demand(claims.v === 1, "E_BIND_CTX", "binding is of another version");
  for (const member of CONTEXT) {
    demand(claims[member] === expected[member], "E_BIND_CTX", `\`${member}\` is another`);
  }
  demand(Number.isFinite(claims.iat) && Math.abs(now - claims.iat) <= MAX_AGE_S, "E_BIND_CTX", "`iat` is not now");
}

function judgeFingerprints(claims, sdp) {
  demand(typeof sdp === "string" && sdp.length <= MAX_SDP, "E_BIND_SDP", "description is over 64 KiB");
  demand(Array.isArray(claims.mky) && claims.mky.length <= MAX_MKY, "E_BIND_FP", "`mky` is not a short list");
  const described = fingerprintsOf(sdp);
  demand(equal(described, fromMky(claims.mky)), "E_BIND_FP", "fingerprints are not those that were signed");
  return described;
}

async function judgeNonces(claims, { commit, ni, nr }) {
  demand(claims.nr === nr, "E_BIND_NONCE", "`nr` is another");
  demand(typeof claims.ni === "string", "E_BIND_NONCE", "`ni` is missing");
  demand(ni === undefined || claims.ni === ni, "E_BIND_NONCE", "`ni` is another");
  if (commit === undefined) return;
  let revealed = null;
  try {
    revealed = await commitment(claims.ni);
  } catch {
    // Not base64url: it commits to nothing.
  }
  demand(revealed === commit, "E_BIND_NONCE", "`ni` is not what the invitation committed to");
}

function judgeCertificates(fingerprints, mky) {
  if (mky === null) return;
  let named = [];
  try {
    named = fromMky(mky);
  } catch {
    // What cannot be read names nothing.
  }
  const isNamed = fingerprints.every((fingerprint) => named.includes(fingerprint));
  demand(isNamed, "E_MKY", "identity provider does not know this certificate");
}

/** Whether two sorted lists are the same. */
export function equal(one, other) {
  return one.length === other.length && one.every((entry, at) => entry === other[at]);
}
