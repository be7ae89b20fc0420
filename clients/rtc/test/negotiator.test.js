import assert from "node:assert/strict";
import { test } from "node:test";

import { Negotiator } from "../src/call/negotiator.js";
import { settled } from "../support/clock.js";
import { FakePeerConnection } from "../support/fake-rtc.js";

const DIGITS = new Array(32).fill("AB").join(":");
const OFFER = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:0",
  "a=sendrecv",
  "a=ice-ufrag:far",
  `a=fingerprint:sha-256 ${DIGITS}`,
  "a=candidate:1 1 udp 1 1.1.1.1 9000 typ host",
  "a=candidate:2 1 udp 1 1.1.1.1 9000 typ relay",
  "a=candidate:3 1 udp 1 printer.local 9000 typ host",
  "",
].join("\r\n");

async function make(changes = {}) {
  const pc = new FakePeerConnection({ certificates: [await FakePeerConnection.generateCertificate()] });
  const told = { sent: [], refused: [], failed: [], verified: 0 };
  const hooks = {
    polite: true,
    policy: () => "all",
    prepare: () => {},
    sendDescription: async (kind) => told.sent.push(kind),
    sendCandidate: () => {},
    verify: async () => {
      told.verified += 1;
    },
    applied: async () => {},
    refused: (code) => told.refused.push(code),
    fail: ({ code }) => told.failed.push(code),
    ...changes,
  };
  return { pc, told, negotiator: new Negotiator(pc, hooks) };
}

test("candidates in a verified description are held against the policy like any others", async () => {
  const cases = { all: ["1 1 udp", "2 1 udp"], relay: ["2 1 udp"] };
  for (const [policy, kept] of Object.entries(cases)) {
    const { pc, negotiator } = await make({ policy: () => policy });
    negotiator.description({ kind: "offer", sdp: OFFER });
    await settled();
    const found = [...pc.remoteDescription.sdp.matchAll(/a=candidate:(\d+ 1 udp)/g)].map(([, one]) => one);
    assert.deepEqual(found, kept, policy);
  }
});

test("nothing is applied while a description is being verified, or when it fails", async () => {
  let go;
  const gate = new Promise((resolve, reject) => {
    go = { resolve, reject };
  });
  const { pc, told, negotiator } = await make({ verify: () => gate });
  negotiator.description({ kind: "offer", sdp: OFFER });
  negotiator.candidate({ cand: "candidate:1 1 udp 1 1.1.1.1 9000 typ host", mid: "0" });
  await settled();
  assert.deepEqual([pc.remoteDescription, pc.candidates], [null, []]);
  go.reject(Object.assign(new Error("no"), { code: "x" }));
  await settled();
  assert.equal(pc.remoteDescription, null);
  assert.equal(told.failed.length, 1);
});

test("the invited side does not offer before it was offered to", async () => {
  const { pc, told, negotiator } = await make();
  pc.addTransceiver("audio", { direction: "recvonly" });
  negotiator.negotiate({ forced: true });
  await settled();
  assert.deepEqual(told.sent, []);
  negotiator.description({ kind: "offer", sdp: OFFER });
  await settled();
  assert.equal(told.sent[0], "answer");
  negotiator.negotiate({ forced: true });
  await settled();
  assert.equal(told.sent.at(-1), "offer");
});

test("a description that has to be made waits for the one that is under way", async () => {
  const { pc, told, negotiator } = await make();
  negotiator.start();
  await settled();
  assert.deepEqual(told.sent, ["offer"]);
  negotiator.negotiate({ forced: true });
  await settled();
  assert.deepEqual(told.sent, ["offer"]);
  negotiator.description({ kind: "answer", sdp: OFFER });
  await settled();
  assert.deepEqual(told.sent, ["offer", "offer"]);
  assert.equal(pc.signalingState, "have-local-offer");
});

test("when both offer the polite side gives way and offers again, the other goes on", async () => {
  for (const polite of [true, false]) {
    const { pc, told, negotiator } = await make({ polite });
    negotiator.start();
    await settled();
    negotiator.description({ kind: "offer", sdp: OFFER });
    await settled();
    assert.equal(told.verified, 1);
    assert.deepEqual(told.sent, polite ? ["offer", "answer", "offer"] : ["offer"]);
    assert.equal(pc.signalingState, "have-local-offer");
  }
});

test("an answer to an offer that was rolled back is verified and left alone", async () => {
  const { pc, told, negotiator } = await make();
  negotiator.description({ kind: "answer", sdp: OFFER });
  await settled();
  assert.equal(told.verified, 1);
  assert.deepEqual([pc.remoteDescription, told.failed], [null, []]);
});

test("candidates are bounded for each description, and what waits is bounded at all", async () => {
  const { pc, told, negotiator } = await make();
  negotiator.description({ kind: "offer", sdp: OFFER });
  const one = { cand: "candidate:1 1 udp 1 1.1.1.1 9000 typ host", mid: "0" };
  for (let n = 0; n < 140; n += 1) negotiator.candidate(one);
  await settled();
  assert.equal(pc.candidates.length, 128);
  assert.deepEqual(told.refused, new Array(12).fill("E_LIMIT"));
  for (let n = 0; n < 257; n += 1) negotiator.candidate(one);
  assert.deepEqual(told.failed, ["E_LIMIT"]);
  await settled();
});
