// base64url without padding (RFC 4648, section 5; RFC 7515, section 2), and SHA-256 in it.

import { RtcError } from "../errors.js";

const ALPHABET = /^[A-Za-z0-9_-]*$/;
// Spread arguments live on the stack: small pieces keep it so.
const PIECE = 8192;

/** @param {Uint8Array} bytes */
export function encode(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The bytes of `text`. One spelling only: padding, other alphabets and stray bits at the end are refused, so
 * that two texts never stand for the same bytes.
 */
export function decode(text) {
  if (typeof text !== "string" || !ALPHABET.test(text) || text.length % 4 === 1) {
    throw new RtcError("E_JOSE", "not base64url");
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (encode(bytes) !== text) throw new RtcError("E_JOSE", "not base64url in its one spelling");
  return bytes;
}

/** @param {string} text */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** SHA-256 of bytes, or of a text in UTF-8, as base64url. */
export async function sha256(data) {
  const bytes = typeof data === "string" ? utf8(data) : data;
  return encode(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** `length` random bytes as base64url. */
export function randomText(length) {
  return encode(crypto.getRandomValues(new Uint8Array(length)));
}
