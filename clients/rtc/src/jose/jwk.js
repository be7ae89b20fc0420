// Public keys (RFC 7517): P-256 for peers, P-256 or Ed25519 for identity providers. A key is good for one
// algorithm, which the key itself says; a header never chooses.

import { demand, RtcError } from "../errors.js";
import { decode, sha256 } from "./base64url.js";

const COORDINATE_BYTES = 32;

/**
 * The four members of a public P-256 key and nothing else.
 * @returns {{kty: "EC", crv: "P-256", x: string, y: string}}
 */
export function publicP256(jwk) {
  demand(jwk !== null && typeof jwk === "object", "E_JOSE", "key is not an object");
  demand(jwk.kty === "EC" && jwk.crv === "P-256", "E_JOSE", "key is not on P-256");
  demand(!("d" in jwk), "E_JOSE", "key is private");
  for (const member of ["x", "y"]) {
    demand(decode(jwk[member]).length === COORDINATE_BYTES, "E_JOSE", `\`${member}\` is not 32 bytes`);
  }
  return { kty: "EC", crv: "P-256", x: jwk.x, y: jwk.y };
}

/** The thumbprint of a P-256 key (RFC 7638): members in lexicographic order, no white space. */
export function thumbprint(jwk) {
  const { crv, kty, x, y } = publicP256(jwk);
  return sha256(JSON.stringify({ crv, kty, x, y }));
}

/**
 * A key that can verify, with the one algorithm it is for.
 * @returns {Promise<{alg: "ES256" | "EdDSA", key: CryptoKey, parameters: object}>}
 */
export async function importVerifier(jwk) {
  demand(jwk !== null && typeof jwk === "object", "E_JOSE", "key is not an object");
  demand(jwk.use === undefined || jwk.use === "sig", "E_JOSE", "key is not for signatures");
  const [alg, parameters, material] = algorithmOf(jwk);
  // RFC 9864 calls EdDSA with this curve `Ed25519`.
  const names = alg === "EdDSA" ? [undefined, "EdDSA", "Ed25519"] : [undefined, alg];
  demand(names.includes(jwk.alg), "E_JOSE", "key is for another algorithm");
  try {
    const key = await crypto.subtle.importKey("jwk", material, parameters, false, ["verify"]);
    return { alg, key, parameters };
  } catch (error) {
    throw new RtcError("E_JOSE", "key is not a point of its curve", error);
  }
}

function algorithmOf(jwk) {
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") {
    demand(decode(jwk.x).length === COORDINATE_BYTES, "E_JOSE", "`x` is not 32 bytes");
    return ["EdDSA", { name: "Ed25519" }, { kty: "OKP", crv: "Ed25519", x: jwk.x }];
  }
  return ["ES256", { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }, publicP256(jwk)];
}
