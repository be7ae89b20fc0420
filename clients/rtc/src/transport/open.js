// Which transport an address means, and in which order several are tried.

import { SYSTEM_CLOCK, within } from "../clock.js";
import { demand, RtcError } from "../errors.js";
import { openWebSocket } from "./websocket.js";
import { openWebTransport } from "./webtransport.js";

const OPEN_MS = 8_000;
const MAX_ADDRESSES = 8;

/** The addresses, checked: `wss` is WebSocket, `https` is WebTransport; a token never stands in one. */
export function addresses(urls) {
  const list = (Array.isArray(urls) ? urls : [urls]).map((url) => new URL(url));
  demand(list.length > 0 && list.length <= MAX_ADDRESSES, "E_OPTION", "`url` is not 1 to 8 addresses");
  for (const url of list) {
    demand(["wss:", "https:"].includes(url.protocol), "E_OPTION", `\`${url.protocol}\` is neither \`wss:\` nor \`https:\``);
    demand(!url.search && !url.hash && !url.username && !url.password, "E_OPTION", "address has more than a path");
  }
  return list;
}

/**
 * Opens the first address that opens.
 * @param {URL[]} list
 * @returns {Promise<import("./transport.js").Transport>}
 */
export async function openFirst(list, { clock = SYSTEM_CLOCK, ...options } = {}) {
  let failure = null;
  for (const url of list) {
    const opening = url.protocol === "wss:" ? openWebSocket(url, options) : openWebTransport(url, options);
    try {
      return await within(clock, OPEN_MS, opening, () => new RtcError("E_TIMEOUT", "transport did not open in time"));
    } catch (error) {
      // One that opens too late must not stay open beside another.
      opening.then((late) => late.close(), () => {});
      failure = error;
    }
  }
  throw failure;
}
