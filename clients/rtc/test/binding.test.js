import assert from "node:assert/strict";
import { before, test } from "node:test";

import { commitment, signBinding, verifyBinding } from "../src/call/binding.js";
import { toMky } from "../src/call/description.js";
import { shortAuthenticationString } from "../src/call/sas.js";
import { Identity, memoryStore } from "../src/index.js";
import { randomText, sha256 } from "../src/jose/base64url.js";
import { KeySet } from "../src/jose/keys.js";
import { FakePeerConnection } from "../support/fake-rtc.js";
import { Provider } from "../support/provider.js";

const NOW = 1_800_000_000_000;
const CLOCK = { now: () => NOW };

let provider;
let alice;
let mallory;
let world;

function identity() {
  return Identity.load({ store: memoryStore(), RTCPeerConnection: FakePeerConnection });
}

function describe(fingerprints) {
  const lines = fingerprints.map((fingerprint) => {
    const [alg, digits] = fingerprint.split(" ");
    return `a=fingerprint:${alg} ${digits.match(/../g).join(":")}`;
  });
  return ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", ...lines, "a=setup:actpass", ""].join("\r\n");
}

before(async () => {
  provider = await Provider.make({ clock: CLOCK });
  [alice, mallory] = [await identity(), await identity()];
  const [ni, nr] = [randomText(32), randomText(32)];
  const context = { room: "room-1", call: "call-1", from: "a", to: "b", kind: "offer", seq: 7 };
  const sdp = describe(alice.fingerprints);
  world = {
    context,
    sdp,
    nonces: { ni, nr },
    said: { sdp, ni, nr, now: NOW },
    expected: { ...context, nonces: { commit: await commitment(ni), nr } },
    trust: { keys: new KeySet(provider.jwks), now: NOW },
    assertion: await provider.assertion("alice", await alice.request()),
    bind: await signBinding(alice, context, { sdp, ni, nr, now: NOW }),
  };
});

/** Verifies the good message, with changes. */
function check({ sdp = world.sdp, bind = world.bind, assertion = world.assertion, expected = {}, trust = {} } = {}) {
  return verifyBinding({ sdp, bind }, assertion, { ...world.expected, ...expected }, { ...world.trust, ...trust });
}

async function refusedAs(code, changes) {
  await assert.rejects(check(changes), (error) => {
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Alice's binding with some claims replaced; the signature is good. */
async function bound(changes) {
  const { said, context } = world;
  const claims = { v: 1, ...context, mky: toMky(alice.fingerprints), sdp_h: await sha256(said.sdp), ni: said.ni, nr: said.nr, iat: NOW / 1000 };
  return alice.sign("corsac-bind+jwt", { ...claims, ...changes });
}

test("a description that the peer signed is accepted, and says who it is", async () => {
  const found = await check();
  assert.equal(found.identity.sub, "alice");
  assert.equal(found.identity.thumbprint, alice.jkt);
  assert.deepEqual(found.fingerprints, [...alice.fingerprints]);
  assert.equal(found.ni, world.nonces.ni);
  await check({ bind: await bound({}) });
});

test("an assertion by an unknown key is E_IDP_KID", async () => {
  const request = await alice.request();
  await refusedAs("E_IDP_KID", { assertion: await provider.assertion("alice", request, {}, { kid: "other" }) });
  await refusedAs("E_IDP_KID", { assertion: await provider.assertion("alice", request, {}, { kid: undefined }) });
});

test("an assertion that does not hold is E_ASSERTION", async () => {
  const request = await alice.request();
  const impostor = await Provider.make({ clock: CLOCK });
  const seconds = NOW / 1000;
  await refusedAs("E_ASSERTION", { assertion: await impostor.assertion("alice", request) });
  await refusedAs("E_ASSERTION", { assertion: "nonsense" });
  await refusedAs("E_ASSERTION", { assertion: await provider.sign("corsac-access+jwt", { aud: "peers", sub: "alice", exp: seconds + 9, cnf: { jwk: request.jwk } }) });
  const wrong = [
    { exp: seconds - 61 },
    { exp: undefined },
    { aud: "signal" },
    { aud: ["peers"] },
    { sub: "" },
    { sub: 7 },
    { nbf: seconds + 61 },
    { iat: seconds + 61 },
    { cnf: undefined },
    { cnf: { jwk: { kty: "EC" } } },
    { mky: "all" },
  ];
  for (const changes of wrong) await refusedAs("E_ASSERTION", { assertion: await provider.assertion("alice", request, changes) });
  await check({ assertion: await provider.assertion("alice", request, { exp: seconds - 59, nbf: seconds + 59 }) });
});

test("an assertion by another issuer is refused where the issuer is known", async () => {
  await check({ trust: { issuer: "https://idp.example" } });
  await refusedAs("E_ASSERTION", { trust: { issuer: "https://idp.example.net" } });
});

test("a description without a signature is E_BIND_MISSING", async () => {
  await refusedAs("E_BIND_MISSING", { bind: null });
  await refusedAs("E_BIND_MISSING", { bind: "" });
});

test("a signature by any other key is E_BIND_NO_IDENTITY", async () => {
  // The man in the middle, who replaces the certificate and signs again.
  const sdp = describe(mallory.fingerprints);
  const bind = await signBinding(mallory, world.context, { ...world.said, sdp });
  await refusedAs("E_BIND_NO_IDENTITY", { sdp, bind });
  const [header, payload, signature] = world.bind.split(".");
  await refusedAs("E_BIND_NO_IDENTITY", { bind: `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}` });
  await refusedAs("E_BIND_NO_IDENTITY", { bind: "nonsense" });
  await refusedAs("E_BIND_NO_IDENTITY", { bind: await alice.sign("corsac-pop+jwt", {}) });
  await assert.rejects(verifyBinding(world, undefined, world.expected, world.trust), { code: "E_BIND_NO_IDENTITY" });
});

test("each member of the context counts", async () => {
  const others = { room: "room-2", call: "call-2", from: "c", to: "c", kind: "answer", seq: 8 };
  for (const [member, value] of Object.entries(others)) {
    await refusedAs("E_BIND_CTX", { expected: { [member]: value } });
    await refusedAs("E_BIND_CTX", { bind: await bound({ [member]: value }) });
    await refusedAs("E_BIND_CTX", { bind: await bound({ [member]: undefined }) });
  }
  await refusedAs("E_BIND_CTX", { bind: await bound({ v: 2 }) });
  await refusedAs("E_BIND_CTX", { bind: await bound({ seq: "7" }) });
});

test("a binding that was used before is of no use in another message", async () => {
  // Replayed in a message with a number that is new: the number is signed.
  await refusedAs("E_BIND_CTX", { expected: { seq: 9 } });
});

test("a binding from another time is refused", async () => {
  const iat = NOW / 1000;
  for (const apart of [-361, 361]) await refusedAs("E_BIND_CTX", { bind: await bound({ iat: iat + apart }) });
  for (const apart of [-359, 359]) await check({ bind: await bound({ iat: iat + apart }) });
  await refusedAs("E_BIND_CTX", { bind: await bound({ iat: undefined }) });
});

test("other fingerprints than those that were signed are E_BIND_FP", async () => {
  await refusedAs("E_BIND_FP", { sdp: describe(mallory.fingerprints) });
  await refusedAs("E_BIND_FP", { sdp: describe([...alice.fingerprints, ...mallory.fingerprints]) });
  await refusedAs("E_BIND_FP", { bind: await bound({ mky: toMky(mallory.fingerprints) }) });
  await refusedAs("E_BIND_FP", { bind: await bound({ mky: [] }) });
  await refusedAs("E_BIND_FP", { bind: await bound({ mky: undefined }) });
  await refusedAs("E_BIND_FP", { bind: await bound({ mky: [{ alg: "sha-1", dig: "00".repeat(20) }] }) });
});

test("a description without a fingerprint, or with a weak one, is E_BIND_FP", async () => {
  await refusedAs("E_BIND_FP", { sdp: "v=0\r\n" });
  await refusedAs("E_BIND_FP", { sdp: `v=0\r\na=fingerprint:sha-1 ${new Array(20).fill("00").join(":")}\r\n` });
  await refusedAs("E_BIND_FP", { sdp: world.sdp.replace("sha-256", "md5") });
});

test("a fingerprint that only another reading of lines finds counts, too", async () => {
  const [digits] = mallory.fingerprints[0].split(" ").slice(1);
  for (const end of ["\n", "\r"]) {
    const hidden = `${world.sdp}a=x:y${end}a=fingerprint:SHA-256 ${digits.match(/../g).join(":")}\r\n`;
    await refusedAs("E_BIND_FP", { sdp: hidden });
  }
});

test("any other change of the description is E_BIND_SDP", async () => {
  await refusedAs("E_BIND_SDP", { sdp: world.sdp.replace("actpass", "passive") });
  await refusedAs("E_BIND_SDP", { sdp: `${world.sdp} ` });
  await refusedAs("E_BIND_SDP", { bind: await bound({ sdp_h: await sha256("") }) });
  await refusedAs("E_BIND_SDP", { bind: await bound({ sdp_h: undefined }) });
});

test("nonces that are not those of the call are E_BIND_NONCE", async () => {
  await refusedAs("E_BIND_NONCE", { bind: await bound({ nr: randomText(32) }) });
  await refusedAs("E_BIND_NONCE", { bind: await bound({ ni: randomText(32) }) });
  await refusedAs("E_BIND_NONCE", { bind: await bound({ ni: "***" }) });
  await refusedAs("E_BIND_NONCE", { bind: await bound({ ni: undefined }) });
  await refusedAs("E_BIND_NONCE", { expected: { nonces: { commit: await commitment(randomText(32)), nr: world.nonces.nr } } });
  await refusedAs("E_BIND_NONCE", { expected: { nonces: { ni: randomText(32), nr: world.nonces.nr } } });
  await check({ expected: { nonces: world.nonces } });
});

test("a certificate that the provider does not know is E_MKY", async () => {
  const request = await alice.request();
  await refusedAs("E_MKY", { assertion: await provider.assertion("alice", { ...request, mky: toMky(mallory.fingerprints) }) });
  await refusedAs("E_MKY", { assertion: await provider.assertion("alice", { ...request, mky: [] }) });
  await refusedAs("E_MKY", { assertion: await provider.assertion("alice", { ...request, mky: [{}] }) });
  await check({ assertion: await provider.assertion("alice", { ...request, mky: undefined }) });
});

test("of two mistakes the first of the protocol's order is told", async () => {
  const sdp = describe(mallory.fingerprints);
  const expired = await provider.assertion("alice", await alice.request(), { exp: 1 });
  await refusedAs("E_ASSERTION", { sdp, assertion: expired, bind: null });
  await refusedAs("E_BIND_CTX", { sdp, expected: { to: "c" } });
  await refusedAs("E_BIND_FP", { sdp, bind: await bound({ nr: "x" }) });
  await refusedAs("E_BIND_SDP", { bind: await bound({ nr: "x", sdp_h: "x" }) });
});

test("both sides have the same six digits, and others when a certificate was swapped", async () => {
  const about = {
    room: "room-1",
    call: "call-1",
    offerer: ["sha-256 AA", "sha-512 BB"],
    answerer: ["sha-256 CC"],
    thumbprints: ["t1", "t2"],
    ni: "ni",
    nr: "nr",
  };
  const digits = await shortAuthenticationString(about);
  assert.match(digits, /^[0-9]{6}$/);
  // By hand: the first 32 bits of the hash, modulo a million.
  const text = "corsac-sas-v1|room-1|call-1|sha-256 AA,sha-512 BB|sha-256 CC|t1,t2|ni|nr";
  const hash = Buffer.from(await sha256(text), "base64url");
  assert.equal(digits, String(hash.readUInt32BE(0) % 1_000_000).padStart(6, "0"));
  assert.equal(await shortAuthenticationString({ ...about, thumbprints: ["t2", "t1"], offerer: ["sha-512 BB", "sha-256 AA"] }), digits);
  const others = [{ answerer: ["sha-256 CD"] }, { offerer: ["sha-256 AA"] }, { ni: "nj" }, { nr: "nq" }, { room: "r" }, { call: "c" }, { thumbprints: ["t1", "t3"] }];
  for (const changes of others) assert.notEqual(await shortAuthenticationString({ ...about, ...changes }), digits, JSON.stringify(changes));
  assert.notEqual(await shortAuthenticationString({ ...about, offerer: about.answerer, answerer: about.offerer }), digits);
});
