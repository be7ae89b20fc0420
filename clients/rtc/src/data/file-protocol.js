// A file on a channel of its own (`corsac-file.v1`). Texts are JSON, bytes are the file:
// sender `file {name, size, type}`, receiver `accept` or `decline`, sender bytes and `end {sha256}`, receiver
// `got {bytes}` as it writes and `done` or `failed {code}` at the end. Whoever closes the channel gives up.

import { RtcError } from "../errors.js";
import { MAX_CHANNEL_MESSAGE } from "./channel.js";

/** Bytes of a piece. */
export const CHUNK = MAX_CHANNEL_MESSAGE;
/** Bytes that may be under way: what a receiver has to hold if it writes slowly. */
export const WINDOW = 4 * 1_048_576;
/** The receiver tells how far it is after this many bytes. */
export const REPORT = 1_048_576;
const MAX_NAME = 255;
const MAX_TYPE = 255;
const MAX_CONTROL = 2048;

// Separators of paths, controls, and characters that turn the direction of writing around: `exe.gpj`.
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A name that can be shown and saved: a last part without a path, never hidden, never empty. */
export function safeName(name) {
  const cleaned = String(name ?? "").replace(UNSAFE, "_").replace(/^[.\s]+|[.\s]+$/g, "").slice(0, MAX_NAME);
  return cleaned === "" ? "file" : cleaned;
}

/** A media type, or none: it is shown, not believed. */
export function safeType(type) {
  return typeof type === "string" && type.length <= MAX_TYPE && /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : "";
}

/** A text of the other side as an object. */
export function readControl(data) {
  try {
    if (data.length > MAX_CONTROL) throw new RtcError("E_LIMIT", "text is too long");
    const message = JSON.parse(data);
    if (message === null || typeof message !== "object" || typeof message.t !== "string") throw new RtcError("E_JSON");
    return message;
  } catch (error) {
    throw new RtcError("E_JSON", "peer does not speak the protocol of files", error);
  }
}
