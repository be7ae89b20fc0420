// As much of WebRTC as negotiation needs, without a network: descriptions with the lines that are read,
// signaling states, rollback, events. Two of them are connected when each has the other's description.

const byUfrag = new Map();
let count = 0;

function randomHex(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0"));
}

export class FakeTrack {
  enabled = true;
  readyState = "live";
  constructor(kind) {
    this.kind = kind;
  }
  stop() {
    this.readyState = "ended";
  }
}

class FakeTransceiver {
  #direction;
  mid = null;
  currentDirection = null;
  constructor(pc, kind, direction) {
    this.pc = pc;
    this.#direction = direction;
    this.receiver = { track: new FakeTrack(kind) };
    this.sender = {
      track: null,
      transport: null,
      replaceTrack: async (track) => {
        this.sender.track = track;
      },
    };
    this.kind = kind;
  }
  get direction() {
    return this.#direction;
  }
  set direction(direction) {
    this.#direction = direction;
    this.pc.need();
  }
}

export class FakeDataChannel {
  binaryType = "blob";
  readyState = "connecting";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  other = null;
  constructor(label, { protocol = "" } = {}) {
    this.label = label;
    this.protocol = protocol;
  }
  open() {
    this.readyState = "open";
    this.onopen?.();
  }
  send(data) {
    if (this.readyState !== "open") throw new DOMException("not open", "InvalidStateError");
    // A copy: the sender may go on with its buffer.
    const copy = typeof data === "string" ? data : new Uint8Array(data.buffer ?? data, data.byteOffset, data.byteLength).slice().buffer;
    this.bufferedAmount += copy.length ?? copy.byteLength;
    setImmediate(() => {
      const before = this.bufferedAmount;
      this.bufferedAmount -= copy.length ?? copy.byteLength;
      this.other?.onmessage?.({ data: copy });
      if (before > this.bufferedAmountLowThreshold && this.bufferedAmount <= this.bufferedAmountLowThreshold) {
        this.onbufferedamountlow?.();
      }
    });
  }
  close() {
    for (const end of [this, this.other]) {
      if (!end || end.readyState === "closed") continue;
      end.readyState = "closed";
      setImmediate(() => end.onclose?.());
    }
  }
}

/** Two ends of an open channel. */
export function channelPair(options) {
  const [one, other] = [new FakeDataChannel("c", options), new FakeDataChannel("c", options)];
  [one.other, other.other] = [other, one];
  one.readyState = "open";
  other.readyState = "open";
  return [one, other];
}

export class FakePeerConnection {
  /** All that were made, in order. */
  static all = [];

  static async generateCertificate() {
    const value = randomHex(32).join(":");
    return { getFingerprints: () => [{ algorithm: "sha-256", value }] };
  }

  signalingState = "stable";
  connectionState = "new";
  localDescription = null;
  remoteDescription = null;
  candidates = [];
  restarts = 0;
  /** What the statistics say instead of the truth. */
  shown = undefined;
  #transceivers = [];
  #channels = [];
  #hasApplication = false;
  #needed = false;
  #asked = false;
  #pending = null;

  constructor(configuration) {
    this.configuration = configuration;
    count += 1;
    this.ufrag = `ufrag${count}`;
    byUfrag.set(this.ufrag, this);
    FakePeerConnection.all.push(this);
  }

  get fingerprint() {
    const [{ algorithm, value }] = this.configuration.certificates[0].getFingerprints();
    return `${algorithm} ${value.toUpperCase()}`;
  }

  get sctp() {
    return null;
  }

  getTransceivers() {
    return this.#transceivers;
  }

  addTrack(track) {
    // WebRTC 1.0, `addTrack`: never one that was used to send.
    let transceiver = this.#transceivers.find(({ kind, sender, wasUsed }) => kind === track.kind && sender.track === null && !wasUsed);
    if (transceiver) {
      transceiver.sender.track = track;
      transceiver.direction = transceiver.direction === "inactive" ? "sendonly" : transceiver.direction.replace("recvonly", "sendrecv");
    } else {
      transceiver = new FakeTransceiver(this, track.kind, "sendrecv");
      transceiver.sender.track = track;
      this.#transceivers.push(transceiver);
    }
    transceiver.wasUsed = true;
    this.need();
    return transceiver.sender;
  }

  addTransceiver(kind, { direction }) {
    this.#transceivers.push(new FakeTransceiver(this, kind, direction));
    this.need();
  }

  createDataChannel(label, options) {
    const channel = new FakeDataChannel(label, options);
    this.#channels.push(channel);
    if (this.connectionState === "connected") this.#openChannels();
    this.need();
    return channel;
  }

  restartIce() {
    this.restarts += 1;
    this.need();
  }

  need() {
    this.#needed = true;
    if (this.#asked || this.signalingState !== "stable") return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      if (this.#needed && this.signalingState === "stable") this.onnegotiationneeded?.();
    });
  }

  async setLocalDescription() {
    const isAnswer = this.signalingState === "have-remote-offer";
    this.#needed = false;
    if (this.#channels.length > 0) this.#hasApplication = true;
    for (const [at, transceiver] of this.#transceivers.entries()) transceiver.mid ??= String(at);
    const type = isAnswer ? "answer" : "offer";
    this.localDescription = { type, sdp: this.#describe(type) };
    queueMicrotask(() => {
      const text = `candidate:1 1 udp 2122260223 192.168.1.7 54321 typ host generation 0 ufrag ${this.ufrag}`;
      this.onicecandidate?.({ candidate: { candidate: text, sdpMid: "0" } });
      const reflexive = "candidate:2 1 udp 1686052607 203.0.113.7 54321 typ srflx raddr 192.168.1.7 rport 54321";
      this.onicecandidate?.({ candidate: { candidate: reflexive, sdpMid: "0" } });
      this.onicecandidate?.({ candidate: null });
    });
    if (isAnswer) this.#becomeStable();
    else {
      this.#pending = "offer";
      this.signalingState = "have-local-offer";
    }
  }

  async setRemoteDescription({ type, sdp }) {
    if (!/^a=fingerprint:/m.test(sdp)) throw new DOMException("no fingerprint", "OperationError");
    if (type === "offer") {
      if (this.signalingState === "have-local-offer") this.localDescription = null;
      this.signalingState = "have-remote-offer";
      this.#applyMedia(sdp);
    } else {
      if (this.signalingState !== "have-local-offer") throw new DOMException("no offer", "InvalidStateError");
      this.#applyMedia(sdp);
    }
    this.remoteDescription = { type, sdp };
    if (type === "answer") this.#becomeStable();
  }

  async addIceCandidate({ candidate }) {
    if (!this.remoteDescription) throw new DOMException("no description", "InvalidStateError");
    this.candidates.push(candidate);
  }

  async getStats() {
    const other = this.#other();
    const fingerprint = this.shown === undefined ? other?.fingerprint : this.shown;
    const [fingerprintAlgorithm, value] = (fingerprint ?? " ").split(" ");
    return new Map([
      ["T", { id: "T", type: "transport", remoteCertificateId: value ? "C" : undefined, tlsVersion: "FEFC", dtlsCipher: "TLS_AES_128_GCM_SHA256", srtpCipher: "AEAD_AES_128_GCM", dtlsState: "connected" }],
      ["C", { id: "C", type: "certificate", fingerprint: value, fingerprintAlgorithm }],
    ]);
  }

  close() {
    this.signalingState = "closed";
    this.connectionState = "closed";
    for (const channel of this.#channels) channel.close();
  }

  /** Connects, as ICE and DTLS would. */
  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  #describe(type) {
    const lines = ["v=0", `o=- ${count} 2 IN IP4 127.0.0.1`, "s=-", "t=0 0"];
    for (const { kind, direction, mid } of this.#transceivers) {
      lines.push(`m=${kind} 54321 UDP/TLS/RTP/SAVPF 111`, "c=IN IP4 192.168.1.7", "a=rtcp:54321 IN IP4 192.168.1.7", `a=mid:${mid}`, `a=${direction}`);
      lines.push("a=candidate:1 1 udp 2122260223 192.168.1.7 54321 typ host", "a=rtcp-mux");
    }
    if (this.#hasApplication) lines.push("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:data");
    lines.push(`a=ice-ufrag:${this.ufrag}`, `a=fingerprint:${this.fingerprint}`, `a=setup:${type === "offer" ? "actpass" : "active"}`, "");
    return lines.join("\r\n");
  }

  #applyMedia(sdp) {
    for (const [, kind, rest] of sdp.matchAll(/m=(audio|video) \d+ [^\r]*\r\n((?:(?!m=)[^\r]*\r\n)*)/g)) {
      const [, mid] = /a=mid:(\S+)/.exec(rest);
      const [, theirs] = /a=(sendrecv|sendonly|recvonly|inactive)/.exec(rest);
      let transceiver = this.#transceivers.find((one) => one.mid === mid) ?? this.#transceivers.find((one) => one.mid === null && one.kind === kind);
      if (!transceiver) {
        transceiver = new FakeTransceiver(this, kind, "recvonly");
        this.#transceivers.push(transceiver);
      }
      transceiver.mid = mid;
      const receives = /send/.test(theirs);
      if (receives && !transceiver.told) {
        transceiver.told = true;
        this.ontrack?.({ track: transceiver.receiver.track, streams: [], transceiver });
      }
      transceiver.currentDirection = receives ? "recvonly" : "inactive";
    }
    if (sdp.includes("m=application")) this.#hasApplication = true;
  }

  #other() {
    const [, ufrag] = /a=ice-ufrag:(\S+)/.exec(this.remoteDescription?.sdp ?? "") ?? [];
    return byUfrag.get(ufrag);
  }

  #becomeStable() {
    this.signalingState = "stable";
    if (this.#needed) this.need();
    const other = this.#other();
    if (!other || this.signalingState !== "stable") return;
    setImmediate(() => {
      if (this.signalingState === "closed" || other.signalingState !== "stable" || other.#other() !== this) return;
      for (const pc of [this, other]) if (pc.connectionState === "new") pc.become("connected");
      for (const pc of [this, other]) pc.#openChannels();
    });
  }

  #openChannels() {
    const other = this.#other();
    for (const channel of this.#channels) {
      if (channel.other || !other || other.connectionState !== "connected") continue;
      const far = new FakeDataChannel(channel.label, { protocol: channel.protocol });
      [channel.other, far.other] = [far, channel];
      far.readyState = "open";
      other.ondatachannel?.({ channel: far });
      channel.open();
    }
  }
}
