// The one road into a session: options, checked, all of them before anything is opened.

import { SYSTEM_CLOCK } from "./clock.js";
import { demand } from "./errors.js";
import { KeySet } from "./jose/keys.js";
import { Identity } from "./identity.js";
import { refuseToConsent } from "./session/consent.js";
import { Session } from "./session/session.js";
import { addresses, openFirst } from "./transport/open.js";

// It stands in receipts, which a ledger keeps.
const MAX_PURPOSE = 128;

/**
 * Joins a room.
 * @param {import("./index.js").ConnectOptions} options
 * @returns {Promise<Session>}
 */
export async function connect(options) {
  const { clock = SYSTEM_CLOCK, fetch, WebSocket, WebTransport, serverCertificateHashes } = options;
  demand(typeof options.audience === "string" && options.audience !== "", "E_OPTION", "`audience` is missing");
  demand(typeof options.tokens === "function", "E_OPTION", "`tokens` is not a function");
  const purpose = options.purpose ?? "call";
  demand(purpose.length <= MAX_PURPOSE && !/\p{Cc}/u.test(purpose), "E_OPTION", "`purpose` is not a short line");
  const list = options.open ? [] : addresses(options.url);
  const keys = new KeySet(options.jwks, { fetch, clock });
  demandOutOfBand(keys, list, options);
  const session = new Session({
    audience: options.audience,
    clock,
    iceServers: options.iceServers ?? [],
    identity: options.identity ?? (await Identity.load()),
    issuer: options.issuer,
    keys,
    onConsent: options.onConsent ?? refuseToConsent,
    open: options.open ?? (() => openFirst(list, { clock, serverCertificateHashes, WebSocket, WebTransport })),
    purpose,
    random: options.random ?? Math.random,
    RTCPeerConnection: options.RTCPeerConnection ?? globalThis.RTCPeerConnection,
    tokens: options.tokens,
  });
  return session.start();
}

// A signaling server that also serves the keys could vouch for anybody, and nothing of the rest would help.
function demandOutOfBand(keys, list, options) {
  if (!keys.url || options.dangerouslyTrustSignalingServer === true) return;
  const isSame = list.some(({ host }) => host === keys.url.host);
  demand(!isSame, "E_OPTION", "keys of the identity provider are fetched from the signaling server");
}
