// Receives one file: into a stream, with a window at most in memory, or into a Blob up to a limit.

import { demand, RtcError } from "../errors.js";
import { encode } from "../jose/base64url.js";
import { CHUNK, readControl, REPORT, safeName, safeType, WINDOW } from "./file-protocol.js";
import { Sha256 } from "./sha256.js";

/** Largest file that is taken without a stream to write it to. */
export const MAX_IN_MEMORY = 256 * 1_048_576;
/** Largest file at all. */
export const MAX_FILE = 2 ** 40;

/** A file that a peer wants to send. */
export class FileReceiver {
  #channel;
  #announce;
  #accepted = null;
  #hash = new Sha256();
  #arrived = 0;
  #written = 0;
  #reported = 0;
  #write = Promise.resolve();
  #isOver = false;

  /** @param {import("./channel.js").Channel} channel */
  constructor(channel) {
    this.#channel = channel;
    this.name = "file";
    this.size = 0;
    this.type = "";
    /** Resolves with this when name, size and type are known. */
    this.announced = new Promise((resolve, reject) => {
      this.#announce = { resolve: () => resolve(this), reject };
    });
    this.announced.catch(() => {});
    channel.on("close", () => this.#fail(new RtcError("E_CLOSED", "peer gave the file up")));
    channel.on("message", (data) => this.#guard(() => this.#hear(data)));
  }

  /**
   * Takes the file. With `writable` (a file that the person chose, say) no more than a window is in memory.
   * @param {{writable?: WritableStream<Uint8Array>, onProgress?: Function, maxBytes?: number}} [options]
   * @returns {Promise<{name: string, size: number, sha256: string, blob: Blob | null}>} when all is there and intact
   */
  accept({ writable, onProgress = () => {}, maxBytes = writable ? MAX_FILE : MAX_IN_MEMORY } = {}) {
    if (this.#accepted || this.#isOver) return Promise.reject(new RtcError("E_STATE", "file was answered already"));
    return new Promise((resolve, reject) => {
      const sink = writable ? new StreamSink(writable) : new BlobSink(this.type);
      this.#accepted = { sink, onProgress, resolve, reject };
      if (this.size > maxBytes) this.#fail(new RtcError("E_FILE_SIZE", "file is larger than what is taken"));
      else this.#say({ t: "accept" });
    });
  }

  /** Does not take it. */
  decline() {
    if (this.#accepted || this.#isOver) return;
    this.#isOver = true;
    this.#say({ t: "decline" });
  }

  #hear(data) {
    if (this.#isOver) return;
    if (typeof data !== "string") return this.#take(new Uint8Array(data));
    const message = readControl(data);
    if (message.t === "file" && this.#announce) return this.#learn(message);
    demand(message.t === "end" && this.#accepted, "E_JSON", "peer does not speak the protocol of files");
    // After all writes that were begun.
    this.#write = this.#write.then(() => this.#finish(message.sha256)).catch((error) => this.#fail(error));
  }

  #learn({ name, size, type }) {
    demand(Number.isSafeInteger(size) && size >= 0 && size <= MAX_FILE, "E_FILE_SIZE", "size is not one of a file");
    this.name = safeName(name);
    this.size = size;
    this.type = safeType(type);
    this.#announce.resolve();
    this.#announce = null;
  }

  #take(bytes) {
    demand(this.#accepted, "E_JSON", "bytes came before they were asked for");
    this.#arrived += bytes.length;
    demand(this.#arrived <= this.size, "E_FILE_SIZE", "more bytes came than were announced");
    demand(this.#arrived - this.#written <= WINDOW + CHUNK, "E_LIMIT", "more bytes are under way than were agreed");
    this.#write = this.#write.then(() => this.#store(bytes)).catch((error) => this.#fail(error));
  }

  async #store(bytes) {
    if (this.#isOver) return;
    this.#hash.update(bytes);
    await this.#accepted.sink.write(bytes);
    this.#written += bytes.length;
    this.#accepted.onProgress(this.#written, this.size);
    if (this.#written - this.#reported < REPORT) return;
    this.#reported = this.#written;
    this.#say({ t: "got", bytes: this.#written });
  }

  async #finish(sha256) {
    if (this.#isOver) return;
    demand(this.#written === this.size, "E_FILE_SIZE", "fewer bytes came than were announced");
    demand(encode(this.#hash.digest()) === sha256, "E_FILE_HASH", "file is not what was sent");
    const blob = await this.#accepted.sink.finish();
    this.#isOver = true;
    this.#say({ t: "done" });
    this.#accepted.resolve({ name: this.name, size: this.size, sha256, blob });
  }

  #say(message) {
    this.#channel.send(JSON.stringify(message)).catch((error) => this.#fail(error));
  }

  #guard(act) {
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(cause) {
    if (this.#isOver) return;
    this.#isOver = true;
    const error = RtcError.from(cause, "E_STATE", "file could not be written");
    this.#announce?.reject(error);
    this.#accepted?.sink.abort(error);
    this.#accepted?.reject(error);
    // The sender closes the channel when it has read why.
    this.#channel.send(JSON.stringify({ t: "failed", code: error.code })).catch(() => {});
  }
}

class StreamSink {
  #writer;

  constructor(writable) {
    this.#writer = writable.getWriter();
  }

  async write(bytes) {
    await this.#writer.ready;
    await this.#writer.write(bytes);
  }

  async finish() {
    await this.#writer.close();
    return null;
  }

  abort(error) {
    this.#writer.abort(error).catch(() => {});
  }
}

class BlobSink {
  #type;
  #whole = [];
  #parts = [];
  #partBytes = 0;

  constructor(type) {
    this.#type = type;
  }

  // Browsers keep large Blobs on disk: pieces are handed over as they come.
  async write(bytes) {
    this.#parts.push(bytes);
    this.#partBytes += bytes.length;
    if (this.#partBytes >= WINDOW) this.#flush();
  }

  async finish() {
    this.#flush();
    // An address of the Blob is of this origin: with a type that browsers run, the file would be a page of it.
    const isRun = /html|xml|svg|script/i.test(this.#type);
    return new Blob(this.#whole, { type: isRun ? "application/octet-stream" : this.#type });
  }

  abort() {
    this.#whole = [];
    this.#parts = [];
  }

  #flush() {
    this.#whole.push(new Blob(this.#parts));
    this.#parts = [];
    this.#partBytes = 0;
  }
}
