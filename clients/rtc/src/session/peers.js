// Who else is in the room, what the identity provider says of each, and what of each was already heard.

import { demand } from "../errors.js";
import { verifyAssertion } from "../jose/assertion.js";

/** Most peers; a mesh room has sixteen. */
export const MAX_PEERS = 64;

export class Peers {
  #peers = new Map();

  /** Takes the list of a welcome; who is new and who is gone since the last. */
  adopt(list) {
    const ids = new Set(list.map(({ id }) => id));
    const left = [...this.#peers.keys()].filter((id) => !ids.has(id));
    for (const id of left) this.#peers.delete(id);
    const joined = list.filter(({ id, assertion }) => this.add(id, assertion)).map(({ id }) => id);
    return { joined, left };
  }

  /** Adds a peer; whether it is new. An assertion that changed counts, but calls keep to the key they knew. */
  add(id, assertion) {
    const known = this.#peers.get(id);
    if (known) {
      known.assertion = assertion;
      return false;
    }
    demand(this.#peers.size < MAX_PEERS, "E_LIMIT", "room has more peers than it may");
    this.#peers.set(id, { id, assertion, sub: null, lastSeq: 0 });
    return true;
  }

  remove(id) {
    return this.#peers.delete(id);
  }

  get(id) {
    return this.#peers.get(id);
  }

  /** The ids. */
  ids() {
    return [...this.#peers.keys()];
  }

  /** Whether a relayed message is new: numbers of one sender only go up, whatever is delivered again. */
  isNew({ from, seq }) {
    const peer = this.#peers.get(from);
    if (!peer || seq <= peer.lastSeq) return false;
    peer.lastSeq = seq;
    return true;
  }

  /** The highest number that was heard from each. */
  lastSeqs() {
    const heard = [...this.#peers.values()].filter(({ lastSeq }) => lastSeq > 0);
    return Object.fromEntries(heard.map(({ id, lastSeq }) => [id, lastSeq]));
  }

  /** Who a peer is, verified now. */
  async identify(id, trust) {
    const peer = this.#peers.get(id);
    demand(peer, "E_NO_PEER", "peer is not in the room");
    const identity = await verifyAssertion(peer.assertion, trust);
    peer.sub = identity.sub;
    return { peer, identity };
  }
}
