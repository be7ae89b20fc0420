// Drives headless Chromium over a pipe (Chrome DevTools Protocol): no port, no package.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATHS = [process.env.CORSAC_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-extensions",
  "--disable-sync",
  "--mute-audio",
  "--no-first-run",
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--remote-debugging-pipe",
];

/** Where Chromium is, if it is installed. */
export function chromiumPath() {
  return PATHS.find((path) => path && existsSync(path)) ?? null;
}

export class Chromium {
  #child;
  #profile;
  #count = 0;
  #waiting = new Map();
  #rest = "";

  static async launch(more = []) {
    const chromium = new Chromium();
    chromium.#profile = await mkdtemp(join(tmpdir(), "corsac-rtc-"));
    const flags = [...FLAGS, ...more, `--user-data-dir=${chromium.#profile}`, "about:blank"];
    chromium.#child = spawn(chromiumPath(), flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    chromium.#child.stdio[4].setEncoding("utf8").on("data", (text) => chromium.#take(text));
    chromium.#child.on("exit", () => chromium.#fail(new Error("Chromium ended")));
    return chromium;
  }

  /** Opens a page in a context of its own, and waits until it is loaded. */
  async open(url) {
    const { browserContextId } = await this.#call("Target.createBrowserContext", {});
    const { targetId } = await this.#call("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.#call("Target.attachToTarget", { targetId, flatten: true });
    await this.#call("Page.navigate", { url }, sessionId);
    const page = { run: (expression) => this.#run(expression, sessionId) };
    await page.run("new Promise((done) => { const look = () => (window.ready ? window.ready.then(done) : setTimeout(look, 20)); look(); })");
    return page;
  }

  async close() {
    const ended = once(this.#child, "exit");
    this.#call("Browser.close", {}).catch(() => {});
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 3_000);
    await ended;
    clearTimeout(timer);
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #run(expression, sessionId) {
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  #call(method, params, sessionId) {
    this.#count += 1;
    const id = this.#count;
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return answered;
  }

  #take(text) {
    const parts = (this.#rest + text).split("\0");
    this.#rest = parts.pop();
    for (const part of parts) {
      const { id, result, error } = JSON.parse(part);
      const waiting = this.#waiting.get(id);
      if (!waiting) continue;
      this.#waiting.delete(id);
      if (error) waiting.reject(new Error(error.message));
      else waiting.resolve(result);
    }
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
