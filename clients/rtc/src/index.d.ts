// Types of @corsac/rtc, written by hand. What each thing is for stands in README.md and at its definition.

/** What is sent under which consent. A shared screen is a video track under a scope of its own. */
export type MediaScope = "audio" | "video" | "screen";
export type Scope = MediaScope | "data";
export type ConsentScope = Scope | "recording";
export type IcePolicy = "all" | "no-private" | "relay";

/** Codes of the server (`SIGNALING.md`, "Errors and closes"). */
export type ServerCode =
  | "E_AUTH_FIRST"
  | "E_CAND_FQDN"
  | "E_CAND_PRIVATE"
  | "E_CAND_RADDR"
  | "E_CAND_RELAY_ONLY"
  | "E_CAND_SYNTAX"
  | "E_CAND_TYPE"
  | "E_CNF"
  | "E_CONSENT"
  | "E_CONSENT_REVOKED"
  | "E_CONSENT_SIG"
  | "E_DRAIN"
  | "E_FP_TOKEN"
  | "E_GRANT"
  | "E_HELLO_TIMEOUT"
  | "E_JSON"
  | "E_JTI_REPLAY"
  | "E_KICKED"
  | "E_LOCKED"
  | "E_NO_BIND"
  | "E_NO_CALL"
  | "E_NO_PEER"
  | "E_NOT_ACCEPTED"
  | "E_POP"
  | "E_RATE"
  | "E_REPLAY"
  | "E_ROOM_FULL"
  | "E_SLOW"
  | "E_SUPERSEDED"
  | "E_TOKEN"
  | "E_TYPE"
  | `E_SDP_${string}`;

/** What the verification of a peer found. The call does not connect. */
export type BindingCode =
  | "E_ASSERTION"
  | "E_BIND_CTX"
  | "E_BIND_FP"
  | "E_BIND_MISSING"
  | "E_BIND_NO_IDENTITY"
  | "E_BIND_NONCE"
  | "E_BIND_SDP"
  | "E_IDP_KID"
  | "E_MKY";

/** Codes that only this client gives. */
export type LocalCode =
  | "E_CLOSED"
  | "E_CONSENT_REFUSED"
  | "E_DECLINED"
  | "E_FILE_DECLINED"
  | "E_FILE_HASH"
  | "E_FILE_SIZE"
  | "E_ICE"
  | "E_JOSE"
  | "E_LIMIT"
  | "E_NOTICE"
  | "E_OPTION"
  | "E_RESUME"
  | "E_STATE"
  | "E_TIMEOUT"
  | "E_TRANSPORT";

export type Code = ServerCode | BindingCode | LocalCode;

export const LOCAL_CODES: readonly LocalCode[];

export class RtcError extends Error {
  constructor(code: Code, detail?: string, cause?: unknown);
  readonly name: "RtcError";
  /** For programs. */
  readonly code: Code;
  /** For people: what is wrong, as a fragment. */
  readonly detail: string;
}

/** Events with a subject: `on` gives it to the listener, `addEventListener` has it in `event.detail`. */
declare class Emitter<Events> extends EventTarget {
  /** Returns what removes the listener. */
  on<Type extends keyof Events & string>(type: Type, listener: (detail: Events[Type]) => void): () => void;
}

// ---- Identity -----------------------------------------------------------------------------

/** Where keys are kept. Values are structured clones. */
export interface Store {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** Keeps what is there already; returns what is kept. */
  add(key: string, value: unknown): Promise<unknown>;
}

/** In IndexedDB; the default. */
export function indexedDbStore(name?: string): Store;
/** Forgets with the page. */
export function memoryStore(): Store;

export interface PublicKey {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
}

/** A certificate's fingerprint (RFC 8225): upper-case hexadecimal digits without colons. */
export interface MediaKey {
  alg: string;
  dig: string;
}

/** What an identity provider needs to make tokens. */
export interface IdentityRequest {
  jwk: PublicKey;
  /** The key's thumbprint (RFC 7638). */
  jkt: string;
  mky: MediaKey[];
}

export interface IdentityOptions {
  store?: Store;
  /** The key's name in the store, where an application has several. */
  name?: string;
  RTCPeerConnection?: typeof globalThis.RTCPeerConnection;
}

/** A non-extractable P-256 key, and the certificate that connections show. */
export class Identity {
  private constructor();
  /** The key that the store keeps, made if there is none, and a new certificate. */
  static load(options?: IdentityOptions): Promise<Identity>;
  readonly jwk: PublicKey;
  readonly jkt: string;
  readonly certificates: readonly RTCCertificate[];
  /** As `sha-256 0A1B…`. */
  readonly fingerprints: readonly string[];
  request(): Promise<IdentityRequest>;
  /** Signs a JWS of type `typ`. */
  sign(typ: string, claims: object): Promise<string>;
  rememberVerified(thumbprint: string, sub: string): Promise<void>;
  isVerified(thumbprint: string, sub: string): Promise<boolean>;
}

// ---- Session ------------------------------------------------------------------------------

export interface Notice {
  text: string;
  /** Its SHA-256, checked before the text is shown. */
  hash: string;
}

export interface Grants {
  pub?: Scope[];
  sub?: boolean;
  mod?: boolean;
  rec?: boolean;
}

export interface Tokens {
  /** The access token, for the server. */
  token: string;
  /** The peer assertion, for other peers; only needed to join. */
  assertion?: string;
}

export interface TokenRequest extends IdentityRequest {
  reason: "join" | "refresh";
}

/** A transport of the application's own; see `src/transport/transport.js`. */
export interface Transport {
  listen(listener: { message(text: string): void; close(end: { code: number; reason: string }): void } | null): void;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export interface ConnectOptions {
  /** `wss:` is WebSocket, `https:` is WebTransport; of several the first that opens. */
  url?: string | URL | Array<string | URL>;
  /** What the signaling server is called in tokens. */
  audience: string;
  /** The identity provider's keys: pinned, or where they are fetched; never from the signaling server. */
  jwks: string | URL | { keys: object[] };
  /** What assertions must have as `iss`. */
  issuer?: string;
  /** Asks the application's identity provider. */
  tokens: (request: TokenRequest) => Promise<Tokens>;
  /** Asks the person. Without it nobody consents. */
  onConsent?: (notice: Notice, scope: ConsentScope[]) => Promise<boolean>;
  /** What consent is for, as it stands in receipts; `call` unless said. */
  purpose?: string;
  identity?: Identity;
  /** Beside the TURN server that the signaling server names. */
  iceServers?: RTCIceServer[];
  /** For development: hashes of a WebTransport certificate that lives two weeks at most. */
  serverCertificateHashes?: Array<{ algorithm: string; value: BufferSource }>;
  /** Lets the signaling server serve the identity provider's keys: it can then be in the middle unseen. */
  dangerouslyTrustSignalingServer?: boolean;
  /** Instead of `url`. */
  open?: () => Promise<Transport>;
  RTCPeerConnection?: typeof globalThis.RTCPeerConnection;
  WebSocket?: typeof globalThis.WebSocket;
  WebTransport?: unknown;
  fetch?: typeof globalThis.fetch;
  clock?: { now(): number; setTimeout(callback: () => void, ms: number): unknown; clearTimeout(timer: unknown): void };
  random?: () => number;
}

export interface Receipt {
  /** The receipt's number in the server's ledger. */
  n: number | null;
  /** The head of the ledger's hash chain when it was written. */
  head: string | null;
  scope: ConsentScope[];
  decision: "grant" | "revoke";
  jws: string;
}

export type SessionState = "connecting" | "open" | "resuming" | "closed";

export interface SessionEvents {
  state: { state: SessionState; error: RtcError | null };
  closed: { error: RtcError | null };
  /** What went wrong and is no promise's to tell. */
  error: RtcError;
  "peer-joined": { id: string };
  "peer-left": { id: string };
  /** The peer's consent was taken back; its calls show nothing more of it. */
  "peer-revoked": { id: string; scope: Scope[] };
  /** This client stopped what the server holds no consent or grant for. */
  "media-stop": { scope: Scope[] };
  /** A receipt was written. */
  consent: { n: number; head: string };
  grants: { grants: Grants };
  invite: Invitation;
  "invite-ended": { invitation: Invitation; why: string };
  /** A peer was refused before it rang. */
  refused: { code: Code; detail: string; from: string };
}

/** Joins a room. */
export function connect(options: ConnectOptions): Promise<Session>;

export declare class Session extends Emitter<SessionEvents> {
  private constructor();
  readonly state: SessionState;
  readonly id: string | null;
  readonly room: string;
  readonly sub: string;
  readonly grants: Grants;
  readonly icePolicy: IcePolicy;
  readonly notice: Notice | null;
  readonly peers: string[];
  readonly calls: Call[];
  readonly receipts: Receipt[];
  readonly consented: ConsentScope[];
  /** Who a peer is, by the identity provider. */
  identify(peerId: string): Promise<{ sub: string; thumbprint: string }>;
  /** The call is `connecting` once the peer accepted; tracks and channels may be added before. */
  invite(peerId: string): Promise<Call>;
  /** Asks for what of `scope` is missing. */
  consent(scope: ConsentScope[]): Promise<void>;
  /** Takes consent back; nothing more is sent from this moment. */
  revoke(scope: ConsentScope[]): Promise<void>;
  /** These four need `mod`. */
  kick(peerId: string): Promise<void>;
  mute(peerId: string, scope?: Scope[]): Promise<void>;
  lock(): Promise<void>;
  unlock(): Promise<void>;
  close(): void;
}

export declare class Invitation {
  private constructor();
  readonly call: string;
  /** The peer's connection id. */
  readonly from: string;
  /** Who the identity provider says it is. */
  readonly sub: string;
  readonly thumbprint: string;
  accept(): Promise<Call>;
  decline(): void;
}

// ---- Call ---------------------------------------------------------------------------------

export type CallState = "inviting" | "connecting" | "connected" | "closed";

export interface CallEvents {
  state: { state: CallState };
  closed: { error: RtcError | null };
  /** Both nonces are known: the digits to compare. */
  sas: { sas: string };
  /** Only after the connection was found to be the peer's. */
  track: { track: MediaStreamTrack; streams: MediaStream[]; transceiver: RTCRtpTransceiver };
  channel: { channel: Channel };
  file: { file: FileReceiver };
  /** Tracks of this client that are not sent any more. */
  stopped: { scope: Scope[]; tracks: MediaStreamTrack[] };
  /** Tracks of the peer that are not shown any more. */
  revoked: { scope: Scope[]; tracks: MediaStreamTrack[] };
  /** A candidate or channel that was not taken. */
  refused: { code: Code };
}

export interface Security {
  /** `DTLS 1.2`, `DTLS 1.3`, or `null` where the browser does not say. */
  dtls: string | null;
  cipher: string | null;
  srtp: string | null;
  dtlsState: string | null;
  /** Whether the certificate in the connection is the one that the peer signed. */
  fingerprintBound: boolean;
  fingerprints: string[];
  sas: string | null;
  /** Who the identity provider says it is. */
  sub: string;
  /** The thumbprint of the peer's key. */
  thumbprint: string;
  /** Whether a person compared the digits with the owner of this key, now or earlier. */
  verified: boolean;
}

export declare class Call extends Emitter<CallEvents> {
  private constructor();
  readonly id: string;
  readonly peerId: string;
  readonly state: CallState;
  readonly sas: string | null;
  /** Asks for consent where it is missing. */
  addTrack(track: MediaStreamTrack, options?: { scope?: MediaScope; streams?: MediaStream[] }): Promise<RTCRtpSender>;
  openChannel(label: string, options?: RTCDataChannelInit): Channel;
  sendFile(source: FileSource, options?: SendFileOptions): Promise<{ sha256: string; size: number }>;
  security(): Promise<Security>;
  /** The person compared the digits. */
  markVerified(): Promise<void>;
  getStats(): Promise<RTCStatsReport>;
  close(): void;
}

// ---- Data ---------------------------------------------------------------------------------

export interface ChannelEvents {
  message: string | ArrayBuffer;
  close: undefined;
}

export declare class Channel extends Emitter<ChannelEvents> {
  private constructor();
  readonly label: string;
  readonly protocol: string;
  readonly ready: Promise<void>;
  readonly isClosed: boolean;
  /** At most 64 KiB; resolves when there is room for the next. */
  send(data: string | ArrayBuffer | ArrayBufferView): Promise<void>;
  close(): void;
}

export type FileSource = Blob | { stream: ReadableStream<Uint8Array>; size: number; name?: string; type?: string };

export interface SendFileOptions {
  name?: string;
  type?: string;
  onProgress?: (bytes: number, size: number) => void;
  signal?: AbortSignal;
}

export declare class FileReceiver {
  private constructor();
  /** Safe to show and to save: no path, no hidden name. */
  readonly name: string;
  readonly size: number;
  readonly type: string;
  /** With `writable` memory stays bounded; without it at most 256 MiB are taken, as a Blob. */
  accept(options?: {
    writable?: WritableStream<Uint8Array>;
    onProgress?: (bytes: number, size: number) => void;
    maxBytes?: number;
  }): Promise<{ name: string; size: number; sha256: string; blob: Blob | null }>;
  decline(): void;
}
