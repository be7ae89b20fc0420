// Pages of a real browser, served with what they import, and an identity provider behind them.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { Chromium } from "./chromium.js";
import { Provider } from "./provider.js";
import { FakeServer } from "./server.js";
import { accept } from "./websocket-server.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MODULE = /^\/(src|support)\/[a-z0-9/-]+\.js$/;
const PAGE = '<!doctype html><script type="module" src="/support/page.js"></script>';

export class Pages {
  #http = createServer();
  #sockets = new Set();
  #rooms = 0;
  #room = "";
  #claims = {};

  /** Serves; `browse` starts the browser. */
  static async serve() {
    const pages = new Pages();
    pages.provider = await Provider.make();
    pages.#http.on("request", (request, response) => pages.#answer(request, response).catch(() => response.writeHead(404).end()));
    pages.#http.on("upgrade", (request, socket) => accept(request, socket, pages.server));
    pages.#http.on("connection", (socket) => {
      pages.#sockets.add(socket);
      socket.on("close", () => pages.#sockets.delete(socket));
    });
    pages.#http.listen(0, "127.0.0.1");
    await once(pages.#http, "listening");
    pages.origin = `http://127.0.0.1:${pages.#http.address().port}`;
    return pages;
  }

  async browse(flags) {
    this.chromium = await Chromium.launch(flags);
  }

  async close() {
    await this.chromium?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#http.close();
  }

  /**
   * Two pages in a room of their own, and a call of the first to the second.
   * @param {{tamper?: Function, signal?: object, claims?: object}} [options] `signal`: `{url, hash}` of a real server
   */
  async two({ tamper = (message) => message, signal = {}, claims = {} } = {}) {
    this.server = Object.assign(await FakeServer.make(), { tamper });
    this.#rooms += 1;
    this.#room = `room-${this.#rooms}`;
    this.#claims = claims;
    const open = (sub) => this.chromium.open(`${this.origin}/?${new URLSearchParams({ sub, ...signal })}`);
    const pages = await Promise.all(["alice", "bob"].map(open));
    await pages[0].run("user.call()");
    return pages;
  }

  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.origin);
    const send = (type, body) => response.writeHead(200, { "content-type": type }).end(body);
    if (pathname === "/") return send("text/html", PAGE);
    if (pathname === "/jwks") return send("application/json", JSON.stringify(this.provider.jwks));
    if (pathname === "/tokens") {
      const asked = JSON.parse((await request.toArray()).join(""));
      const sub = searchParams.get("sub");
      const tokens = await this.provider.tokensFor(sub, { room: this.#room, ...this.#claims[sub] })(asked);
      return send("application/json", JSON.stringify(tokens));
    }
    if (!MODULE.test(pathname)) return response.writeHead(404).end();
    return send("text/javascript", await readFile(ROOT + pathname));
  }
}
