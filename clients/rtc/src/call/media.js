// What a call sends and shows, by scope: what a person consented to, and may take back.

const SCOPES = ["audio", "video", "screen", "data"];

/** The scopes of `scope` that there are, once each. */
export function knownScopes(scope) {
  return SCOPES.filter((name) => scope.includes(name));
}

/** The kind of track that a scope is sent as. */
function kindOf(scope) {
  return scope === "screen" ? "video" : scope;
}

export class Media {
  #pc;
  // Which scope each sender sends under.
  #sent = new Map();
  // Transceivers whose track is not shown, because the peer's consent was taken back.
  #silenced = new Set();

  constructor(pc) {
    this.#pc = pc;
  }

  /** Sends `track` under `scope`. */
  async send(track, scope, streams) {
    const free = this.#free(track.kind);
    // Taken before anything is awaited: two tracks at once are two places.
    const sender = free ? free.sender : this.#pc.addTrack(track, ...streams);
    this.#sent.set(sender, scope);
    if (!free) return sender;
    await sender.replaceTrack(track);
    sender.setStreams?.(...streams);
    free.direction = "sendrecv";
    return sender;
  }

  /**
   * A place in the description that sends nothing. `addTrack` takes none that ever sent, so that a camera which
   * goes on and off would add a line each time, until there are more than sixteen (`E_SDP_MLINES`).
   */
  #free(kind) {
    const isFree = ({ sender, receiver, direction, mid }) => {
      const isIdle = sender.track === null && !this.#sent.has(sender) && !/send|stopped/.test(direction);
      return isIdle && mid !== null && receiver.track?.kind === kind;
    };
    return this.#pc.getTransceivers().find(isFree);
  }

  /** Whether anything is sent under one of `scope`. */
  sends(scope) {
    return [...this.#sent.values()].some((sent) => scope.includes(sent));
  }

  /** Sends nothing more under `scope`, at once; the tracks that were. */
  async stop(scope) {
    const senders = [...this.#sent].filter(([, sent]) => scope.includes(sent)).map(([sender]) => sender);
    const tracks = senders.map((sender) => sender.track).filter(Boolean);
    await Promise.all(senders.map((sender) => sender.replaceTrack(null)));
    return tracks;
  }

  /** Makes the next description say that nothing is sent under `scope`. */
  withdraw(scope) {
    for (const transceiver of this.#pc.getTransceivers()) {
      if (!scope.includes(this.#sent.get(transceiver.sender))) continue;
      transceiver.direction = transceiver.direction.startsWith("sendrecv") ? "recvonly" : "inactive";
      this.#sent.delete(transceiver.sender);
    }
  }

  /** Before a description is made: who may not subscribe does not offer to receive. */
  refuseToReceive() {
    for (const transceiver of this.#pc.getTransceivers()) {
      if (transceiver.direction === "sendrecv") transceiver.direction = "sendonly";
      if (transceiver.direction === "recvonly") transceiver.direction = "inactive";
    }
  }

  /**
   * Shows nothing more of what the peer sent under `scope`. A screen is a video like a camera: with one of
   * them both go dark, until the peer describes anew what it still may send.
   */
  silence(scope) {
    const kinds = scope.map(kindOf);
    const concerned = this.#pc.getTransceivers().filter(({ receiver }) => kinds.includes(receiver.track?.kind));
    for (const transceiver of concerned) {
      transceiver.receiver.track.enabled = false;
      this.#silenced.add(transceiver);
    }
    return concerned.map(({ receiver }) => receiver.track);
  }

  /** The peer described anew what it sends, and the server let it pass. */
  unsilence() {
    for (const transceiver of this.#silenced) {
      if (!/recv/.test(transceiver.currentDirection ?? "")) continue;
      transceiver.receiver.track.enabled = true;
      this.#silenced.delete(transceiver);
    }
  }
}
