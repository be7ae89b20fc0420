// Who this client is: a P-256 key that signs everything it says, and the certificate that DTLS will show.

import { fingerprintsOf, normalFingerprint, toMky } from "./call/description.js";
import { demand } from "./errors.js";
import { publicP256, thumbprint } from "./jose/jwk.js";
import { sign } from "./jose/jws.js";
import { indexedDbStore } from "./store.js";

const IDENTITY = "identity";
const ECDSA = Object.freeze({ name: "ECDSA", namedCurve: "P-256" });

export class Identity {
  #privateKey;
  #store;

  constructor({ privateKey, jwk, jkt, certificates, fingerprints, store }) {
    this.#privateKey = privateKey;
    this.#store = store;
    /** The public key. */
    this.jwk = Object.freeze(jwk);
    /** Its thumbprint (RFC 7638). */
    this.jkt = jkt;
    /** The certificates that connections of this client show. */
    this.certificates = Object.freeze(certificates);
    /** Their fingerprints, as `sha-256 0A1B…`. */
    this.fingerprints = Object.freeze(fingerprints);
    Object.freeze(this);
  }

  /**
   * The identity that `store` keeps; made if there is none. The certificate is new with each page, so that
   * nobody recognizes the browser by it.
   * @param {{store?: object, name?: string, RTCPeerConnection?: typeof globalThis.RTCPeerConnection}} [options]
   */
  static async load({ store = indexedDbStore(), name = IDENTITY, RTCPeerConnection = globalThis.RTCPeerConnection } = {}) {
    const generate = () => crypto.subtle.generateKey(ECDSA, false, ["sign", "verify"]);
    const pair = (await store.get(name)) ?? (await store.add(name, await generate()));
    demand(pair.privateKey.extractable === false, "E_OPTION", "private key in the store is extractable");
    const jwk = publicP256(await crypto.subtle.exportKey("jwk", pair.publicKey));
    const certificate = await RTCPeerConnection.generateCertificate({ ...ECDSA });
    const fingerprints = await fingerprintsOfCertificate(certificate, RTCPeerConnection);
    const jkt = await thumbprint(jwk);
    return new Identity({ privateKey: pair.privateKey, jwk, jkt, certificates: [certificate], fingerprints, store });
  }

  /** What the application sends to its identity provider to be given tokens. */
  async request() {
    return { jwk: { ...this.jwk }, jkt: this.jkt, mky: toMky(this.fingerprints) };
  }

  /** Signs `claims` as a JWS of type `typ`. */
  sign(typ, claims) {
    return sign(this.#privateKey, typ, claims);
  }

  /** Remembers that a person compared the digits with the owner of this key. */
  async rememberVerified(thumbprintOfPeer, sub) {
    await this.#store.put(`verified:${thumbprintOfPeer}`, { sub, at: Date.now() });
  }

  /** Whether a person did, for this key and this name. */
  async isVerified(thumbprintOfPeer, sub) {
    return (await this.#store.get(`verified:${thumbprintOfPeer}`))?.sub === sub;
  }
}

async function fingerprintsOfCertificate(certificate, RTCPeerConnection) {
  if (typeof certificate.getFingerprints === "function") {
    const found = certificate.getFingerprints().map(({ algorithm, value }) => normalFingerprint(algorithm, value));
    if (found.length > 0) return found.sort();
  }
  // Not every browser has `getFingerprints`, but each one writes them into its offers.
  const probe = new RTCPeerConnection({ certificates: [certificate] });
  try {
    probe.createDataChannel("probe");
    return fingerprintsOf((await probe.createOffer()).sdp);
  } finally {
    probe.close();
  }
}
