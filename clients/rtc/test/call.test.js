import assert from "node:assert/strict";
import { test } from "node:test";

import { signBinding } from "../src/call/binding.js";
import { Identity, memoryStore } from "../src/index.js";
import { once, settled, until } from "../support/clock.js";
import { FakePeerConnection, FakeTrack } from "../support/fake-rtc.js";
import { claimsOf } from "../support/provider.js";
import { Room } from "../support/room.js";

function lastTwo() {
  return FakePeerConnection.all.slice(-2);
}

function both(one, other, state) {
  return until(() => one.state === state && other.state === state, `both ${state}`);
}

function descriptions(room) {
  return room.server.log.filter(({ t }) => t === "sdp");
}

/** Calls with a server that changes what it relays; the code with which the called or calling side ends. */
async function codeOf(tamper, side = "incoming") {
  const room = await Room.make();
  room.server.tamper = (message) => tamper(message, room);
  const before = FakePeerConnection.all.length;
  const closed = {};
  const calls = await room.call({
    prepare: (call) => {
      closed.outgoing = once(call, "closed");
      return call.addTrack(new FakeTrack("audio"));
    },
    answer: (call) => {
      closed.incoming = once(call, "closed");
    },
  });
  const { error } = await closed[side];
  const [caller, called] = FakePeerConnection.all.slice(before);
  const judge = side === "incoming" ? called : caller;
  assert.equal(judge.remoteDescription, null, "nothing was applied");
  calls.a.close();
  calls.b.close();
  return error?.code;
}

test("a call connects, with the same digits on both sides and the certificate that was bound", async () => {
  const room = await Room.make();
  const tracks = [];
  const { a, b, outgoing, incoming, invitation } = await room.call({
    prepare: (call) => call.addTrack(new FakeTrack("audio")),
    answer: (call) => call.on("track", ({ track }) => tracks.push(track.kind)),
  });
  assert.equal(invitation.sub, "alice");
  await both(outgoing, incoming, "connected");
  const [ofA, ofB] = [await outgoing.security(), await incoming.security()];
  assert.match(ofA.sas, /^[0-9]{6}$/);
  assert.equal(ofA.sas, ofB.sas);
  assert.equal(ofA.fingerprintBound, true);
  assert.equal(ofA.dtls, "DTLS 1.3");
  assert.equal(ofA.srtp, "AEAD_AES_128_GCM");
  assert.equal(ofA.sub, "bob");
  assert.equal(ofB.thumbprint, claimsOf(room.server.log[0].assertion).cnf.jwk && (await b.identify(a.id)).thumbprint);
  assert.deepEqual(tracks, ["audio"]);
  assert.equal(ofA.verified, false);
  await outgoing.markVerified();
  assert.equal((await outgoing.security()).verified, true);
  a.close();
  b.close();
});

test("a call is not connected before its digits are known", async () => {
  const room = await Room.make();
  const early = [];
  const watch = (call) => call.on("state", ({ state }) => state === "connected" && early.push(call.sas));
  const { a, b, outgoing, incoming } = await room.call({
    prepare: (call) => {
      watch(call);
      return call.addTrack(new FakeTrack("audio"));
    },
    answer: (call) => {
      watch(call);
      // As in a browser that is faster than the signature of its answer.
      const pc = FakePeerConnection.all.at(-1);
      const describe = pc.setLocalDescription.bind(pc);
      pc.setLocalDescription = () => describe().then(() => pc.become("connected"));
    },
  });
  await both(outgoing, incoming, "connected");
  assert.equal(early.length, 2);
  for (const sas of early) assert.match(sas, /^[0-9]{6}$/);
  a.close();
  b.close();
});

test("what is signed says all that the protocol lists, and the wire has no address of this machine", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call({ prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  await both(outgoing, incoming, "connected");
  const [offer, answer] = descriptions(room);
  const claims = claimsOf(offer.bind);
  assert.deepEqual(Object.keys(claims).sort(), ["call", "from", "iat", "kind", "mky", "ni", "nr", "room", "sdp_h", "seq", "to", "v"]);
  assert.deepEqual([claims.from, claims.to, claims.kind, claims.seq, claims.room], [a.id, b.id, "offer", offer.seq, "room-1"]);
  assert.equal(claimsOf(answer.bind).ni, claims.ni);
  assert.match(claims.mky[0].dig, /^[0-9A-F]{64}$/);
  for (const { sdp } of [offer, answer]) assert.doesNotMatch(sdp, /192\.168|a=candidate/);
  const candidates = room.server.log.filter(({ t }) => t === "ice").map(({ cand }) => cand);
  assert.ok(candidates.some((cand) => cand.includes("typ srflx raddr 0.0.0.0")));
  assert.ok(candidates.includes(""));
  // Candidates come after the description that they belong to.
  const order = room.server.log.filter(({ t, call }) => call === outgoing.id && (t === "sdp" || t === "ice")).map(({ t }) => t);
  assert.equal(order[0], "sdp");
  a.close();
  b.close();
});

test("a server that swaps fingerprints is caught on either side, before anything is applied", async () => {
  const swap = (kind) => (message) => {
    if (message.t !== "sdp" || message.kind !== kind) return message;
    return { ...message, sdp: message.sdp.replace(/sha-256 ../, "sha-256 00") };
  };
  assert.equal(await codeOf(swap("offer")), "E_BIND_FP");
  assert.equal(await codeOf(swap("answer"), "outgoing"), "E_BIND_FP");
});

test("a server in the middle that signs with a key of its own is caught", async () => {
  const mallory = await Identity.load({ store: memoryStore(), RTCPeerConnection: FakePeerConnection });
  const digits = mallory.fingerprints[0].split(" ")[1].match(/../g).join(":");
  let resigned = null;
  const resign = (message, room) => {
    // Candidates would overtake what it has yet to sign.
    if (message.t === "ice") return null;
    if (message.t !== "sdp" || resigned) return message;
    resigned = (async () => {
      const { call, from, to, kind, seq, bind } = message;
      const { room: name, ni, nr } = claimsOf(bind);
      const sdp = message.sdp.replace(/(a=fingerprint:sha-256) \S+/, `$1 ${digits}`);
      const other = await signBinding(mallory, { room: name, call, from, to, kind, seq }, { sdp, ni, nr, now: room.clock.now() });
      room.server.say(to, { ...message, sdp, bind: other });
    })();
    return null;
  };
  assert.equal(await codeOf(resign), "E_BIND_NO_IDENTITY");
});

test("a server that changes, removes or moves what was signed is caught, each with its code", async () => {
  const onOffer = (change) => (message) => (message.t === "sdp" ? { ...message, ...change(message) } : message);
  assert.equal(await codeOf(onOffer(() => ({ bind: undefined }))), "E_BIND_MISSING");
  assert.equal(await codeOf(onOffer(({ sdp }) => ({ sdp: sdp.replace("sendrecv", "sendonly") }))), "E_BIND_SDP");
  assert.equal(await codeOf(onOffer(({ seq }) => ({ seq: seq + 1 }))), "E_BIND_CTX");
  assert.equal(await codeOf(onOffer(() => ({ kind: "answer" }))), "E_BIND_CTX");
});

test("a server that exchanges nonces or the commitment is caught", async () => {
  const other = Buffer.alloc(32, 7).toString("base64url");
  assert.equal(await codeOf((message) => (message.t === "invite" ? { ...message, commit: other } : message)), "E_BIND_NONCE");
  assert.equal(await codeOf((message) => (message.t === "accept" ? { ...message, nr: other } : message)), "E_BIND_NONCE");
  assert.equal(await codeOf((message) => (message.t === "accept" ? { ...message, nr: "short" } : message), "outgoing"), "E_BIND_NONCE");
});

test("a peer without a good assertion does not even ring", async () => {
  const room = await Room.make();
  const a = await room.join("alice");
  const impostor = await Room.make();
  impostor.clock = room.clock;
  const tokens = async (request) => ({ token: await room.provider.access("bob", request), assertion: await impostor.provider.assertion("bob", request) });
  const b = await room.join("bob", { tokens });
  await assert.rejects(a.invite(b.id), { code: "E_ASSERTION" });
  const refused = once(a, "refused");
  a.on("invite", () => assert.fail("it rang"));
  const call = await b.invite(a.id);
  assert.equal((await refused).code, "E_ASSERTION");
  await until(() => call.state === "closed");
  a.close();
  b.close();
});

test("a peer that gets another key in the middle of a call is not believed", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call({ prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  await both(outgoing, incoming, "connected");
  const other = await Identity.load({ store: memoryStore(), RTCPeerConnection: FakePeerConnection });
  // Even one that the identity provider vouches for, and that signs well.
  const assertion = await room.provider.assertion("bob", { ...(await other.request()), mky: undefined });
  room.server.say(a.id, { t: "peer.joined", id: b.id, assertion });
  room.server.tamper = (message) => {
    if (message.t !== "sdp" || message.from !== b.id) return message.t === "ice" ? null : message;
    const { call, from, to, kind, seq, sdp } = message;
    const { room: name, ni, nr } = claimsOf(message.bind);
    const signing = signBinding(other, { room: name, call, from, to, kind, seq }, { sdp, ni, nr, now: room.clock.now() });
    signing.then((bind) => room.server.say(to, { ...message, bind }));
    return null;
  };
  const closed = once(outgoing, "closed");
  await incoming.addTrack(new FakeTrack("video"));
  const { error } = await closed;
  assert.deepEqual([error.code, error.detail], ["E_ASSERTION", "peer has another key than when the call began"]);
  a.close();
  b.close();
});

test("a peer that gets another certificate in the middle of a call is not believed", async () => {
  const room = await Room.make();
  // An assertion that names no certificates: only the call remembers.
  const tokens = async (request) => ({
    token: await room.provider.access("bob", { ...request, mky: undefined }),
    assertion: await room.provider.assertion("bob", { ...request, mky: undefined }),
  });
  const { a, b, outgoing, incoming } = await room.call({ bob: { tokens }, prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  await both(outgoing, incoming, "connected");
  await settled();
  const [, called] = lastTwo();
  called.configuration.certificates = [await FakePeerConnection.generateCertificate()];
  const closed = once(outgoing, "closed");
  await incoming.addTrack(new FakeTrack("video"));
  assert.equal((await closed).error.code, "E_BIND_FP");
  a.close();
  b.close();
});

test("a certificate in the connection that was not bound closes it, and nothing of it was handed out", async () => {
  const shown = [`sha-256 ${"00:".repeat(31)}00`, null];
  for (const print of shown) {
    const room = await Room.make();
    const { a, b, outgoing, incoming } = await room.call({
      prepare: async (call) => {
        await call.addTrack(new FakeTrack("audio"));
        // The caller's browser says that somebody else answered, or says nothing.
        FakePeerConnection.all.at(-1).shown = print;
        call.on("track", () => assert.fail("a track was handed out"));
      },
      answer: (call) => call.addTrack(new FakeTrack("audio")),
    });
    const closed = once(outgoing, "closed");
    const pc = FakePeerConnection.all.at(-2);
    await until(() => pc.connectionState !== "new", "a connection");
    await settled();
    await room.clock.advance(1_000);
    assert.equal((await closed).error.code, "E_MKY");
    await until(() => incoming.state === "closed");
    a.close();
    b.close();
  }
});

test("both may offer at once: one gives way, and both ends agree", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call({ prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  await both(outgoing, incoming, "connected");
  await settled();
  const before = descriptions(room).length;
  await Promise.all([outgoing.addTrack(new FakeTrack("video")), incoming.addTrack(new FakeTrack("video"))]);
  const [one, other] = lastTwo();
  await until(() => descriptions(room).length >= before + 4 && one.signalingState === "stable" && other.signalingState === "stable", "agreement");
  await settled();
  assert.deepEqual([outgoing.state, incoming.state], ["connected", "connected"]);
  const offers = descriptions(room).slice(before).filter(({ kind }) => kind === "offer");
  assert.ok(offers.length <= 4, `${offers.length} offers`);
  assert.ok(one.getTransceivers().length >= 2 && other.getTransceivers().length >= 2);
  a.close();
  b.close();
});

test("revoking stops at once, is signed, described anew, and the other side shows nothing more", async () => {
  const room = await Room.make();
  const track = new FakeTrack("video");
  const { a, b, outgoing, incoming } = await room.call({
    prepare: async (call) => {
      await call.addTrack(new FakeTrack("audio"));
      await call.addTrack(track);
    },
  });
  await both(outgoing, incoming, "connected");
  const [caller, called] = lastTwo();
  const revoked = once(incoming, "revoked");
  const before = descriptions(room).length;
  const revoking = a.revoke(["video"]);
  await settled(3);
  assert.equal(track.readyState, "ended");
  await revoking;
  assert.deepEqual((await revoked).scope, ["video"]);
  const video = called.getTransceivers().find(({ kind }) => kind === "video");
  assert.equal(video.receiver.track.enabled, false);
  await until(() => descriptions(room).length >= before + 2, "a new description");
  const offer = descriptions(room)[before];
  assert.match(offer.sdp, /m=video[^]*a=(recvonly|inactive)/);
  assert.match(offer.sdp, /m=audio[^]*a=sendrecv/);
  // It came without waiting for a clock: well within three seconds.
  assert.equal(caller.getTransceivers().find(({ kind }) => kind === "audio").sender.track.readyState, "live");
  await settled();
  assert.equal(video.receiver.track.enabled, false);
  // With new consent it is shown again.
  await outgoing.addTrack(new FakeTrack("video"));
  await until(() => video.receiver.track.enabled, "the picture again");
  a.close();
  b.close();
});

test("a description from before the revocation does not bring the picture back", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call({ prepare: (call) => call.addTrack(new FakeTrack("video")) });
  await both(outgoing, incoming, "connected");
  await settled();
  const [, called] = lastTwo();
  const video = called.getTransceivers().find(({ kind }) => kind === "video");
  // It arrives first, and is still being verified when the revocation comes.
  room.server.tamper = (message) => {
    if (message.t !== "sdp" || message.kind !== "offer") return message;
    room.server.say(message.to, message);
    room.server.say(message.to, { t: "peer.revoked", id: a.id, scope: ["video"] });
    return null;
  };
  const before = descriptions(room).length;
  await outgoing.addTrack(new FakeTrack("audio"));
  await until(() => descriptions(room).length >= before + 2, "an answer");
  await settled();
  assert.equal(video.receiver.track.enabled, false);
  room.server.tamper = (message) => message;
  await outgoing.addTrack(new FakeTrack("audio"));
  await until(() => video.receiver.track.enabled, "the picture, described anew");
  a.close();
  b.close();
});

test("a moderator's mute stops what is sent, and the next track asks again", async () => {
  const room = await Room.make();
  let asked = 0;
  const { a, b, outgoing, incoming } = await room.call({
    alice: { onConsent: async () => (asked += 1) > 0 },
    prepare: (call) => call.addTrack(new FakeTrack("audio")),
  });
  await both(outgoing, incoming, "connected");
  const stopped = once(outgoing, "stopped");
  await b.mute(a.id);
  const { scope, tracks } = await stopped;
  assert.deepEqual(scope, ["audio"]);
  assert.equal(tracks[0].readyState, "live");
  await settled();
  assert.equal(asked, 1);
  await outgoing.addTrack(new FakeTrack("audio"));
  assert.equal(asked, 2);
  a.close();
  b.close();
});

test("a camera may go while a screen stays, and both go when the server asks for either", async () => {
  const room = await Room.make();
  const [camera, screen] = [new FakeTrack("video"), new FakeTrack("video")];
  const { a, b, outgoing, incoming } = await room.call({
    prepare: async (call) => {
      await call.addTrack(camera);
      await call.addTrack(screen, { scope: "screen" });
    },
  });
  await both(outgoing, incoming, "connected");
  // Like the real server, which sees videos only: no word of a camera while a screen is consented to.
  const say = room.server.say.bind(room.server);
  room.server.say = (id, message) => (message.t === "media.stop" ? undefined : say(id, message));
  const before = descriptions(room).length;
  await a.revoke(["video"]);
  await until(() => descriptions(room).length >= before + 2, "a new description");
  assert.deepEqual([camera.readyState, screen.readyState], ["ended", "live"]);
  const directions = [...descriptions(room)[before].sdp.matchAll(/a=(sendrecv|recvonly|sendonly|inactive)/g)].map(([, direction]) => direction);
  assert.deepEqual(directions, ["recvonly", "sendrecv"]);
  assert.deepEqual(a.consented, ["screen"]);
  room.server.say = say;
  const stopped = once(outgoing, "stopped");
  room.server.say(a.id, { t: "media.stop", scope: ["video"], deadline_ms: 3000 });
  assert.deepEqual((await stopped).tracks, [screen]);
  assert.deepEqual(a.consented, []);
  await until(() => descriptions(room).length >= before + 4, "a description without");
  a.close();
  b.close();
});

test("a camera that goes on and off keeps its place in the description", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call({ prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  await both(outgoing, incoming, "connected");
  await settled();
  const lines = () => lastTwo().map((pc) => pc.getTransceivers().length);
  for (let n = 0; n < 5; n += 1) {
    await outgoing.addTrack(new FakeTrack("video"));
    await settled();
    await a.revoke(["video"]);
    await settled();
  }
  assert.deepEqual(lines(), [2, 2]);
  // Two at once are two places.
  await a.consent(["video", "screen"]);
  await Promise.all([outgoing.addTrack(new FakeTrack("video")), outgoing.addTrack(new FakeTrack("video"), { scope: "screen" })]);
  await settled();
  assert.deepEqual(lines(), [3, 3]);
  assert.deepEqual([outgoing.state, incoming.state], ["connected", "connected"]);
  a.close();
  b.close();
});

test("data that is not granted any more ends the calls that have it, and no others", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call({
    prepare: async (call) => {
      await call.addTrack(new FakeTrack("audio"));
      call.openChannel("chat");
    },
  });
  await both(outgoing, incoming, "connected");
  const ringing = once(b, "invite");
  const other = await a.invite(b.id);
  await other.addTrack(new FakeTrack("audio"));
  const second = await (await ringing).accept();
  await both(other, second, "connected");
  const closed = once(outgoing, "closed");
  room.server.say(a.id, { t: "media.stop", scope: ["data"], deadline_ms: 3000 });
  assert.equal((await closed).error.code, "E_GRANT");
  assert.equal(other.state, "connected");
  await until(() => incoming.state === "closed", "the other side");
  a.close();
  b.close();
});

test("nothing is sent without a grant or without consent", async () => {
  const room = await Room.make();
  const grants = { pub: ["audio"], sub: false, mod: false, rec: false };
  const { a, b, outgoing, incoming } = await room.call({
    alice: { claims: { grants }, onConsent: async (_, scope) => !scope.includes("audio") },
  });
  await assert.rejects(outgoing.addTrack(new FakeTrack("video")), { code: "E_GRANT", detail: "publish video" });
  await assert.rejects(outgoing.addTrack(new FakeTrack("video"), { scope: "screen" }), { code: "E_GRANT" });
  assert.throws(() => outgoing.openChannel("chat"), { code: "E_GRANT" });
  await assert.rejects(outgoing.addTrack(new FakeTrack("audio")), { code: "E_CONSENT_REFUSED" });
  assert.equal(lastTwo()[0].getTransceivers().length, 0);
  assert.equal(incoming.state, "connecting");
  a.close();
  b.close();
});

test("who may not subscribe does not offer to receive", async () => {
  const room = await Room.make();
  const grants = { pub: ["audio"], sub: false, mod: false, rec: false };
  const { a, b, outgoing, incoming } = await room.call({ alice: { claims: { grants } }, prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  await both(outgoing, incoming, "connected");
  assert.match(descriptions(room)[0].sdp, /a=sendonly/);
  a.close();
  b.close();
});

test("who has nothing to send offers to receive", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call();
  await both(outgoing, incoming, "connected");
  assert.match(descriptions(room)[0].sdp, /m=audio[^]*a=recvonly[^]*m=video[^]*a=recvonly/);
  a.close();
  b.close();
});

test("under `relay` the browser is told so, and direct candidates are neither sent nor taken", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call({ alice: { claims: { ice: "relay" } }, prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  const refused = once(outgoing, "refused");
  const [caller, called] = lastTwo();
  assert.equal(caller.configuration.iceTransportPolicy, "relay");
  assert.equal(called.configuration.iceTransportPolicy, "all");
  assert.equal(caller.configuration.bundlePolicy, "max-bundle");
  assert.equal((await refused).code, "E_CAND_RELAY_ONLY");
  await both(outgoing, incoming, "connected");
  await settled();
  assert.deepEqual(caller.candidates.filter((candidate) => candidate !== ""), []);
  const sent = room.server.log.filter(({ t, to }) => t === "ice" && to === b.id).map(({ cand }) => cand);
  assert.deepEqual(sent, [""]);
  a.close();
  b.close();
});

test("a server that loosens the token's policy is not followed", async () => {
  const room = await Room.make();
  room.server.welcome = { ice: "all" };
  const session = await room.join("alice", { claims: { ice: "relay" } });
  assert.equal(session.icePolicy, "relay");
  session.close();
});

test("a description that the server refuses ends the call with the server's code", async () => {
  const room = await Room.make();
  room.server.answer = ({ t, seq }) => (t === "sdp" ? { t: "error", code: "E_CONSENT", detail: "audio", ref: seq } : undefined);
  const { a, b, outgoing } = await room.call({ prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  assert.equal((await once(outgoing, "closed")).error.code, "E_CONSENT");
  assert.deepEqual(a.consented, []);
  a.close();
  b.close();
});

test("invitations are declined, taken back, left alone, and end with their peer", async () => {
  const room = await Room.make();
  const [a, b] = [await room.join("alice"), await room.join("bob")];
  const next = () => once(b, "invite");
  let ringing = next();
  const declined = await a.invite(b.id);
  (await ringing).decline();
  assert.equal((await once(declined, "closed")).error.code, "E_DECLINED");

  ringing = next();
  const taken = await a.invite(b.id);
  const invitation = await ringing;
  const ended = once(b, "invite-ended");
  taken.close();
  assert.equal((await ended).invitation, invitation);
  await assert.rejects(invitation.accept(), { code: "E_CLOSED" });

  ringing = next();
  const alone = await a.invite(b.id);
  await ringing;
  const unanswered = once(alone, "closed");
  await room.clock.advance(61_000);
  assert.match((await unanswered).error.code, /^E_(TIMEOUT|DECLINED)$/);

  const left = await a.invite(b.id);
  const gone = once(left, "closed");
  b.close();
  assert.equal((await gone).error.code, "E_CLOSED");
  a.close();
});

test("a peer that rings without end is declined", async () => {
  const room = await Room.make();
  const [a, b] = [await room.join("alice"), await room.join("bob")];
  let rang = 0;
  b.on("invite", () => {
    rang += 1;
  });
  await a.invite(b.id);
  for (let n = 0; n < 40; n += 1) {
    room.server.say(b.id, { from: a.id, t: "invite", seq: 1_000 + n, to: b.id, call: `c${n}`, commit: "x" });
  }
  await settled();
  assert.equal(rang, 32);
  a.close();
  b.close();
});

test("descriptions before acceptance, of no call, or for others do nothing", async () => {
  const room = await Room.make();
  const [a, b] = [await room.join("alice"), await room.join("bob")];
  const before = FakePeerConnection.all.length;
  const ringing = once(b, "invite");
  const call = await a.invite(b.id);
  const { call: id } = await ringing;
  const sdp = { from: a.id, t: "sdp", to: b.id, call: id, kind: "offer", sdp: "v=0\r\n", bind: "x" };
  room.server.say(b.id, { ...sdp, seq: 900 });
  room.server.say(b.id, { ...sdp, seq: 901, call: "unknown" });
  b.on("invite", () => assert.fail("an invitation for somebody else rang"));
  room.server.say(b.id, { from: a.id, t: "invite", seq: 902, to: "somebody", call: "other", commit: "x" });
  const closed = once(call, "closed");
  room.server.say(a.id, { ...sdp, from: b.id, to: a.id, seq: 903 });
  assert.equal((await closed).error.code, "E_NOT_ACCEPTED");
  await settled();
  assert.equal(FakePeerConnection.all.length, before + 1);
  a.close();
  b.close();
});

test("a path that breaks is looked for again, and not for ever", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call({ prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  await both(outgoing, incoming, "connected");
  const [caller] = lastTwo();
  caller.become("failed");
  assert.equal(caller.restarts, 1);
  caller.become("connected");
  await settled();
  await room.clock.advance(21_000);
  assert.equal(outgoing.state, "connected");
  caller.become("failed");
  const closed = once(outgoing, "closed");
  await room.clock.advance(21_000);
  assert.equal((await closed).error.code, "E_ICE");
  a.close();
  b.close();
});

test("after a call is over nothing of it is left", async () => {
  const room = await Room.make();
  const { a, b, outgoing, incoming } = await room.call({ prepare: (call) => call.addTrack(new FakeTrack("audio")) });
  await both(outgoing, incoming, "connected");
  outgoing.close();
  await until(() => incoming.state === "closed", "the other side");
  assert.deepEqual([a.calls, b.calls], [[], []]);
  assert.deepEqual(lastTwo().map(({ signalingState }) => signalingState), ["closed", "closed"]);
  await assert.rejects(outgoing.addTrack(new FakeTrack("audio")), { code: "E_CLOSED" });
  assert.equal((await outgoing.security()).fingerprintBound, false);
  a.close();
  b.close();
  await room.clock.advance(120_000);
  assert.equal(room.clock.pending, 0);
});
