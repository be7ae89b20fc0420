// WebTransport: one bidirectional stream, opened by the client, with frames in it.

import { RtcError } from "../errors.js";
import { encodeFrame, FrameReader } from "./frames.js";
import { Transport } from "./transport.js";

/** Most bytes that wait to be written: a session writes a few KiB a second. */
const MAX_UNWRITTEN = 1_048_576;

class WebTransportTransport extends Transport {
  #connection;
  #writer;
  #unwritten = 0;

  constructor(connection, stream) {
    super();
    this.#connection = connection;
    this.#writer = stream.writable.getWriter();
    connection.closed.then(
      ({ closeCode = 0, reason = "" } = {}) => this._end({ code: closeCode, reason }),
      () => this._end({ code: 1006, reason: "" }),
    );
    this.#read(stream.readable.getReader());
  }

  async #read(reader) {
    const frames = new FrameReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        for (const text of frames.push(value)) this._deliver(text);
      }
    } catch (error) {
      this.close(error instanceof RtcError ? 1009 : 4007, "not a frame");
      return;
    }
    // A close code may be on its way after the stream's end.
    await this.#connection.closed.catch(() => {});
  }

  _write(text) {
    const frame = encodeFrame(text);
    this.#unwritten += frame.length;
    if (this.#unwritten > MAX_UNWRITTEN) {
      this.close(4009, "server does not read");
      return;
    }
    const written = () => {
      this.#unwritten -= frame.length;
    };
    // A server that ends a session stops this stream first, while its error and its code are on their way:
    // `closed` tells of the end, or the missing answer to a ping does.
    this.#writer.write(frame).then(written, written);
  }

  _shut(code, reason) {
    this.#connection.close({ closeCode: code, reason });
  }
}

/**
 * @param {string | URL} url
 * @param {{serverCertificateHashes?: WebTransportHash[], WebTransport?: typeof globalThis.WebTransport}} [options]
 *   `serverCertificateHashes` is for development: such a certificate lives two weeks at most.
 * @returns {Promise<Transport>}
 */
export async function openWebTransport(url, { serverCertificateHashes, WebTransport = globalThis.WebTransport } = {}) {
  if (typeof WebTransport !== "function") throw new RtcError("E_TRANSPORT", "browser has no WebTransport");
  const connection = new WebTransport(String(url), serverCertificateHashes ? { serverCertificateHashes } : {});
  // The opening tells of a failure; `closed` would tell of it a second time, to nobody.
  connection.closed.catch(() => {});
  try {
    await connection.ready;
    return new WebTransportTransport(connection, await connection.createBidirectionalStream());
  } catch (error) {
    throw new RtcError("E_TRANSPORT", "WebTransport could not be opened", error);
  }
}
