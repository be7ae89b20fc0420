// The short authentication string: six digits that two people read to each other. The nonces were committed
// to before they were revealed, so that whoever stands between has one guess in a million.

import { sha256, decode } from "../jose/base64url.js";

/**
 * @param {object} about
 * @param {string} about.room
 * @param {string} about.call
 * @param {string[]} about.offerer fingerprints of who invited, as `sha-256 0A1B…`
 * @param {string[]} about.answerer fingerprints of who accepted
 * @param {string[]} about.thumbprints of both identity keys
 * @param {string} about.ni
 * @param {string} about.nr
 */
export async function shortAuthenticationString({ room, call, offerer, answerer, thumbprints, ni, nr }) {
  const list = (entries) => [...entries].sort().join(",");
  const text = ["corsac-sas-v1", room, call, list(offerer), list(answerer), list(thumbprints), ni, nr].join("|");
  const digest = decode(await sha256(text));
  const number = new DataView(digest.buffer).getUint32(0) % 1_000_000;
  return String(number).padStart(6, "0");
}
