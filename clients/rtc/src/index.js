// A browser client for `corsac.signal.v1`. Start with `Identity.load` and `connect`.

export { connect } from "./connect.js";
export { Identity } from "./identity.js";
export { indexedDbStore, memoryStore } from "./store.js";
export { LOCAL_CODES, RtcError } from "./errors.js";
