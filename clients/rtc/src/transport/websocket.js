// `wss`: text frames under the subprotocol `corsac.signal.v1`.

import { RtcError } from "../errors.js";
import { PROTOCOL, Transport } from "./transport.js";

class WebSocketTransport extends Transport {
  #socket;

  constructor(socket) {
    super();
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this._deliver(data);
      else this.close(4007, "not text");
    };
    socket.onclose = ({ code, reason }) => this._end({ code, reason });
  }

  _write(text) {
    this.#socket.send(text);
  }

  _shut(code, reason) {
    // Browsers let scripts give 1000 and 3000 to 4999 only.
    this.#socket.close(code === 1000 || code >= 3000 ? code : 1000, reason);
  }
}

/**
 * @param {string | URL} url
 * @param {{WebSocket?: typeof globalThis.WebSocket}} [options]
 * @returns {Promise<Transport>}
 */
export function openWebSocket(url, { WebSocket = globalThis.WebSocket } = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [PROTOCOL]);
    socket.binaryType = "arraybuffer";
    const transport = new WebSocketTransport(socket);
    socket.onopen = () => {
      if (socket.protocol === PROTOCOL) return resolve(transport);
      transport.close();
      return reject(new RtcError("E_TRANSPORT", `server does not speak \`${PROTOCOL}\``));
    };
    const opened = socket.onclose;
    socket.onclose = (event) => {
      // A browser tells scripts nothing of a refused handshake: no status, no reason.
      reject(new RtcError("E_TRANSPORT", "WebSocket could not be opened"));
      opened(event);
    };
  });
}
