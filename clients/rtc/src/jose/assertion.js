// A peer's assertion: what the identity provider says of a peer to other peers. And the little that this
// client reads in its own access token, which is the server's to verify.

import { demand, RtcError } from "../errors.js";
import { importVerifier, publicP256, thumbprint } from "./jwk.js";
import { parse, verify } from "./jws.js";

/** Clocks of people's machines differ by this much, in seconds. */
export const SKEW_S = 60;
const MAX_SUB = 256;
/** Most fingerprints that an assertion or a binding names. */
export const MAX_MKY = 8;

/**
 * Who a peer is, if the identity provider says so.
 * @param {string} text the assertion
 * @param {{keys: import("./keys.js").KeySet, issuer?: string, now: number}} trust `now` in milliseconds
 * @returns {Promise<{sub: string, jwk: object, thumbprint: string, verifier: object, mky: object[] | null, exp: number}>}
 */
export async function verifyAssertion(text, { keys, issuer, now }) {
  const parsed = asAssertion(() => parse(text));
  const key = await keys.find(parsed.header.kid);
  try {
    const claims = await verify(parsed, key, "corsac-peer+jwt");
    judge(claims, issuer, now / 1000);
    const jwk = publicP256(claims.cnf?.jwk);
    const mky = claims.mky === undefined ? null : claims.mky;
    const [print, verifier] = [await thumbprint(jwk), await importVerifier(jwk)];
    return { sub: claims.sub, jwk, thumbprint: print, verifier, mky, exp: claims.exp };
  } catch (error) {
    throw asRefused(error);
  }
}

function judge({ aud, sub, iss, exp, nbf, iat, mky }, issuer, now) {
  const require = (holds, detail) => demand(holds, "E_ASSERTION", detail);
  require(aud === "peers", "assertion is not for peers");
  require(typeof sub === "string" && sub !== "" && sub.length <= MAX_SUB, "assertion is about nobody");
  require(issuer === undefined || iss === issuer, "assertion is by another issuer");
  require(Number.isFinite(exp) && now < exp + SKEW_S, "assertion has expired");
  const isPast = (time) => time === undefined || time <= now + SKEW_S;
  require(isPast(nbf) && isPast(iat), "assertion is from the future");
  require(mky === undefined || (Array.isArray(mky) && mky.length <= MAX_MKY), "`mky` is not a short list");
}

function asAssertion(read) {
  try {
    return read();
  } catch (error) {
    throw asRefused(error);
  }
}

function asRefused(error) {
  const { code, detail } = RtcError.from(error, "E_ASSERTION", "assertion cannot be read");
  return code === "E_IDP_KID" ? error : new RtcError("E_ASSERTION", detail, error);
}

/**
 * What stands in this client's own access token. Unverified: only this client's own behaviour hangs on it.
 * @returns {{sub: string, room: string, exp: number, iat: number, jkt: string, ice: string, grants: object, mky: object[] | null}}
 */
export function readOwnToken(text) {
  const { header, claims } = parse(text);
  demand(header.typ === "corsac-access+jwt", "E_TOKEN", "token is not an access token");
  demand(typeof claims.sub === "string" && typeof claims.room === "string", "E_TOKEN", "token has no `sub` or no `room`");
  demand(Number.isFinite(claims.exp), "E_TOKEN", "token has no `exp`");
  const { sub, room, exp, iat = exp, ice = "all", grants = {}, mky = null } = claims;
  return { sub, room, exp, iat, jkt: claims.cnf?.jkt, ice, grants, mky };
}
