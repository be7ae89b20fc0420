// As much of RFC 6455 as a browser on the same machine needs: text frames, whole or in pieces, and closes.

import { createHash } from "node:crypto";

import { Transport } from "../src/transport/transport.js";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const [CONTINUATION, TEXT, CLOSE, PING, PONG] = [0, 1, 8, 9, 10];

/** The server's end of a WebSocket, which gives what it hears to a `FakeServer`. */
class SocketTransport extends Transport {
  #socket;
  #server;
  #bytes = Buffer.alloc(0);
  #parts = [];

  constructor(socket, server) {
    super();
    this.#socket = socket;
    this.#server = server;
    socket.on("data", (bytes) => this.#take(bytes));
    socket.on("close", () => server.gone(this, 1006));
    socket.on("error", () => socket.destroy());
  }

  // The fake server speaks by `_deliver` and hears by `heard`: seen from here that is writing.
  _deliver(text) {
    this.#frame(TEXT, Buffer.from(text));
  }

  _end({ code }) {
    const reason = Buffer.alloc(2);
    reason.writeUInt16BE(code === 1006 ? 1001 : code);
    this.#frame(CLOSE, reason);
    this.#socket.end();
  }

  #frame(opcode, payload) {
    if (this.#socket.destroyed) return;
    const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255];
    const head = payload.length < 65_536 ? [0x80 | opcode, ...length] : [0x80 | opcode, 127, 0, 0, 0, 0, 0, payload.length >> 16, (payload.length >> 8) & 255, payload.length & 255];
    this.#socket.write(Buffer.concat([Buffer.from(head), payload]));
  }

  #take(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (let frame = read(this.#bytes); frame; frame = read(this.#bytes)) {
      this.#bytes = this.#bytes.subarray(frame.size);
      this.#hear(frame);
    }
  }

  #hear({ opcode, isLast, payload }) {
    if (opcode === CLOSE) {
      this.#server.gone(this, 1000);
      this.#socket.end();
    } else if (opcode === PING) this.#frame(PONG, payload);
    else if (opcode === TEXT || opcode === CONTINUATION) {
      this.#parts.push(payload);
      if (isLast) this.#server.heard(this, Buffer.concat(this.#parts.splice(0)).toString());
    }
  }
}

function read(bytes) {
  if (bytes.length < 6) return null;
  let [length, at] = [bytes[1] & 0x7f, 2];
  if (length === 126) [length, at] = [bytes.readUInt16BE(2), 4];
  else if (length === 127) {
    if (bytes.length < 14) return null;
    [length, at] = [Number(bytes.readBigUInt64BE(2)), 10];
  }
  if (bytes.length < at + 4 + length) return null;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length).map((byte, n) => byte ^ mask[n & 3]));
  return { opcode: bytes[0] & 15, isLast: (bytes[0] & 128) !== 0, payload, size: at + 4 + length };
}

/** Answers an upgrade of `node:http`. */
export function accept(request, socket, server) {
  const key = createHash("sha1").update(request.headers["sec-websocket-key"] + GUID).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${key}`, `Sec-WebSocket-Protocol: ${request.headers["sec-websocket-protocol"]}`];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  server.serve(new SocketTransport(socket, server));
}
