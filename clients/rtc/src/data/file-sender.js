// Sends one file: a window at most under way, and hashed as it goes.

import { demand, RtcError } from "../errors.js";
import { encode } from "../jose/base64url.js";
import { CHUNK, readControl, safeName, safeType, WINDOW } from "./file-protocol.js";
import { Sha256 } from "./sha256.js";

// Bytes that are read from a Blob at once.
const READ = 1_048_576;

/**
 * Sends `source` over `channel`; resolves with its SHA-256 when the peer has it.
 * @param {import("./channel.js").Channel} channel
 * @param {Blob | {stream: ReadableStream<Uint8Array>, size: number}} source
 * @param {{name?: string, type?: string, onProgress?: (sent: number, size: number) => void, signal?: AbortSignal}} [options]
 */
export async function sendFile(channel, source, { name = source.name, type = source.type, onProgress = () => {}, signal } = {}) {
  const answers = new Answers(channel, signal);
  try {
    await channel.send(JSON.stringify({ t: "file", name: safeName(name), size: source.size, type: safeType(type) }));
    await answers.until(() => answers.isAccepted);
    const hash = new Sha256();
    let sent = 0;
    for await (const piece of pieces(source)) {
      sent += piece.length;
      demand(sent <= source.size, "E_FILE_SIZE", "source has more bytes than it said");
      await answers.until(() => sent - answers.got <= WINDOW);
      hash.update(piece);
      await channel.send(piece);
      onProgress(sent, source.size);
    }
    demand(sent === source.size, "E_FILE_SIZE", "source has fewer bytes than it said");
    const sha256 = encode(hash.digest());
    await channel.send(JSON.stringify({ t: "end", sha256 }));
    await answers.until(() => answers.isDone);
    return { sha256, size: sent };
  } finally {
    answers.stop();
    channel.close();
  }
}

/** What the receiver said so far. */
class Answers {
  isAccepted = false;
  isDone = false;
  got = 0;
  #failure = null;
  #wake = () => {};
  #stops;

  constructor(channel, signal) {
    const abort = () => this.#fail(new RtcError("E_CLOSED", "file was given up", signal.reason));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    this.#stops = [
      channel.on("message", (data) => this.#hear(data)),
      channel.on("close", () => this.#fail(new RtcError("E_CLOSED", "peer gave the file up"))),
      () => signal?.removeEventListener("abort", abort),
    ];
  }

  async until(condition) {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (condition()) return;
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  stop() {
    for (const stop of this.#stops) stop();
  }

  #hear(data) {
    try {
      demand(typeof data === "string", "E_JSON", "receiver sends bytes");
      const message = readControl(data);
      if (message.t === "accept") this.isAccepted = true;
      else if (message.t === "got") this.got = Math.max(this.got, Number(message.bytes) || 0);
      else if (message.t === "done") this.isDone = true;
      else if (message.t === "decline") throw new RtcError("E_FILE_DECLINED", "peer does not want the file");
      else throw new RtcError(message.code === "E_FILE_HASH" ? "E_FILE_HASH" : "E_FILE_SIZE", "peer could not take the file");
      this.#wake();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error) {
    this.#failure ??= error;
    this.#wake();
  }
}

async function* pieces(source) {
  if (source instanceof Blob) {
    for (let at = 0; at < source.size; at += READ) {
      yield* chunks(new Uint8Array(await source.slice(at, at + READ).arrayBuffer()));
    }
    return;
  }
  const reader = source.stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* chunks(value);
    }
  } finally {
    // Given up half way: the source need not go on. After the end this does nothing.
    await reader.cancel().catch(() => {});
  }
}

function* chunks(bytes) {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}
