// An identity provider: a key, its key set, and the tokens that it makes.

import { decode, encode, utf8 } from "../src/jose/base64url.js";
import { thumbprint } from "../src/jose/jwk.js";

const P256 = { name: "ECDSA", namedCurve: "P-256" };

/** A JWS by any key, with any header. */
export async function jws(key, header, claims) {
  const signed = `${encode(utf8(JSON.stringify(header)))}.${encode(utf8(JSON.stringify(claims)))}`;
  const algorithm = key.algorithm.name === "Ed25519" ? { name: "Ed25519" } : { name: "ECDSA", hash: "SHA-256" };
  return `${signed}.${encode(new Uint8Array(await crypto.subtle.sign(algorithm, key, utf8(signed))))}`;
}

/** The claims of a JWS, whoever signed it. */
export function claimsOf(text) {
  return JSON.parse(new TextDecoder().decode(decode(text.split(".")[1])));
}

export class Provider {
  #pair;
  #jti = 0;

  constructor(pair, jwk, { clock, alg, kid }) {
    this.#pair = pair;
    this.clock = clock;
    this.alg = alg;
    this.kid = kid;
    this.jwks = { keys: [{ ...jwk, kid, use: "sig", alg }] };
  }

  static async make({ clock = Date, alg = "ES256", kid = "idp-1" } = {}) {
    const algorithm = alg === "EdDSA" ? { name: "Ed25519" } : P256;
    const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    return new Provider(pair, y === undefined ? { kty, crv, x } : { kty, crv, x, y }, { clock, alg, kid });
  }

  get seconds() {
    return Math.floor(this.clock.now() / 1000);
  }

  /** Signs anything. */
  sign(typ, claims, header = {}) {
    return jws(this.#pair.privateKey, { alg: this.alg, typ, kid: this.kid, ...header }, claims);
  }

  /** A peer assertion for what `Identity.request` gave. */
  assertion(sub, { jwk, mky }, changes = {}, header = {}) {
    const claims = { iss: "https://idp.example", aud: "peers", sub, exp: this.seconds + 3600, cnf: { jwk }, mky };
    return this.sign("corsac-peer+jwt", { ...claims, ...changes }, header);
  }

  /** An access token. */
  async access(sub, { jwk, mky }, changes = {}) {
    this.#jti += 1;
    const claims = {
      aud: "signal",
      sub,
      jti: `t${this.#jti}`,
      iat: this.seconds,
      exp: this.seconds + 600,
      room: "room-1",
      grants: { pub: ["audio", "video", "screen", "data"], sub: true, mod: false, rec: false },
      cnf: { jkt: await thumbprint(jwk) },
      mky,
    };
    return this.sign("corsac-access+jwt", { ...claims, ...changes });
  }

  /** The hook `tokens` of a user. */
  tokensFor(sub, changes = {}) {
    return async (request) => ({
      token: await this.access(sub, request, changes),
      assertion: await this.assertion(sub, request),
    });
  }
}
