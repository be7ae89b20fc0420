import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import { Call } from "../src/call/call.js";
import { Channel } from "../src/data/channel.js";
import { FileReceiver } from "../src/data/file-receiver.js";
import * as api from "../src/index.js";
import { Invitation } from "../src/session/calls.js";
import { Session } from "../src/session/session.js";

const ROOT = new URL("../", import.meta.url);
const types = await readFile(new URL("src/index.d.ts", ROOT), "utf8");

/** The body of a class in the types. */
function declared(name) {
  return new RegExp(`class ${name} [^]*?\\n}\\n`).exec(types)?.[0] ?? assert.fail(`no types of ${name}`);
}

/** Members of a class that only other modules of this package call. */
const INTERNAL = {
  Call: ["accepted", "begin", "candidate", "description", "ended", "fail", "hasData", "peerRevoked", "sends", "stopSending", "withdraw"],
  Channel: ["addEventListener"],
  Session: ["start"],
};

test("the package exports what it says, and each has its type", () => {
  const expected = ["Identity", "LOCAL_CODES", "RtcError", "connect", "indexedDbStore", "memoryStore"];
  assert.deepEqual(Object.keys(api).sort(), expected);
  for (const name of expected) assert.match(types, new RegExp(`export (const|class|function) ${name}\\b`), name);
});

test("each public member of a class stands in its type, and no internal one", () => {
  for (const one of [api.Identity, Session, Invitation, Call, Channel, FileReceiver]) {
    const members = Object.getOwnPropertyNames(one.prototype).filter((name) => name !== "constructor");
    const body = declared(one.name);
    for (const member of members) {
      const isPublic = !(INTERNAL[one.name] ?? []).includes(member);
      assert.equal(new RegExp(`\\b${member}[(:?]`).test(body), isPublic, `${one.name}.${member}`);
    }
  }
});

test("each local code stands in the types and in the README", async () => {
  const readme = await readFile(new URL("README.md", ROOT), "utf8");
  for (const code of api.LOCAL_CODES) {
    assert.ok(types.includes(`| "${code}"`), `${code} in the types`);
    assert.ok(readme.includes(`\`${code}\``), `${code} in the README`);
  }
});

test("what is published has no dependencies, and each file of it is there", async () => {
  const { dependencies, devDependencies, exports, files, type } = JSON.parse(await readFile(new URL("package.json", ROOT), "utf8"));
  assert.deepEqual([dependencies, devDependencies, type], [undefined, undefined, "module"]);
  for (const path of [...Object.values(exports["."]), ...files]) {
    await assert.doesNotReject(readFile(new URL(path, ROOT)).catch((error) => (error.code === "EISDIR" ? "" : Promise.reject(error))), path);
  }
});

test("every module is imported by its path, and none from outside", async () => {
  for (const file of await readdir(new URL("src/", ROOT), { recursive: true })) {
    if (!file.endsWith(".js")) continue;
    const text = await readFile(new URL(`src/${file}`, ROOT), "utf8");
    for (const [, from] of text.matchAll(/^(?:import|export) [^;]*? from "([^"]+)";/gm)) assert.match(from, /^\.\.?\/.*\.js$/, `${file}: ${from}`);
  }
});
