import assert from "node:assert/strict";
import { createHash, createPublicKey, verify as nodeVerify } from "node:crypto";
import { test } from "node:test";

import { decode, encode, sha256, utf8 } from "../src/jose/base64url.js";
import { importVerifier, publicP256, thumbprint } from "../src/jose/jwk.js";
import { MAX_JWS, parse, sign, verify } from "../src/jose/jws.js";
import { KeySet } from "../src/jose/keys.js";
import { FakeClock } from "../support/clock.js";
import { jws, Provider } from "../support/provider.js";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" };

function refused(code) {
  return (error) => error.code === code;
}

async function keyPair() {
  const pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  return { ...pair, jwk: publicP256(withoutPrivate(await crypto.subtle.exportKey("jwk", pair.publicKey))), privateKey: pair.privateKey };
}

function withoutPrivate({ kty, crv, x, y }) {
  return { kty, crv, x, y };
}

test("base64url agrees with another implementation and has one spelling", () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    const text = Buffer.from(bytes).toString("base64url");
    assert.equal(encode(bytes), text);
    assert.deepEqual(decode(text), bytes);
  }
  assert.deepEqual(decode("AA"), Uint8Array.of(0));
  for (const text of ["AB", "AA==", "A", "A+A", "A/A", "AA A", "AA\n", 7, null]) {
    assert.throws(() => decode(text), refused("E_JOSE"), JSON.stringify(text));
  }
});

test("hashes agree with another implementation", async () => {
  for (const text of ["", "abc", "ä€𝄞"]) {
    assert.equal(await sha256(text), createHash("sha256").update(text).digest("base64url"));
  }
});

// RFC 7638 has RSA only; this is the key of RFC 7515, appendix A.3, hashed by another implementation.
test("the thumbprint is the hash of the required members in order", async () => {
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  };
  const text = `{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`;
  const expected = createHash("sha256").update(text).digest("base64url");
  assert.equal(await thumbprint({ y: jwk.y, use: "sig", ...jwk }), expected);
});

test("the signature of RFC 7515, appendix A.3, verifies, and not with one bit changed", async () => {
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  };
  const text =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  const verifier = await importVerifier(jwk);
  assert.equal((await verify(parse(text), verifier, undefined)).iss, "joe");
  const changed = text.replace(".DtEh", ".DtEi");
  await assert.rejects(verify(parse(changed), verifier, undefined), refused("E_JOSE"));
});

test("what this client signs another implementation verifies", async () => {
  const { privateKey, jwk } = await keyPair();
  const text = await sign(privateKey, "corsac-pop+jwt", { nonce: "n", iat: 7 });
  const [header, payload, signature] = text.split(".");
  assert.deepEqual(JSON.parse(Buffer.from(header, "base64url")), { alg: "ES256", typ: "corsac-pop+jwt" });
  assert.deepEqual(JSON.parse(Buffer.from(payload, "base64url")), { nonce: "n", iat: 7 });
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  const bytes = Buffer.from(signature, "base64url");
  assert.equal(bytes.length, 64);
  assert.ok(nodeVerify("sha256", Buffer.from(`${header}.${payload}`), key, bytes));
});

test("a signature counts for one key, one algorithm and one type", async () => {
  const [own, other] = [await keyPair(), await keyPair()];
  const text = await sign(own.privateKey, "a+jwt", { x: 1 });
  const verifier = await importVerifier(own.jwk);
  assert.deepEqual(await verify(parse(text), verifier, "a+jwt"), { x: 1 });
  await assert.rejects(verify(parse(text), verifier, "b+jwt"), refused("E_JOSE"));
  await assert.rejects(verify(parse(text), await importVerifier(other.jwk), "a+jwt"), refused("E_JOSE"));
  for (const alg of ["none", "HS256", "EdDSA", "es256"]) {
    const claimed = await jws(own.privateKey, { alg, typ: "a+jwt" }, { x: 1 });
    await assert.rejects(verify(parse(claimed), verifier, "a+jwt"), refused("E_JOSE"), alg);
  }
});

test("what is no JWS is refused before any key is asked", async () => {
  const { privateKey } = await keyPair();
  const text = await sign(privateKey, "a", {});
  const [header, payload, signature] = text.split(".");
  const json = (value) => encode(utf8(value));
  const bad = [
    "",
    "a.b",
    `${text}.x`,
    `${header}.${payload}.`,
    `${header}.${payload}.${signature.slice(2)}`,
    `${json("[]")}.${payload}.${signature}`,
    `${header}.${json("null")}.${signature}`,
    `${header}.${encode(Uint8Array.of(0x22, 0xff, 0x22))}.${signature}`,
    `${json('{"alg":"ES256","crit":["b64"]}')}.${payload}.${signature}`,
    "x".repeat(MAX_JWS + 1),
    null,
  ];
  for (const one of bad) assert.throws(() => parse(one), refused("E_JOSE"), String(one).slice(0, 40));
  assert.equal(parse(text).header.typ, "a");
});

test("keys that are private, on another curve or of another length are refused", async () => {
  const { jwk } = await keyPair();
  assert.equal((await importVerifier({ ...jwk, use: "sig", alg: "ES256" })).alg, "ES256");
  const bad = [
    { ...jwk, d: jwk.x },
    { ...jwk, crv: "P-384" },
    { ...jwk, kty: "oct" },
    { ...jwk, x: jwk.x.slice(4) },
    { ...jwk, use: "enc" },
    { ...jwk, alg: "ES384" },
    { ...jwk, y: jwk.x },
    null,
  ];
  for (const one of bad) await assert.rejects(async () => importVerifier(one), refused("E_JOSE"), JSON.stringify(one));
});

test("a provider may sign with Ed25519, and only with that then", async () => {
  const provider = await Provider.make({ alg: "EdDSA" });
  const keys = new KeySet(provider.jwks);
  const text = await provider.sign("t", { x: 1 });
  assert.deepEqual(await verify(parse(text), await keys.find("idp-1"), "t"), { x: 1 });
  const other = await Provider.make({ alg: "ES256" });
  await assert.rejects(verify(parse(await other.sign("t", {})), await keys.find("idp-1"), "t"), refused("E_JOSE"));
});

function keyServer(sets) {
  const asked = [];
  const fetch = async (url, options) => {
    asked.push({ url, options });
    const set = sets.length > 1 ? sets.shift() : sets[0];
    if (set === null) throw new TypeError("network");
    return new Response(typeof set === "string" ? set : JSON.stringify(set));
  };
  return { asked, fetch };
}

test("keys are fetched once while they are fresh, and again for a new name", async () => {
  const [first, second] = [await Provider.make({ kid: "one" }), await Provider.make({ kid: "two" })];
  const clock = new FakeClock();
  const { asked, fetch } = keyServer([first.jwks, { keys: [...first.jwks.keys, ...second.jwks.keys] }]);
  const keys = new KeySet("https://idp.example/jwks.json", { fetch, clock });
  await Promise.all([keys.find("one"), keys.find("one")]);
  await keys.find("one");
  assert.equal(asked.length, 1);
  assert.equal(asked[0].options.credentials, "omit");
  assert.equal(asked[0].options.redirect, "error");
  // Made-up names do not make requests; after a while the provider is asked again.
  await assert.rejects(keys.find("two"), refused("E_IDP_KID"));
  assert.equal(asked.length, 1);
  await clock.advance(30_000);
  await keys.find("two");
  assert.equal(asked.length, 2);
});

test("without the provider old keys count for an hour and no longer", async () => {
  const provider = await Provider.make();
  const clock = new FakeClock();
  const { fetch } = keyServer([provider.jwks, null]);
  const keys = new KeySet("https://idp.example/jwks.json", { fetch, clock });
  await keys.find("idp-1");
  await clock.advance(59 * 60_000);
  await keys.find("idp-1");
  await clock.advance(2 * 60_000);
  await assert.rejects(keys.find("idp-1"), refused("E_IDP_KID"));
});

test("key sets that are too large, not fetched over https or not named are of no use", async () => {
  const clock = new FakeClock();
  const large = keyServer([JSON.stringify({ keys: [], padding: "x".repeat(70_000) })]);
  await assert.rejects(new KeySet("https://idp.example/", { fetch: large.fetch, clock }).find("x"), refused("E_IDP_KID"));
  assert.throws(() => new KeySet("http://idp.example/jwks.json"), refused("E_OPTION"));
  assert.ok(new KeySet("http://localhost:8080/jwks.json").url);
  assert.throws(() => new KeySet({ keys: new Array(33).fill({}) }), refused("E_OPTION"));
  assert.throws(() => new KeySet(undefined), refused("E_OPTION"));
  await assert.rejects(new KeySet({ keys: [] }).find(undefined), refused("E_IDP_KID"));
});
