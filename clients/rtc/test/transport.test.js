import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeFrame, FrameReader } from "../src/transport/frames.js";
import { addresses, openFirst } from "../src/transport/open.js";
import { MAX_MESSAGE, MAX_RECEIVED, MAX_WAITING, Transport } from "../src/transport/transport.js";
import { openWebSocket } from "../src/transport/websocket.js";
import { openWebTransport } from "../src/transport/webtransport.js";
import { FakeClock, settled } from "../support/clock.js";

test("frames of any size come out of pieces of any size", () => {
  const texts = ["", "a", "ä€𝄞", "x".repeat(MAX_MESSAGE), "{}"];
  const bytes = new Uint8Array(texts.flatMap((text) => [...encodeFrame(text)]));
  for (const size of [1, 2, 3, 5, 4096, bytes.length]) {
    const reader = new FrameReader();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...reader.push(bytes.subarray(at, at + size)));
    assert.deepEqual(found, texts, `in pieces of ${size}`);
  }
});

test("a frame that is too long is refused by its length, before its bytes come", () => {
  const head = (length) => new Uint8Array([length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]);
  assert.deepEqual(new FrameReader().push(head(MAX_RECEIVED)), []);
  for (const length of [MAX_RECEIVED + 1, 0xffff_ffff]) {
    assert.throws(() => new FrameReader().push(head(length)), { code: "E_LIMIT" });
  }
});

test("a frame that is not UTF-8 is refused", () => {
  assert.throws(() => new FrameReader().push(Uint8Array.of(0, 0, 0, 1, 0xff)));
});

class Bare extends Transport {
  written = [];
  shut = null;
  _write(text) {
    this.written.push(text);
  }
  _shut(code) {
    this.shut = code;
  }
}

test("what arrives while nobody listens is kept in order, up to a bound", () => {
  const transport = new Bare();
  transport._deliver("1");
  transport._deliver("2");
  const heard = [];
  const listener = { message: (text) => heard.push(text), close: (end) => heard.push(end.code) };
  transport.listen({
    ...listener,
    message: (text) => {
      heard.push(text);
      transport.listen(null);
    },
  });
  transport._deliver("3");
  transport._end({ code: 1006, reason: "" });
  assert.deepEqual(heard, ["1"]);
  transport.listen(listener);
  assert.deepEqual(heard, ["1", "2", "3", 1006]);
  transport._end({ code: 1000, reason: "" });
  assert.deepEqual(heard, ["1", "2", "3", 1006]);

  const flooded = new Bare();
  for (let n = 0; n <= MAX_WAITING; n += 1) flooded._deliver("x");
  assert.equal(flooded.shut, 1009);
});

test("messages over 64 KiB are not sent, and those over 256 KiB not read", () => {
  const transport = new Bare();
  transport.send("x".repeat(MAX_MESSAGE));
  assert.throws(() => transport.send("x".repeat(MAX_MESSAGE + 1)), { code: "E_LIMIT" });
  assert.throws(() => transport.send("€".repeat(MAX_MESSAGE / 3 + 1)), { code: "E_LIMIT" });
  assert.equal(transport.written.length, 1);
  transport._deliver("x".repeat(MAX_RECEIVED));
  assert.equal(transport.shut, null);
  transport._deliver("x".repeat(MAX_RECEIVED + 1));
  assert.equal(transport.shut, 1009);
});

class FakeSocket {
  static made = [];
  protocol = "";
  sent = [];
  constructor(url, protocols) {
    Object.assign(this, { url: String(url), protocols });
    FakeSocket.made.push(this);
  }
  send(text) {
    this.sent.push(text);
  }
  close(code) {
    this.closed = code;
    this.onclose({ code, reason: "" });
  }
}

test("a WebSocket counts as open under the subprotocol only", async () => {
  const opening = openWebSocket("wss://signal.example/v1/ws", { WebSocket: FakeSocket });
  const socket = FakeSocket.made.at(-1);
  assert.deepEqual(socket.protocols, ["corsac.signal.v1"]);
  socket.protocol = "corsac.signal.v1";
  socket.onopen();
  const transport = await opening;
  transport.send("hello");
  assert.deepEqual(socket.sent, ["hello"]);
  const ends = [];
  transport.listen({ message: () => {}, close: ({ code }) => ends.push(code) });
  socket.onmessage({ data: new ArrayBuffer(1) });
  assert.equal(socket.closed, 4007);
  assert.deepEqual(ends, [4007]);

  const other = openWebSocket("wss://signal.example/v1/ws", { WebSocket: FakeSocket });
  FakeSocket.made.at(-1).onopen();
  await assert.rejects(other, { code: "E_TRANSPORT" });
  const refused = openWebSocket("wss://signal.example/v1/ws", { WebSocket: FakeSocket });
  FakeSocket.made.at(-1).onclose({ code: 1006, reason: "" });
  await assert.rejects(refused, { code: "E_TRANSPORT" });
});

/** A WebTransport whose far end is a pair of streams. */
function webTransport() {
  const [up, down] = [new TransformStream(), new TransformStream()];
  const made = {};
  const WebTransport = class {
    ready = Promise.resolve();
    constructor(url, options) {
      Object.assign(made, { url, options, connection: this });
      this.closed = new Promise((resolve) => {
        this.close = (info) => resolve({ closeCode: info?.closeCode, reason: info?.reason });
      });
    }
    async createBidirectionalStream() {
      return { readable: down.readable, writable: up.writable };
    }
  };
  return { made, WebTransport, writer: down.writable.getWriter(), reader: up.readable.getReader() };
}

test("WebTransport carries frames on one stream, and keeps the close code", async () => {
  const hash = { algorithm: "sha-256", value: new Uint8Array(32) };
  const { made, WebTransport, writer, reader } = webTransport();
  const transport = await openWebTransport("https://signal.example/v1/wt", { WebTransport, serverCertificateHashes: [hash] });
  assert.deepEqual(made.options.serverCertificateHashes, [hash]);
  const heard = [];
  transport.listen({ message: (text) => heard.push(text), close: ({ code }) => heard.push(code) });
  const frame = encodeFrame("hello");
  await writer.write(frame.subarray(0, 3));
  await writer.write(frame.subarray(3));
  transport.send("back");
  assert.deepEqual((await reader.read()).value, encodeFrame("back"));
  made.connection.close({ closeCode: 4011, reason: "" });
  await settled(2);
  assert.deepEqual(heard, ["hello", 4011]);
});

test("an error that is on its way arrives, also when writing is refused already", async () => {
  const { made, WebTransport, writer, reader } = webTransport();
  const transport = await openWebTransport("https://signal.example/v1/wt", { WebTransport });
  const heard = [];
  transport.listen({ message: (text) => heard.push(text), close: ({ code }) => heard.push(code) });
  await reader.cancel(new Error("stopped"));
  transport.send("into nothing");
  await settled(2);
  await writer.write(encodeFrame("error"));
  await writer.close();
  made.connection.close({ closeCode: 4010, reason: "" });
  await settled(2);
  assert.deepEqual(heard, ["error", 4010]);
});

test("a frame that is too long ends a WebTransport", async () => {
  const { made, WebTransport, writer } = webTransport();
  const transport = await openWebTransport("https://signal.example/v1/wt", { WebTransport });
  const ends = [];
  transport.listen({ message: () => {}, close: ({ code }) => ends.push(code) });
  await writer.write(Uint8Array.of(0, 4, 0, 1));
  await settled(2);
  assert.deepEqual(ends, [1009]);
  assert.equal((await made.connection.closed).closeCode, 1009);
});

test("a browser without WebTransport takes the next address", async () => {
  const list = addresses(["https://signal.example/v1/wt", "wss://signal.example/v1/ws"]);
  const opening = openFirst(list, { clock: new FakeClock(), WebSocket: FakeSocket, WebTransport: null });
  await settled(2);
  const socket = FakeSocket.made.at(-1);
  socket.protocol = "corsac.signal.v1";
  socket.onopen();
  assert.ok(await opening);
});

test("one that does not open in time is given up, and closed if it opens after all", async () => {
  const clock = new FakeClock();
  const opening = openFirst(addresses("wss://signal.example/v1/ws"), { clock, WebSocket: FakeSocket });
  const late = assert.rejects(opening, { code: "E_TIMEOUT" });
  await clock.advance(9_000);
  await late;
  const socket = FakeSocket.made.at(-1);
  socket.protocol = "corsac.signal.v1";
  socket.onopen();
  await settled(2);
  assert.equal(socket.closed, 1000);
});
