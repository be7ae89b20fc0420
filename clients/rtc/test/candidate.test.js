import assert from "node:assert/strict";
import { test } from "node:test";

import { isPrivate, parseAddress } from "../src/call/address.js";
import { judgeCandidate, MAX_CANDIDATE, stricter, withoutRelated } from "../src/call/candidate.js";
import { forOthers, withoutRefusedCandidates } from "../src/call/description.js";

function candidate(address, type = "host", rest = "") {
  return `candidate:842163049 1 udp 1677729535 ${address} 46154 typ ${type}${rest}`;
}

const MDNS = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0.local";

test("addresses of private networks are known, also inside others", () => {
  const own = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.0.0.8",
    "198.18.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fdff::1", "ff02::1",
    "::ffff:10.0.0.1", "::ffff:c0a8:0001", "::10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:c0a8:0001::1",
  ];
  for (const text of own) assert.equal(isPrivate(parseAddress(text)), true, text);
  const others = [
    "1.1.1.1", "9.255.255.255", "100.63.255.255", "100.128.0.1", "169.253.1.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "192.0.1.1",
    "198.17.0.1", "198.20.0.1", "223.255.255.255", "2001:db8::1", "2606:4700::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:0101:0101::1", "fb00::1",
  ];
  for (const text of others) assert.equal(isPrivate(parseAddress(text)), false, text);
});

test("what is no address in its usual spelling is none", () => {
  const bad = ["", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", "0x7f.1.1.1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "g::1", "12345::1", "1.2.3.4::1", "::1.2.3", "fe80::1%eth0", ":1", "1:", "localhost", "[::1]", "1:2:3:4:5:6:7::8"];
  for (const text of bad) assert.equal(parseAddress(text), null, text);
  assert.deepEqual(parseAddress("1:2:3:4:5:6:7:8"), [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]);
  assert.deepEqual(parseAddress("1:2:3:4:5:6:1.2.3.4"), [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1, 2, 3, 4]);
});

test("under each policy the nearest candidates on both sides of the line", () => {
  const cases = [
    ["all", candidate("192.168.0.1"), null],
    ["all", candidate(MDNS), null],
    ["all", candidate("1.1.1.1", "srflx", " raddr 192.168.0.1 rport 9"), null],
    ["all", "", null],
    ["relay", "", null],
    ["all", candidate("host.example"), "E_CAND_FQDN"],
    ["all", candidate("x.local"), "E_CAND_FQDN"],
    ["no-private", candidate(MDNS), null],
    ["no-private", candidate("192.168.0.1"), "E_CAND_PRIVATE"],
    ["no-private", candidate("::ffff:192.168.0.1"), "E_CAND_PRIVATE"],
    ["no-private", candidate("1.1.1.1"), null],
    ["no-private", candidate("1.1.1.1", "srflx", " raddr 10.0.0.1 rport 9"), "E_CAND_RADDR"],
    ["no-private", candidate("1.1.1.1", "srflx", " raddr host.example rport 9"), "E_CAND_RADDR"],
    ["no-private", candidate("1.1.1.1", "srflx", " raddr 0.0.0.0 rport 9"), null],
    ["no-private", candidate("1.1.1.1", "srflx", " generation 0 raddr 10.0.0.1 rport 9"), "E_CAND_RADDR"],
    ["relay", candidate("1.1.1.1"), "E_CAND_RELAY_ONLY"],
    ["relay", candidate("1.1.1.1", "srflx"), "E_CAND_RELAY_ONLY"],
    ["relay", candidate("1.1.1.1", "prflx"), "E_CAND_RELAY_ONLY"],
    ["relay", candidate("1.1.1.1", "relay"), null],
    ["relay", candidate("1.1.1.1", "relay", " raddr 10.0.0.1 rport 9"), "E_CAND_RADDR"],
    ["all", candidate("1.1.1.1", "direct"), "E_CAND_TYPE"],
  ];
  for (const [policy, text, code] of cases) assert.equal(judgeCandidate(text, policy), code, `${policy}: ${text}`);
});

test("what is no candidate is refused", () => {
  const good = candidate("1.1.1.1");
  const bad = [
    " ",
    `a=${good}`,
    good.replace(" 1 udp", " 3 udp"),
    good.replace("udp", "sctp"),
    good.replace("1677729535", "4294967296"),
    good.replace("46154", "65536"),
    good.replace("46154", "0"),
    `${good} raddr 1.1.1.1 rport 9 raddr 10.0.0.1`,
    `${good} typ relay`,
    good.replace("46154", "-1"),
    good.replace("typ", "type"),
    good.replace("842163049", ""),
    `${good} raddr`,
    `${good}  raddr 1.1.1.1`,
    `${good} x ${"y".repeat(MAX_CANDIDATE)}`,
    7,
    null,
  ];
  for (const text of bad) assert.equal(judgeCandidate(text, "all"), "E_CAND_SYNTAX", String(text).slice(0, 60));
  assert.equal(judgeCandidate(`${good} generation 0 network-cost 999`, "all"), null);
  assert.equal(judgeCandidate("candidate:1 1 TCP 1 1.1.1.1 9 typ host tcptype active", "all"), null);
});

test("of two policies the stricter counts, and one that is not known is the strictest", () => {
  assert.equal(stricter("all", "all"), "all");
  assert.equal(stricter("all", "no-private"), "no-private");
  assert.equal(stricter("relay", "no-private"), "relay");
  assert.equal(stricter("all", "everything"), "relay");
  assert.equal(stricter(undefined, "all"), "relay");
});

test("own candidates do not tell the address behind them", () => {
  const text = candidate("1.1.1.1", "srflx", " raddr 192.168.0.1 rport 46154 generation 0");
  assert.equal(withoutRelated(text), candidate("1.1.1.1", "srflx", " raddr 0.0.0.0 rport 9 generation 0"));
  assert.equal(judgeCandidate(withoutRelated(text), "no-private"), null);
  assert.equal(withoutRelated(candidate("1.1.1.1")), candidate("1.1.1.1"));
});

test("own descriptions do not tell addresses that were gathered", () => {
  const sdp = [
    "v=0",
    "m=audio 46154 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 192.168.0.1",
    "a=rtcp:46154 IN IP4 192.168.0.1",
    `a=${candidate("192.168.0.1")}`,
    "a=end-of-candidates",
    "a=mid:0",
    "m=video 0 UDP/TLS/RTP/SAVPF 96",
    "c=IN IP6 fd00::1",
    "",
  ].join("\r\n");
  const bare = [
    "v=0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=mid:0",
    "m=video 0 UDP/TLS/RTP/SAVPF 96",
    "c=IN IP4 0.0.0.0",
    "",
  ].join("\r\n");
  assert.equal(forOthers(sdp), bare);
});

test("what is bundled has the role of its first m-line", () => {
  const describe = (...roles) => {
    const sections = roles.map((role, at) => `m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:${at}\r\na=setup:${role}\r\n`);
    return `v=0\r\na=group:BUNDLE 1 2\r\n${sections.join("")}`;
  };
  assert.equal(forOthers(describe("active", "passive", "active")), describe("passive", "passive", "passive"));
  assert.equal(forOthers(describe("actpass", "actpass", "actpass")), describe("actpass", "actpass", "actpass"));
  const alone = describe("active", "passive", "active").replace("a=group:BUNDLE 1 2\r\n", "");
  assert.equal(forOthers(alone), alone);
});

test("own descriptions say how long a message may really be", () => {
  assert.equal(forOthers("v=0\r\na=max-message-size:1073741823\r\n"), "v=0\r\na=max-message-size:65536\r\n");
});

test("of the peer's description only refused candidates are dropped", () => {
  const sdp = ["v=0", `a=${candidate("192.168.0.1")}`, `a=${candidate("1.1.1.1", "relay")}`, "a=candidate:nonsense", "a=mid:0", ""].join("\r\n");
  assert.equal(withoutRefusedCandidates(sdp, "relay"), ["v=0", `a=${candidate("1.1.1.1", "relay")}`, "a=mid:0", ""].join("\r\n"));
  assert.equal(withoutRefusedCandidates(sdp, "all"), sdp.replace("a=candidate:nonsense\r\n", ""));
});
