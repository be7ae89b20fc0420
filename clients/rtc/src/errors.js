// What went wrong, by a code. Codes of the server are those of `corsac.signal.v1`; those of this client
// that no message carries are listed here.

/** Codes that only this client gives. */
export const LOCAL_CODES = Object.freeze([
  "E_CLOSED", // the session, call or channel was closed
  "E_CONSENT_REFUSED", // the person in front of the screen said no
  "E_DECLINED", // the invited peer said no
  "E_FILE_DECLINED", // the receiver of a file said no
  "E_FILE_HASH", // what arrived is not what was sent
  "E_FILE_SIZE", // larger than announced or than allowed
  "E_ICE", // no path to the peer
  "E_JOSE", // not a JWS, a JWK or base64url
  "E_LIMIT", // more than this client holds for a peer
  "E_NOTICE", // the notice is not the text that its hash names
  "E_OPTION", // an option of the application's is wrong
  "E_RESUME", // the window in which a session may go on has passed
  "E_STATE", // not now
  "E_TIMEOUT", // no answer in time
  "E_TRANSPORT", // the transport could not be opened or was lost
]);

/** An error with a `code`, which is for programs, and a `detail`, which is for people. */
export class RtcError extends Error {
  /**
   * @param {string} code
   * @param {string} [detail] what is wrong, as a fragment
   * @param {unknown} [cause]
   */
  constructor(code, detail = "", cause = undefined) {
    super(detail ? `${code}: ${detail}` : code, cause === undefined ? undefined : { cause });
    this.name = "RtcError";
    this.code = code;
    this.detail = detail;
  }

  /** Any failure as an `RtcError`; one that already is keeps its own code. */
  static from(error, code, detail) {
    return error instanceof RtcError ? error : new RtcError(code, detail, error);
  }
}

/** Throws `code` unless `condition` holds. */
export function demand(condition, code, detail) {
  if (!condition) throw new RtcError(code, detail);
}
