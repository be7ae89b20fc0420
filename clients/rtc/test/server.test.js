// Against the real server: CORSAC_SIGNAL names the program `corsac`.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { chromiumPath } from "../support/chromium.js";
import { Pages } from "../support/pages.js";

const program = process.env.CORSAC_SIGNAL;
const skip = program && chromiumPath() ? false : "CORSAC_SIGNAL or Chromium is missing";
// A certificate that browsers take by its hash lives two weeks at most.
const CERTIFICATE = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 10 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1";

let world;
let folder;
let server;
let port;
let hash;

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), "corsac-rtc-server-"));
  const file = (name) => join(folder, name);
  execFileSync("openssl", [...CERTIFICATE.split(" "), "-keyout", file("key.pem"), "-out", file("cert.pem")], { stdio: "ignore" });
  const certificate = new X509Certificate(await readFile(file("cert.pem")));
  hash = createHash("sha256").update(certificate.raw).digest("base64");
  const spki = createHash("sha256").update(certificate.publicKey.export({ type: "spki", format: "der" })).digest("base64");
  world = await Pages.serve();
  await writeFile(file("jwks.json"), JSON.stringify(world.provider.jwks));
  const named = { "--listen": "127.0.0.1:0", "--tls-key": file("key.pem"), "--tls-cert": file("cert.pem"), "--jwks": file("jwks.json"), "--audience": "signal", "--origin": world.origin };
  server = spawn(program, ["signal", ...Object.entries(named).flat()], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await Promise.race([once(createInterface(server.stdout), "line"), once(server, "exit").then(() => ["{}"])]);
  ({ port } = JSON.parse(line));
  assert.ok(port, "the server says its port");
  await world.browse([`--ignore-certificate-errors-spki-list=${spki}`]);
});

after(async () => {
  await world?.close();
  if (server?.exitCode === null) {
    server.kill("SIGTERM");
    await once(server, "exit");
  }
  if (folder) await rm(folder, { recursive: true });
});

/** A way to the server that can be cut, so that neither side says goodbye. */
async function way() {
  const sockets = new Set();
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.on("error", () => {}).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    sockets.clear();
  };
  return { port: proxy.address().port, cut, close: () => proxy.close(cut()) };
}

test("sessions whose connections are lost go on, and so do their calls", { skip }, async () => {
  const proxy = await way();
  try {
    const [alice, bob] = await world.two({ signal: { url: `wss://127.0.0.1:${proxy.port}/v1/ws`, hash } });
    await Promise.all([alice, bob].map((page) => page.run("user.connected()")));
    await Promise.all([alice, bob].map((page) => page.run("user.playing()")));
    for (const times of [1, 2]) {
      proxy.cut();
      await Promise.all([alice, bob].map((page) => page.run(`user.resumed(${times})`)));
    }
    await alice.run("user.revoke()");
    await bob.run("user.revoked()");
    for (const page of [alice, bob]) {
      assert.equal((await page.run("user.state()")).state, "connected");
      const { over, errors } = await page.run("user.session()");
      assert.deepEqual([over, errors], [null, []]);
    }
  } finally {
    proxy.close();
  }
});

for (const [transport, path] of [["wss:", "/v1/ws"], ["https:", "/v1/wt"]]) {
  test(`a call over ${transport} connects, is revoked and ends as the real server has it`, { skip }, async () => {
    const signal = { url: `${transport}//127.0.0.1:${port}${path}`, hash };
    const grants = { pub: ["audio", "video", "data"], sub: true, mod: true, rec: false };
    const [alice, bob] = await world.two({ signal, claims: { alice: { grants } } });
    await Promise.all([alice, bob].map((page) => page.run("user.connected()")));
    const [ofAlice, ofBob] = await Promise.all([alice, bob].map((page) => page.run("user.security()")));
    assert.equal(ofAlice.sas, ofBob.sas);
    assert.deepEqual([ofAlice.fingerprintBound, ofBob.fingerprintBound], [true, true]);
    await Promise.all([alice, bob].map((page) => page.run("user.playing()")));
    assert.equal(await alice.run("user.echo()"), "echo hello");
    const { sha256 } = await alice.run("user.send(1000000)");
    assert.equal((await bob.run("user.received()")).sha256, sha256);

    await bob.run("user.revoke()");
    await alice.run("user.revoked()");
    assert.equal(await bob.run("user.settled()"), "E_GRANT");
    assert.deepEqual(await bob.run("user.session()"), { state: "open", over: null, errors: [], receipts: ["grant", "grant", "revoke"] });
    // Past the server's three seconds: it counts what was described, so there is no other way to see it.
    await bob.run("new Promise((done) => setTimeout(done, 3500))");
    assert.deepEqual((await bob.run("user.session()")).over, null);
    assert.equal((await alice.run("user.state()")).state, "connected");

    await alice.run("user.kick()");
    await bob.run("user.over()");
    assert.equal((await bob.run("user.session()")).over, "E_KICKED");
    await alice.run("user.ended()");
    assert.deepEqual((await alice.run("user.session()")).errors, []);
  });
}
