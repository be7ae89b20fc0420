// Makes foreign.json with the WebCrypto of Node.js 20, as a browser and an identity provider would: node foreign.mjs > foreign.json
import { webcrypto as wc, createHash } from 'node:crypto';
const b = (x) => Buffer.from(x).toString('base64url');
const now = 1800000000;
const sign = async (key, header, claims) => {
  const text = b(JSON.stringify(header)) + '.' + b(JSON.stringify(claims));
  const alg = header.alg === 'EdDSA' ? { name: 'Ed25519' } : { name: 'ECDSA', hash: 'SHA-256' };
  return text + '.' + b(await wc.subtle.sign(alg, key, Buffer.from(text)));
};
const issuer = await wc.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify']);
const peer = await wc.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const issuerJwk = { ...(await wc.subtle.exportKey('jwk', issuer.publicKey)), kid: 'idp-1' };
const peerJwk = await wc.subtle.exportKey('jwk', peer.publicKey);
const jkt = createHash('sha256').update(JSON.stringify({ crv: peerJwk.crv, kty: peerJwk.kty, x: peerJwk.x, y: peerJwk.y })).digest('base64url');
const fp = Array.from({ length: 32 }, (_, i) => (i * 7 % 256).toString(16).padStart(2, '0')).join(':');
const mky = [{ alg: 'sha-256', dig: fp }];
const nonce = b(Buffer.alloc(32, 7));
const token = await sign(issuer.privateKey, { alg: 'EdDSA', typ: 'corsac-access+jwt', kid: 'idp-1' },
  { aud: 'signaling.example.com', sub: 'zoë', jti: 'j-1', iat: now, exp: now + 600, room: 'salon', grants: { pub: ['audio', 'screen'], sub: true }, cnf: { jkt }, mky });
const assertion = await sign(issuer.privateKey, { alg: 'EdDSA', typ: 'corsac-peer+jwt', kid: 'idp-1' },
  { aud: 'peers', sub: 'zoë', exp: now + 3600, cnf: { jwk: peerJwk }, mky });
const pop = await sign(peer.privateKey, { alg: 'ES256', typ: 'corsac-pop+jwt' },
  { nonce, aud: 'signaling.example.com', ath: createHash('sha256').update(token).digest('base64url'), iat: now });
const notice = createHash('sha256').update('May we?').digest('base64url');
const consent = await sign(peer.privateKey, { alg: 'ES256', typ: 'corsac-consent+jwt' },
  { v: 1, room: 'salon', sub: 'zoë', sid: 's-1', scope: ['audio', 'recording'], decision: 'grant', purpose: 'lesson', notice, iat: now });
console.log(JSON.stringify({ jwks: { keys: [issuerJwk] }, jkt, peer: peerJwk, token, assertion, pop, consent, notice }, null, 1));
