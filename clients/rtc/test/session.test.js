import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { sha256 } from "../src/jose/base64url.js";
import { once, settled, until } from "../support/clock.js";
import { claimsOf } from "../support/provider.js";
import { Room } from "../support/room.js";

function said(room, type) {
  return room.server.log.filter(({ t }) => t === type);
}

test("hello proves the key for this challenge, this server and this token", async () => {
  const room = await Room.make();
  const session = await room.join("alice");
  const [{ v, token, assertion, pop, seq }] = said(room, "hello");
  assert.equal(v, 1);
  assert.equal(seq, undefined);
  const proof = claimsOf(pop);
  assert.deepEqual(Object.keys(proof).sort(), ["ath", "aud", "iat", "nonce"]);
  assert.equal(proof.aud, "signal");
  assert.equal(proof.ath, await sha256(token));
  assert.equal(proof.iat, Math.floor(room.clock.now() / 1000));
  assert.equal(claimsOf(assertion).aud, "peers");
  assert.equal(session.state, "open");
  assert.equal(session.sub, "alice");
  session.close();
});

test("iat follows the server's clock where that is not absurd", async () => {
  const room = await Room.make();
  room.server.clock = { now: () => room.clock.now() + 120_000 };
  (await room.join("alice")).close();
  assert.equal(claimsOf(said(room, "hello")[0].pop).iat, Math.floor(room.clock.now() / 1000) + 120);
  room.server.clock = { now: () => room.clock.now() + 86_400_000 };
  (await room.join("bob")).close();
  assert.equal(claimsOf(said(room, "hello")[1].pop).iat, Math.floor(room.clock.now() / 1000));
});

test("a refused hello is an error with the server's code, and nothing stays open", async () => {
  const room = await Room.make();
  for (const code of ["E_TOKEN", "E_CNF", "E_POP", "E_JTI_REPLAY", "E_ROOM_FULL", "E_LOCKED"]) {
    room.server.answer = ({ t }) => (t === "hello" ? { t: "error", code, detail: "" } : undefined);
    await assert.rejects(room.join("alice"), { name: "RtcError", code });
  }
  assert.equal(room.clock.pending, 0);
});

test("tokens for another key or certificate never leave the page", async () => {
  const room = await Room.make();
  await assert.rejects(room.join("alice", { claims: { cnf: { jkt: "other" } } }), { code: "E_CNF" });
  await assert.rejects(room.join("alice", { claims: { mky: [{ alg: "sha-256", dig: "00".repeat(32) }] } }), { code: "E_FP_TOKEN" });
  assert.deepEqual(room.server.log, []);
});

test("options that would weaken everything are refused", async () => {
  const room = await Room.make();
  const options = await room.options("alice");
  const { connect } = await import("../src/index.js");
  const over = { open: undefined, url: "wss://signal.example/v1/ws" };
  const wrong = [
    { ...over, url: "ws://signal.example/v1/ws" },
    { ...over, url: "wss://signal.example/v1/ws?token=x" },
    { ...over, url: [] },
    { ...over, jwks: "https://signal.example/jwks.json" },
    { jwks: "http://idp.example/jwks.json" },
    { audience: undefined },
    { tokens: undefined },
  ];
  for (const changes of wrong) await assert.rejects(connect({ ...options, ...changes }), { code: "E_OPTION" }, JSON.stringify(changes));
});

test("numbers of what is said only go up, and what is refused names its promise", async () => {
  const room = await Room.make();
  const session = await room.join("alice");
  room.server.answer = ({ t, seq }) => (t === "lock" ? { t: "error", code: "E_GRANT", detail: "moderate", ref: seq } : undefined);
  await assert.rejects(session.lock(), { code: "E_GRANT", detail: "moderate" });
  room.server.answer = () => undefined;
  await session.unlock();
  const numbers = room.server.log.slice(1).map(({ seq }) => seq);
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  assert.equal(new Set(numbers).size, numbers.length);
  session.close();
});

test("consent is asked for once, signed over the notice that was shown, and kept with the ledger's head", async () => {
  const room = await Room.make();
  const asked = [];
  const onConsent = async (notice, scope) => asked.push({ notice, scope }) > 0;
  const session = await room.join("alice", { onConsent, purpose: "lesson" });
  await Promise.all([session.consent(["audio", "video"]), session.consent(["video"])]);
  assert.equal(asked.length, 1);
  assert.equal(asked[0].notice.text, room.server.notice.text);
  assert.deepEqual(asked[0].scope, ["audio", "video"]);
  const receipt = claimsOf(said(room, "consent")[0].jws);
  const { sid, iat, ...rest } = receipt;
  assert.equal(typeof sid, "string");
  assert.equal(iat, Math.floor(room.clock.now() / 1000));
  assert.deepEqual(rest, { v: 1, room: "room-1", sub: "alice", scope: ["audio", "video"], decision: "grant", purpose: "lesson", notice: room.server.notice.hash });
  assert.deepEqual(session.receipts.map(({ n, head, decision }) => ({ n, head, decision })), [{ n: 1, head: "head-1", decision: "grant" }]);
  await session.revoke(["video"]);
  assert.deepEqual(session.consented, ["audio"]);
  assert.equal(claimsOf(said(room, "consent")[1].jws).decision, "revoke");
  session.close();
});

test("nothing is signed when the person says no, when nobody asks, or when the notice is not its hash", async () => {
  const room = await Room.make();
  const no = await room.join("alice", { onConsent: async () => false });
  await assert.rejects(no.consent(["audio"]), { code: "E_CONSENT_REFUSED" });
  const nobody = await room.join("bob", { onConsent: undefined });
  await assert.rejects(nobody.consent(["audio"]), { code: "E_CONSENT_REFUSED" });
  room.server.notice = { ...room.server.notice, text: "Nothing is sent to anybody." };
  const lied = await room.join("carol");
  await assert.rejects(lied.consent(["audio"]), { code: "E_NOTICE" });
  await assert.rejects(lied.consent(["everything"]), { code: "E_OPTION" });
  assert.deepEqual(said(room, "consent"), []);
  for (const session of [no, nobody, lied]) session.close();
});

test("a lost connection is found again: same session, new ticket, what was missed, nothing twice", async () => {
  const room = await Room.make();
  const [alice, bob] = [await room.join("alice"), await room.join("bob")];
  const calls = [];
  bob.on("invite", (invitation) => calls.push(invitation.call));
  await alice.invite(bob.id);
  await until(() => calls.length === 1);
  const states = [];
  bob.on("state", ({ state }) => states.push(state));
  room.server.cut(bob.id);
  assert.equal(bob.state, "resuming");
  await alice.invite(bob.id);
  await settled();
  await room.clock.advance(1_000);
  await until(() => calls.length === 2, "the second invitation");
  assert.deepEqual(states, ["resuming", "open"]);
  const [resume] = said(room, "resume");
  const { nonce, ath } = claimsOf(resume.pop);
  assert.equal(typeof nonce, "string");
  assert.equal(ath, await sha256(said(room, "hello")[1].token));
  assert.deepEqual(Object.keys(resume.last_seq), [alice.id]);
  assert.equal(resume.seq, undefined);
  // The next time it is the ticket of the last welcome.
  room.server.cut(bob.id);
  await room.clock.advance(1_000);
  await until(() => bob.state === "open");
  assert.notEqual(said(room, "resume")[1].ticket, resume.ticket);
  alice.close();
  bob.close();
});

test("what is delivered twice counts once, and numbers that go back do not count", async () => {
  const room = await Room.make();
  const [alice, bob] = [await room.join("alice"), await room.join("bob")];
  const calls = [];
  bob.on("invite", ({ call }) => calls.push(call));
  room.server.tamper = (message) => {
    room.server.say(message.to, message);
    room.server.say(message.to, { ...message, call: "other" });
    return { ...message, call: "older", seq: message.seq - 1 };
  };
  const call = await alice.invite(bob.id);
  await settled();
  assert.deepEqual(calls, [call.id]);
  alice.close();
  bob.close();
});

test("what may have been lost is said again with the same numbers", async () => {
  const room = await Room.make();
  const [alice, bob] = [await room.join("alice", { claims: { grants: { pub: [], sub: true, mod: true, rec: false } } }), await room.join("bob")];
  const heard = room.server.heard.bind(room.server);
  // The connection takes the messages and is dead.
  room.server.heard = () => {};
  const locking = alice.lock();
  await settled();
  room.server.heard = heard;
  room.server.cut(alice.id);
  await room.clock.advance(1_000);
  await locking;
  const [lock] = said(room, "lock");
  assert.ok(lock.seq < said(room, "ping").at(-1).seq);
  // This time the message arrives, and only the answer is lost: the repetition is refused, and that is fine.
  let silent = true;
  room.server.answer = ({ t }, { peer }) => {
    if (silent && peer && (t === "ping" || t === "unlock")) {
      peer.last = Math.max(peer.last, room.server.log.at(-1).seq);
      return { t: "pong", ts: "lost" };
    }
    return undefined;
  };
  alice.on("error", () => {});
  const unlocking = alice.unlock();
  await until(() => said(room, "unlock").length === 1);
  await settled();
  silent = false;
  room.server.cut(alice.id);
  await room.clock.advance(1_000);
  await unlocking;
  assert.deepEqual(said(room, "unlock").map(({ seq }) => seq), [said(room, "unlock")[0].seq, said(room, "unlock")[0].seq]);
  alice.close();
  bob.close();
});

test("a session that cannot go on in time is over, and so are its calls", async () => {
  const room = await Room.make();
  const [alice, bob] = [await room.join("alice"), await room.join("bob")];
  const call = await alice.invite(bob.id);
  room.server.isUp = false;
  const closed = once(alice, "closed");
  room.server.cut(alice.id);
  await room.clock.advance(29_000);
  assert.equal(alice.state, "resuming");
  await room.clock.advance(6_000);
  assert.equal((await closed).error.code, "E_RESUME");
  assert.equal(call.state, "closed");
  await assert.rejects(alice.lock(), { code: "E_RESUME" });
  bob.close();
});

test("after what is final nothing is tried again", async () => {
  const room = await Room.make();
  const ends = [["E_KICKED", 4011], ["E_SUPERSEDED", 4012], ["E_CONSENT_REVOKED", 4010], ["E_TOKEN", 4003], ["E_JSON", 4007]];
  for (const [code, close] of ends) {
    // With the error before the close, and where the stack loses one of the two.
    for (const end of [(id) => room.server.refuse(id, code, close), (id) => room.server.cut(id, close), (id) => room.server.refuse(id, code, 1006)]) {
      const session = await room.join("alice");
      session.on("error", () => {});
      const closed = once(session, "closed");
      end(session.id);
      assert.equal((await closed).error.code, code);
      assert.equal(session.state, "closed");
    }
  }
  assert.equal(said(room, "resume").length, 0);
});

test("after a drain or a full queue the session goes on elsewhere", async () => {
  const room = await Room.make();
  for (const close of [4013, 4009, 4008, 1006, 1001]) {
    const session = await room.join("alice");
    room.server.cut(session.id, close);
    assert.equal(session.state, "resuming");
    await room.clock.advance(1_000);
    await until(() => session.state === "open", `resume after ${close}`);
    session.close();
  }
});

test("a server that resumes another session is not believed", async () => {
  const room = await Room.make();
  const session = await room.join("alice");
  room.server.welcome = { you: "somebody-else" };
  const closed = once(session, "closed");
  room.server.cut(session.id);
  await room.clock.advance(40_000);
  assert.equal((await closed).error.code, "E_RESUME");
});

test("a silent server is noticed, an answering one is left alone", async () => {
  const room = await Room.make();
  const session = await room.join("alice");
  await room.clock.advance(60_000);
  assert.equal(session.state, "open");
  assert.ok(said(room, "ping").length >= 5);
  room.server.heard = () => {};
  await room.clock.advance(25_000);
  assert.equal(session.state, "resuming");
  session.close();
  await room.clock.advance(60_000);
  assert.equal(room.clock.pending, 0);
});

test("the token is renewed before it expires, and its grants count", async () => {
  const room = await Room.make();
  const grants = { pub: ["audio"], sub: true, mod: false, rec: false };
  const reasons = [];
  const tokens = async (request) => {
    reasons.push(request.reason);
    return {
      token: await room.provider.access("alice", request, request.reason === "join" ? {} : { grants }),
      assertion: await room.provider.assertion("alice", request),
    };
  };
  const session = await room.join("alice", { tokens });
  const told = once(session, "grants");
  await room.clock.advance(541_000);
  assert.deepEqual((await told).grants, grants);
  assert.deepEqual(reasons, ["join", "refresh"]);
  assert.equal(claimsOf(said(room, "token.refresh")[0].token).grants.pub.length, 1);
  await room.clock.advance(541_000);
  assert.equal(said(room, "token.refresh").length, 2);
  session.close();
});

test("a renewal that fails is told and tried again; one for another user is never sent", async () => {
  const room = await Room.make();
  let calls = 0;
  const tokens = async (request) => {
    calls += 1;
    if (calls === 2) throw new Error("offline");
    const sub = calls === 3 ? "bob" : "alice";
    return { token: await room.provider.access(sub, request), assertion: await room.provider.assertion(sub, request) };
  };
  const session = await room.join("alice", { tokens });
  const errors = [];
  session.on("error", ({ code }) => errors.push(code));
  await room.clock.advance(560_000);
  assert.deepEqual(errors, ["E_TOKEN", "E_TOKEN"]);
  assert.equal(said(room, "token.refresh").length, 1);
  session.close();
});

test("a connection that is lost with a renewal under way is found again with either token", async () => {
  for (const took of [true, false]) {
    const room = await Room.make();
    const session = await room.join("alice");
    const accepted = [said(room, "hello")[0].token];
    const heard = room.server.heard.bind(room.server);
    room.server.heard = (transport, text) => {
      const message = JSON.parse(text);
      if (message.t === "ping" && accepted.length === 1 && room.isLost) return;
      if (message.t === "token.refresh" && !room.isLost) {
        room.isLost = true;
        room.presented = message.token;
        if (took) heard(transport, text);
        return;
      }
      heard(transport, text);
    };
    room.server.answer = (message) => {
      if (message.t !== "resume") return undefined;
      const token = took ? room.presented : accepted[0];
      const isRight = claimsOf(message.pop).ath === createHash("sha256").update(token).digest("base64url");
      return isRight ? undefined : { t: "error", code: "E_POP", detail: "" };
    };
    await room.clock.advance(541_000);
    assert.equal(room.isLost, true);
    room.server.heard = heard;
    const renewed = once(session, "grants");
    room.server.cut(session.id);
    await room.clock.advance(10_000);
    assert.equal(session.state, "open");
    await renewed;
    assert.equal(said(room, "resume").length, took ? 2 : 1);
    session.close();
  }
});

test("what the server sends is read strictly, and nothing of what is wrong is used", async () => {
  const room = await Room.make();
  const session = await room.join("alice");
  const errors = [];
  session.on("error", ({ code }) => errors.push(code));
  const wrong = [
    { t: "dance" },
    { t: "peer.joined", id: "x" },
    { t: "peer.joined", id: "x", assertion: "a", extra: 1 },
    { t: "peer.joined", id: "x".repeat(129), assertion: "a" },
    { t: "media.stop", scope: "all", deadline_ms: 1 },
    { t: "pong", ts: "now" },
    { t: "welcome" },
    [],
    { t: "__proto__" },
    { t: "toString" },
  ];
  for (const message of wrong) room.server.say(session.id, message);
  room.server.transportOf(session.id)._deliver("{");
  assert.equal(errors.length, wrong.length + 1);
  assert.deepEqual([...new Set(errors)].sort(), ["E_JSON", "E_TYPE"]);
  assert.deepEqual(session.peers, []);
  assert.equal(session.state, "open");
  session.close();
});

test("the server's pace is kept", async () => {
  const room = await Room.make();
  const [alice, bob] = [await room.join("alice"), await room.join("bob")];
  room.server.log.length = 0;
  for (let n = 0; n < 300; n += 1) alice.lock().catch(() => {});
  await settled();
  assert.ok(room.server.log.length <= 100, `${room.server.log.length} at once`);
  await room.clock.advance(1_000);
  assert.ok(room.server.log.length <= 150, `${room.server.log.length} in a second`);
  await assert.rejects(Promise.all(Array.from({ length: 300 }, () => alice.unlock())), { code: "E_LIMIT" });
  alice.close();
  bob.close();
});

test("peers come and go, and who they are is what the provider says", async () => {
  const room = await Room.make();
  const alice = await room.join("alice");
  const joined = once(alice, "peer-joined");
  const bob = await room.join("bob");
  assert.deepEqual(await joined, { id: bob.id });
  assert.equal((await alice.identify(bob.id)).sub, "bob");
  assert.deepEqual(bob.peers, [alice.id]);
  const left = once(alice, "peer-left");
  bob.close();
  assert.deepEqual(await left, { id: bob.id });
  await assert.rejects(alice.identify(bob.id), { code: "E_NO_PEER" });
  alice.close();
});
