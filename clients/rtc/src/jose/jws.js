// JWS in compact form (RFC 7515): made with ES256, verified with the algorithm that the key is for.

import { demand, RtcError } from "../errors.js";
import { decode, encode, utf8 } from "./base64url.js";

/** Longest JWS that is read: an assertion with some fingerprints is under 1 KiB. */
export const MAX_JWS = 8192;
const SIGNATURE_BYTES = 64;

/**
 * Signs `claims` as `typ`.
 * @param {CryptoKey} privateKey P-256, for `sign`
 */
export async function sign(privateKey, typ, claims) {
  const header = encode(utf8(JSON.stringify({ alg: "ES256", typ })));
  const payload = encode(utf8(JSON.stringify(claims)));
  const signed = `${header}.${payload}`;
  // WebCrypto gives r and s as they stand in a JWS (RFC 7518, section 3.4), not in DER.
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, utf8(signed));
  return `${signed}.${encode(new Uint8Array(signature))}`;
}

/**
 * Takes a JWS apart. Nothing in it is to be believed before `verify`.
 * @returns {{header: object, claims: object, signed: Uint8Array, signature: Uint8Array}}
 */
export function parse(text) {
  demand(typeof text === "string" && text.length <= MAX_JWS, "E_JOSE", "JWS is not a text of at most 8,192 characters");
  const parts = text.split(".");
  demand(parts.length === 3, "E_JOSE", "JWS does not have three parts");
  const [header, claims] = [object(parts[0]), object(parts[1])];
  demand(!("crit" in header), "E_JOSE", "JWS has a critical extension");
  const signature = decode(parts[2]);
  demand(signature.length === SIGNATURE_BYTES, "E_JOSE", "signature is not 64 bytes");
  return { header, claims, signed: utf8(`${parts[0]}.${parts[1]}`), signature };
}

function object(part) {
  let value;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(decode(part)));
  } catch (error) {
    throw new RtcError("E_JOSE", "part of a JWS is not JSON", error);
  }
  demand(value !== null && typeof value === "object" && !Array.isArray(value), "E_JOSE", "part of a JWS is not an object");
  return value;
}

/**
 * The claims of `parsed`, if `verifier` signed them as `typ`.
 * @param {Awaited<ReturnType<import("./jwk.js").importVerifier>>} verifier
 */
export async function verify(parsed, verifier, typ) {
  demand(parsed.header.alg === verifier.alg, "E_JOSE", "algorithm is not that of the key");
  demand(parsed.header.typ === typ, "E_JOSE", `JWS is not of type \`${typ}\``);
  const holds = await crypto.subtle.verify(verifier.parameters, verifier.key, parsed.signature, parsed.signed);
  demand(holds, "E_JOSE", "signature does not hold");
  return parsed.claims;
}
