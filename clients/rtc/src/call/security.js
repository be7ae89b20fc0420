// What the browser says of a connection that stands: the certificate that the other side really showed,
// and what protects the packets.

import { normalFingerprint } from "./description.js";

// `RTCTransportStats.tlsVersion` is the version's two bytes in hexadecimal (RFC 9147, section 5.3).
const VERSIONS = { FEFF: "DTLS 1.0", FEFD: "DTLS 1.2", FEFC: "DTLS 1.3" };

/**
 * The fingerprints of the certificates that the peer showed, one entry for each transport: those of the
 * hashes in `algorithms`, as far as the browser gives them. Empty if the browser tells nothing.
 * @param {RTCPeerConnection} pc
 * @param {string[]} algorithms
 * @returns {Promise<string[][]>}
 */
export async function remoteFingerprints(pc, algorithms) {
  const stats = entries(await pc.getStats());
  const transports = stats.filter(({ type }) => type === "transport");
  const shown = transports.map((transport) => {
    const certificate = stats.find(({ id }) => id === transport.remoteCertificateId);
    return certificate?.fingerprint ? [normalFingerprint(certificate.fingerprintAlgorithm, certificate.fingerprint)] : null;
  });
  if (shown.length > 0 && shown.every((prints) => prints !== null)) return shown;
  // Without certificates in the statistics: the transports have them as bytes.
  return Promise.all(dtlsTransports(pc).map((transport) => hashesOf(transport, algorithms)));
}

/** The DTLS transports of a connection, each once. */
export function dtlsTransports(pc) {
  const media = pc.getTransceivers().map(({ sender }) => sender.transport);
  return [...new Set([...media, pc.sctp?.transport])].filter(Boolean);
}

async function hashesOf(transport, algorithms) {
  const [leaf] = transport.getRemoteCertificates?.() ?? [];
  if (leaf === undefined) return [];
  return Promise.all(
    algorithms.map(async (algorithm) => {
      const digest = new Uint8Array(await crypto.subtle.digest(algorithm.toUpperCase(), leaf));
      return normalFingerprint(algorithm, Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
    }),
  );
}

/**
 * Whether every transport showed a certificate that is bound. A browser that tells nothing proves nothing.
 * @param {string[][]} shown
 * @param {string[]} bound
 */
export function isBound(shown, bound) {
  return shown.length > 0 && shown.every((prints) => prints.length > 0 && prints.some((print) => bound.includes(print)));
}

/** What protects the packets, in words. Members are `null` where the browser does not say. */
export async function protection(pc) {
  const transport = entries(await pc.getStats()).find(({ type }) => type === "transport") ?? {};
  return {
    dtls: VERSIONS[transport.tlsVersion] ?? transport.tlsVersion ?? null,
    cipher: transport.dtlsCipher ?? null,
    srtp: transport.srtpCipher ?? null,
    dtlsState: transport.dtlsState ?? null,
  };
}

function entries(report) {
  return [...report.values()];
}
