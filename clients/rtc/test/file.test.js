import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import { Channel, FILE_PROTOCOL, MAX_CHANNEL_MESSAGE, MAX_UNSENT } from "../src/data/channel.js";
import { CHUNK, safeName, safeType, WINDOW } from "../src/data/file-protocol.js";
import { FileReceiver } from "../src/data/file-receiver.js";
import { sendFile } from "../src/data/file-sender.js";
import { Sha256 } from "../src/data/sha256.js";
import { once, settled, until } from "../support/clock.js";
import { channelPair } from "../support/fake-rtc.js";

const MIB = 1_048_576;

function pair() {
  const [one, other] = channelPair({ protocol: FILE_PROTOCOL });
  return { raw: [one, other], sender: new Channel(one), receiver: new FileReceiver(new Channel(other)) };
}

function hashOf(bytes) {
  return createHash("sha256").update(bytes).digest("base64url");
}

/** A source of `size` bytes that does not exist as a whole. */
function endless(size, made) {
  let left = size;
  const stream = new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      const piece = new Uint8Array(Math.min(left, 100_000)).fill(left & 255);
      left -= piece.length;
      made.hash.update(piece);
      made.bytes += piece.length;
      return controller.enqueue(piece);
    },
  });
  return { stream, size };
}

test("SHA-256 piece by piece agrees with another implementation", () => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1_000, 70_000]) {
    const bytes = randomBytes(length);
    for (const step of [1, 7, 64, 100_000]) {
      const hash = new Sha256();
      for (let at = 0; at < length; at += step) hash.update(bytes.subarray(at, at + step));
      assert.equal(Buffer.from(hash.digest()).toString("base64url"), hashOf(bytes), `${length} bytes in steps of ${step}`);
    }
  }
});

test("100 MB arrive intact, with a window at most in memory", async () => {
  const { raw, sender, receiver } = pair();
  const size = 100_000_000;
  const made = { hash: createHash("sha256"), bytes: 0 };
  const taken = { hash: createHash("sha256"), bytes: 0 };
  let [most, buffered] = [0, 0];
  const writable = new WritableStream({
    write(piece) {
      taken.hash.update(piece);
      taken.bytes += piece.length;
      most = Math.max(most, made.bytes - taken.bytes);
      buffered = Math.max(buffered, raw[0].bufferedAmount);
    },
  });
  const progress = [];
  const sending = sendFile(sender, endless(size, made), { name: "big.bin", onProgress: (sent) => progress.push(sent) });
  await receiver.announced;
  assert.deepEqual([receiver.name, receiver.size], ["big.bin", size]);
  const received = await receiver.accept({ writable });
  const sent = await sending;
  const expected = made.hash.digest("base64url");
  assert.equal(taken.hash.digest("base64url"), expected);
  assert.deepEqual([received.sha256, sent.sha256, received.blob], [expected, expected, null]);
  assert.deepEqual([taken.bytes, progress.at(-1)], [size, size]);
  assert.ok(most <= WINDOW + 2 * MIB, `${most} bytes under way`);
  assert.ok(buffered <= MIB + CHUNK, `${buffered} bytes in the browser's buffer`);
});

test("a Blob arrives as a Blob, empty ones too", async () => {
  for (const size of [0, 1, CHUNK, CHUNK + 1, 3 * MIB + 5]) {
    const { sender, receiver } = pair();
    const bytes = randomBytes(size);
    const sending = sendFile(sender, new Blob([bytes], { type: "image/png" }), { name: "a.png" });
    await receiver.announced;
    const { blob, sha256 } = await receiver.accept();
    await sending;
    assert.equal(sha256, hashOf(bytes));
    assert.equal(blob.type, "image/png");
    assert.deepEqual(Buffer.from(await blob.arrayBuffer()), bytes);
  }
});

test("a writer that is slow holds the sender back", async () => {
  const { sender, receiver } = pair();
  const made = { hash: createHash("sha256"), bytes: 0 };
  let go;
  const gate = new Promise((resolve) => {
    go = resolve;
  });
  const sending = sendFile(sender, endless(20 * MIB, made));
  await receiver.announced;
  const receiving = receiver.accept({ writable: new WritableStream({ write: () => gate }) });
  await settled(200);
  assert.ok(made.bytes <= WINDOW + MIB, `${made.bytes} bytes were read`);
  go();
  await Promise.all([sending, receiving]);
  assert.equal(made.bytes, 20 * MIB);
});

test("what was changed on the way is found by its hash, on both sides", async () => {
  const { raw, sender, receiver } = pair();
  const onmessage = raw[1].onmessage;
  raw[1].onmessage = ({ data }) => {
    if (typeof data !== "string") new Uint8Array(data)[7] ^= 1;
    onmessage({ data });
  };
  const sending = assert.rejects(sendFile(sender, new Blob([randomBytes(100_000)])), { code: "E_FILE_HASH" });
  await receiver.announced;
  await assert.rejects(receiver.accept(), { code: "E_FILE_HASH" });
  await sending;
});

test("a file may be declined, given up by either side, or be too large", async () => {
  let { sender, receiver } = pair();
  let sending = assert.rejects(sendFile(sender, new Blob(["x"])), { code: "E_FILE_DECLINED" });
  (await receiver.announced).decline();
  await sending;

  ({ sender, receiver } = pair());
  sending = assert.rejects(sendFile(sender, new Blob(["xyz"])), { code: "E_FILE_SIZE" });
  await receiver.announced;
  await assert.rejects(receiver.accept({ maxBytes: 2 }), { code: "E_FILE_SIZE" });
  await sending;

  ({ sender, receiver } = pair());
  const abort = new AbortController();
  sending = assert.rejects(sendFile(sender, new Blob([randomBytes(10 * MIB)]), { signal: abort.signal }), { code: "E_CLOSED" });
  await receiver.announced;
  let aborted = null;
  const writable = new WritableStream({ write: () => abort.abort(), abort: (reason) => (aborted = reason) });
  await assert.rejects(receiver.accept({ writable }), { code: "E_CLOSED" });
  await sending;
  assert.equal(aborted.code, "E_CLOSED");

  ({ sender, receiver } = pair());
  sending = assert.rejects(sendFile(sender, new Blob(["x"])), { code: "E_CLOSED" });
  await receiver.announced;
  sender.close();
  await sending;
});

test("a source that lies about its size is not passed on as whole", async () => {
  for (const size of [5, 7]) {
    const { sender, receiver } = pair();
    const stream = new Blob(["six by"]).stream();
    const sending = assert.rejects(sendFile(sender, { stream, size }), { code: "E_FILE_SIZE" });
    await receiver.announced;
    await assert.rejects(receiver.accept(), (error) => ["E_FILE_SIZE", "E_CLOSED"].includes(error.code));
    await sending;
  }
});

test("a sender that does not keep to the protocol is cut off, and its bytes are not kept", async () => {
  const file = (size) => JSON.stringify({ t: "file", name: "x", size, type: "" });
  const bytes = new Uint8Array(CHUNK);
  const wrong = [
    [["nonsense"], "E_JSON"],
    [["{}"], "E_JSON"],
    [[file(-1)], "E_FILE_SIZE"],
    [[file(2 ** 41)], "E_FILE_SIZE"],
    [[bytes], "E_JSON"],
    [[JSON.stringify({ t: "file", name: "x".repeat(3_000), size: 1, type: "" })], "E_JSON"],
  ];
  for (const [messages, code] of wrong) {
    const { sender, receiver } = pair();
    for (const message of messages) await sender.send(message);
    await assert.rejects(receiver.announced, { code });
  }
  const afterwards = [
    [[file(1)], "E_JSON"],
    [[bytes], "E_FILE_SIZE"],
    [[JSON.stringify({ t: "end", sha256: "x" })], "E_FILE_SIZE"],
  ];
  for (const [messages, code] of afterwards) {
    const { sender, receiver } = pair();
    await sender.send(file(9));
    await receiver.announced;
    const accepted = assert.rejects(receiver.accept(), { code });
    for (const message of messages) await sender.send(message);
    await accepted;
  }
});

test("more under way than was agreed is refused", async () => {
  const { sender, receiver } = pair();
  await sender.send(JSON.stringify({ t: "file", name: "x", size: 100 * MIB, type: "" }));
  await receiver.announced;
  const accepted = assert.rejects(receiver.accept({ writable: new WritableStream({ write: () => new Promise(() => {}) }) }), { code: "E_LIMIT" });
  const bytes = new Uint8Array(CHUNK);
  for (let n = 0; n < 100; n += 1) await sender.send(bytes);
  await accepted;
});

test("names and types are safe to show and to save", async () => {
  assert.equal(safeName("report.pdf"), "report.pdf");
  assert.equal(safeName("../../etc/passwd"), "_.._etc_passwd");
  assert.equal(safeName("C:\\x\u202egpj.exe"), "C__x_gpj.exe");
  assert.equal(safeName("..."), "file");
  assert.equal(safeName(undefined), "file");
  assert.equal(safeName("x".repeat(300)).length, 255);
  assert.equal(safeType("image/png"), "image/png");
  assert.equal(safeType("image/png; x=<script>"), "");
  for (const type of ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript"]) {
    const { sender, receiver } = pair();
    const sending = sendFile(sender, new Blob(["x"], { type }));
    await receiver.announced;
    assert.equal((await receiver.accept()).blob.type, "application/octet-stream");
    await sending;
  }
});

test("a channel waits for room, keeps the order, and bounds what a program piles up", async () => {
  const [one, other] = channelPair({});
  const [sender, receiver] = [new Channel(one), new Channel(other)];
  const heard = [];
  receiver.on("message", (data) => heard.push(typeof data === "string" ? data : data.byteLength));
  const piece = new Uint8Array(MAX_CHANNEL_MESSAGE);
  const sends = [];
  for (let n = 0; n < MAX_UNSENT / MAX_CHANNEL_MESSAGE; n += 1) sends.push(sender.send(piece));
  await assert.rejects(sender.send("x"), { code: "E_LIMIT" });
  assert.ok(one.bufferedAmount <= MIB + MAX_CHANNEL_MESSAGE);
  await Promise.all(sends);
  await sender.send("last");
  await until(() => heard.length === sends.length + 1);
  assert.equal(heard.at(-1), "last");
  await assert.rejects(sender.send(new Uint8Array(MAX_CHANNEL_MESSAGE + 1)), { code: "E_LIMIT" });
  await assert.rejects(sender.send("€".repeat(30_000)), { code: "E_LIMIT" });
});

test("what comes before anybody listens is kept up to a bound; too much closes the channel", async () => {
  let [one, other] = channelPair({});
  let receiver = new Channel(other);
  other.onmessage({ data: "early" });
  const heard = [];
  receiver.on("message", (data) => heard.push(data));
  other.onmessage({ data: "late" });
  assert.deepEqual(heard, ["early", "late"]);

  [one, other] = channelPair({});
  receiver = new Channel(other);
  const closed = once(receiver, "close");
  for (let n = 0; n < 17; n += 1) other.onmessage({ data: new ArrayBuffer(MAX_CHANNEL_MESSAGE) });
  await closed;

  [one, other] = channelPair({});
  receiver = new Channel(other);
  other.onmessage({ data: "x".repeat(MAX_CHANNEL_MESSAGE + 1) });
  assert.equal(receiver.isClosed, true);
  assert.equal(one.readyState, "closed");
});

test("nothing is sent before the peer is known, and never if it is another", async () => {
  const [one, other] = channelPair({});
  let known;
  const trusted = new Promise((resolve, reject) => {
    known = { resolve, reject };
  });
  const sender = new Channel(one, { trusted });
  const heard = [];
  new Channel(other).on("message", (data) => heard.push(data));
  const sending = sender.send("secret");
  await settled();
  assert.deepEqual(heard, []);
  known.reject(Object.assign(new Error("other"), { code: "E_MKY" }));
  await assert.rejects(sending, { code: "E_MKY" });
  await settled();
  assert.deepEqual(heard, []);
});
