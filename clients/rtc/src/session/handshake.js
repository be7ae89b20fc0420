// The first three messages of a connection: challenge, hello or resume, welcome.

import { within } from "../clock.js";
import { demand, RtcError } from "../errors.js";
import { sha256 } from "../jose/base64url.js";
import { readMessage } from "./messages.js";

// The server gives a hello 5 s; what takes longer is not worth waiting for.
const ANSWER_MS = 8_000;

// What a close says, where the stack kept its code and the error before it was lost.
const CLOSES = {
  1009: "E_LIMIT",
  4001: "E_AUTH_FIRST",
  4003: "E_TOKEN",
  4007: "E_JSON",
  4008: "E_RATE",
  4009: "E_SLOW",
  4010: "E_CONSENT_REVOKED",
  4011: "E_KICKED",
  4012: "E_SUPERSEDED",
  4013: "E_DRAIN",
};

/** The error that a close stands for. */
export function closeError({ code, reason }) {
  return new RtcError(CLOSES[code] ?? "E_TRANSPORT", reason || `connection was closed with ${code}`);
}

/**
 * Shakes hands; the transport keeps what comes after the welcome.
 * @param {import("../transport/transport.js").Transport} transport
 * @param {(challenge: object) => Promise<object>} answer makes `hello` or `resume`
 * @returns {Promise<object>} `welcome`
 */
export async function shakeHands(transport, answer, clock) {
  const challenge = await next(transport, "challenge", clock);
  transport.send(JSON.stringify(await answer(challenge)));
  return next(transport, "welcome", clock);
}

function next(transport, type, clock) {
  const arriving = new Promise((resolve, reject) => {
    transport.listen({
      message: (data) => {
        transport.listen(null);
        try {
          resolve(expected(readMessage(data), type));
        } catch (error) {
          reject(error);
        }
      },
      close: (end) => reject(closeError(end)),
    });
  });
  return within(clock, ANSWER_MS, arriving, () => new RtcError("E_TIMEOUT", `no \`${type}\` in time`));
}

function expected(message, type) {
  if (message.t === "error") throw new RtcError(message.code, message.detail ?? "");
  demand(message.t === type, "E_TYPE", `\`${message.t}\` came instead of \`${type}\``);
  return message;
}

/** The proof that this client has the key that the token names, for this challenge and this server. */
export async function proof(identity, { nonce, audience, token, now }) {
  const claims = { nonce, aud: audience, ath: await sha256(token), iat: Math.floor(now / 1000) };
  return identity.sign("corsac-pop+jwt", claims);
}
