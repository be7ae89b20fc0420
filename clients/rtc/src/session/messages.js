// What the server sends, read: each type with its members and no others, each bounded.

import { demand, RtcError } from "../errors.js";
import { MAX_JWS } from "../jose/jws.js";

const MAX_NAME = 128;
const MAX_TEXT = 65_536;
const MAX_PEERS = 64;
const MAX_SCOPE = 8;

const text = (most) => (value) => typeof value === "string" && value.length <= most;
const name = (value) => text(MAX_NAME)(value) && value !== "";
const count = (value) => Number.isSafeInteger(value) && value >= 0;
const number = (value) => Number.isFinite(value);
const object = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const orNull = (is) => (value) => value === null || is(value);
const optional = (is) => Object.assign((value) => value === undefined || is(value), { isOptional: true });
const scope = (value) => Array.isArray(value) && value.length <= MAX_SCOPE && value.every(name);
const resume = (value) => object(value) && name(value.ticket) && number(value.window_s);
const limits = (value) => object(value) && number(value.rate) && value.rate > 0 && number(value.burst) && value.burst > 0;
const notice = (value) => object(value) && text(MAX_TEXT)(value.text) && name(value.hash);
const assertion = text(MAX_JWS);
const peer = (value) => object(value) && name(value.id) && assertion(value.assertion);
const peers = (value) => Array.isArray(value) && value.length <= MAX_PEERS && value.every(peer);
const grants = (value) => object(value) && scope(value.pub ?? []);
const kind = (value) => value === "offer" || value === "answer";

const relayed = (members) => ({ from: name, to: name, call: name, seq: count, ...members });

const SHAPES = {
  accept: relayed({ nr: name }),
  challenge: { v: (value) => value === 1, nonce: name, ts: number },
  "consent.ack": { ref: count, n: count, head: name },
  decline: relayed({ nr: optional(text(MAX_NAME)) }),
  error: { code: name, detail: optional(orNull(text(MAX_TEXT))), ref: optional(orNull(count)) },
  ice: relayed({ cand: text(MAX_TEXT), mid: optional(orNull(text(MAX_NAME))) }),
  invite: relayed({ commit: name }),
  "media.stop": { scope, deadline_ms: number },
  "peer.joined": { id: name, assertion },
  "peer.left": { id: name },
  "peer.revoked": { id: name, scope },
  pong: { ts: number },
  sdp: relayed({ kind, sdp: text(MAX_TEXT), bind: optional(text(MAX_JWS)) }),
  welcome: {
    you: name,
    sid: name,
    resume,
    peers,
    grants,
    ice: name,
    turn: optional(orNull(object)),
    limits,
    notice: optional(orNull(notice)),
  },
};

/** The types that peers say to each other through the server. */
export const RELAYED = Object.freeze(["accept", "decline", "ice", "invite", "sdp"]);

/**
 * A message of the server's, or an error: `E_JSON` for what is none, `E_TYPE` for one of an unknown type, with
 * a member missing, unknown, or not what it is to be.
 * @param {string} data
 */
export function readMessage(data) {
  let message;
  try {
    message = JSON.parse(data);
  } catch (error) {
    throw new RtcError("E_JSON", "message is not JSON", error);
  }
  demand(object(message), "E_JSON", "message is not an object");
  const { t, ...members } = message;
  demand(typeof t === "string" && Object.hasOwn(SHAPES, t), "E_TYPE", "message is of no known type");
  const shape = SHAPES[t];
  for (const [member, is] of Object.entries(shape)) {
    demand(is(members[member]), "E_TYPE", `\`${member}\` of \`${t}\` is missing or not what it is to be`);
  }
  const unknown = Object.keys(members).find((member) => !Object.hasOwn(shape, member));
  demand(unknown === undefined, "E_TYPE", `\`${t}\` has a member that it does not have`);
  return message;
}
