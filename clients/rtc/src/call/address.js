// IP addresses as they stand in candidates, and which of them say something about a private network.

/** The bytes of an IP literal, 4 or 16; `null` for anything else. */
export function parseAddress(text) {
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

function parseV4(text) {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && part <= 255)) return null;
  return parts.map(Number);
}

function parseV6(text) {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = [groups(halves[0], halves.length === 1), groups(halves[1] ?? "", true)];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  return [...head, ...new Array(missing).fill(0), ...tail];
}

// The last group may be an IPv4 address (RFC 4291, section 2.2, form 3).
function groups(text, isLast) {
  if (text === "") return [];
  const bytes = [];
  const parts = text.split(":");
  for (const [at, part] of parts.entries()) {
    if (isLast && at === parts.length - 1 && part.includes(".")) {
      const embedded = parseV4(part);
      if (embedded === null) return null;
      bytes.push(...embedded);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
      const value = Number.parseInt(part, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return bytes;
}

/** Whether the address is not one of the public Internet's. */
export function isPrivate(bytes) {
  return bytes.length === 4 ? isPrivateV4(bytes) : isPrivateV6(bytes);
}

/** Whether it is `0.0.0.0` or `::`, which says nothing. */
export function isUnspecified(bytes) {
  return bytes.every((byte) => byte === 0);
}

// The IANA registry of special-purpose addresses: this network, private use, shared (CGNAT), loopback,
// link-local, protocol assignments, benchmarking, multicast, reserved.
function isPrivateV4([a, b, c]) {
  if ([0, 10, 127].includes(a) || a >= 224) return true;
  if (a === 100) return b >= 64 && b < 128;
  if (a === 169) return b === 254;
  if (a === 172) return b >= 16 && b < 32;
  if (a === 198) return b === 18 || b === 19;
  return a === 192 && (b === 168 || (b === 0 && c === 0));
}

function isPrivateV6(bytes) {
  const starts = (...prefix) => prefix.every((byte, at) => bytes[at] === byte);
  const zeros = (from, to) => bytes.slice(from, to).every((byte) => byte === 0);
  // Unspecified, loopback, IPv4-compatible; IPv4-mapped; NAT64; 6to4: what is embedded decides.
  if (zeros(0, 12)) return zeros(0, 15) || isPrivateV4(bytes.slice(12));
  if (zeros(0, 10) && bytes[10] === 255 && bytes[11] === 255) return isPrivateV4(bytes.slice(12));
  if (starts(0, 0x64, 0xff, 0x9b)) return !zeros(4, 12) || isPrivateV4(bytes.slice(12));
  if (starts(0x20, 0x02)) return isPrivateV4(bytes.slice(2, 6));
  const isLocal = (bytes[0] & 0xfe) === 0xfc || (bytes[0] === 0xfe && bytes[1] >= 0x80) || bytes[0] === 0xff;
  return isLocal;
}
