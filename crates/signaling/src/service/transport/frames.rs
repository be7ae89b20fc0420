//! Frames of WebSocket (RFC 6455, section 5), without I/O: from bytes to messages and back.
//!
//! Nothing is kept while nothing is under way: a connection that waits has no buffer. Libraries keep
//! one for each direction, which would be half of what a connection costs.

use crate::message::MAX_MESSAGE;

/// Bytes of a control frame's payload.
const MAX_CONTROL: usize = 125;

/// Bytes of an empty buffer that are kept.
const KEPT: usize = 512;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What a peer has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// It goes, and says this.
    Close(Vec<u8>),
    /// No frame, or not of a text; nothing that comes after it can be read.
    NotText,
    /// Something without a message: an answer, or a part.
    Other,
    /// It asks whether we are there.
    Ping(Vec<u8>),
    Text(String),
    /// A message over [`MAX_MESSAGE`]; nothing that comes after it can be read.
    TooLong,
}

/// What has come and is not read.
#[derive(Debug, Default)]
pub(super) struct Frames {
    input: Vec<u8>,
    /// A message of which parts are missing.
    message: Option<Vec<u8>>,
}

/// The beginning of a frame.
struct Head {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Where its payload begins and ends.
    start: usize,
    end: usize,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// The next frame that is complete, or wrong.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let head = match self.head()? {
            Ok(head) => head,
            Err(wrong) => return Some(wrong),
        };
        let mut payload = self.input.get(head.start..head.end)?.to_vec();
        // Section 5.3.
        for four in payload.chunks_mut(4) {
            four.iter_mut().zip(head.mask).for_each(|(byte, mask)| *byte ^= mask);
        }
        self.input.drain(..head.end);
        if self.input.is_empty() && self.input.capacity() > KEPT {
            self.input = Vec::new();
        }
        Some(match head.opcode {
            CLOSE => Frame::Close(payload),
            PING => Frame::Ping(payload),
            PONG => Frame::Other,
            _ => self.data(head.is_final, payload),
        })
    }

    fn data(&mut self, is_final: bool, payload: Vec<u8>) -> Frame {
        let whole = match self.message.take() {
            None => payload,
            Some(mut before) => {
                before.extend_from_slice(&payload);
                before
            }
        };
        if !is_final {
            self.message = Some(whole);
            return Frame::Other;
        }
        String::from_utf8(whole).map_or(Frame::NotText, Frame::Text)
    }

    /// The head of the next frame: nothing while it is not complete, and what is wrong with it as soon as
    /// that can be told.
    fn head(&self) -> Option<Result<Head, Frame>> {
        let [first, second] = *self.input.first_chunk::<2>()?;
        let (is_final, opcode) = (first & FINAL != 0, first & 0x0f);
        let is_control = opcode >= CLOSE;
        let is_known = match opcode {
            CONTINUATION => self.message.is_some(),
            TEXT => self.message.is_none(),
            CLOSE | PING | PONG => is_final,
            _ => false,
        };
        if first & RESERVED != 0 || second & MASKED == 0 || !is_known {
            return Some(Err(Frame::NotText));
        }
        let (length, rest) = match second & !MASKED {
            126 => (u64::from(u16::from_be_bytes(*self.chunk(2)?)), 4),
            127 => (u64::from_be_bytes(*self.chunk(2)?), 10),
            short => (u64::from(short), 2),
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if is_control && length > MAX_CONTROL {
            return Some(Err(Frame::NotText));
        }
        let before = self.message.as_ref().map_or(0, Vec::len);
        if !is_control && length.saturating_add(before) > MAX_MESSAGE {
            return Some(Err(Frame::TooLong));
        }
        let mask = *self.chunk::<4>(rest)?;
        let start = rest + 4;
        Some(Ok(Head { is_final, opcode, mask, start, end: start + length }))
    }

    fn chunk<const N: usize>(&self, at: usize) -> Option<&[u8; N]> {
        self.input.get(at..)?.first_chunk()
    }
}

/// Writes a text in one frame; the server's are not masked.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    write(out, TEXT, text.as_bytes());
}

pub(super) fn write_ping(out: &mut Vec<u8>) {
    write(out, PING, b"");
}

pub(super) fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    write(out, PONG, payload);
}

/// `payload` is what the other side said.
pub(super) fn write_close(out: &mut Vec<u8>, payload: &[u8]) {
    write(out, CLOSE, payload);
}

/// A goodbye with a code and a reason, which is cut to what a frame takes.
pub(super) fn write_goodbye(out: &mut Vec<u8>, code: u16, reason: &str) {
    let payload: Vec<u8> = code.to_be_bytes().into_iter().chain(reason.bytes()).take(MAX_CONTROL).collect();
    write(out, CLOSE, &payload);
}

fn write(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.reserve_exact(payload.len() + 10);
    out.push(FINAL | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => out.push(length),
        (_, Ok(length)) => {
            out.push(126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// A client's frame.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        write(&mut frame, 0, payload);
        frame[0] = first;
        frame[1] |= MASKED;
        let start = frame.len() - payload.len();
        let masked: Vec<u8> =
            payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        frame.truncate(start);
        [frame, MASK.to_vec(), masked].concat()
    }

    /// All that comes of some bytes, in pieces of this size.
    fn read(bytes: &[u8], size: usize) -> Vec<Frame> {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(size) {
            frames.push(piece);
            while let Some(frame) = frames.next() {
                let is_end = matches!(frame, Frame::NotText | Frame::TooLong);
                found.push(frame);
                if is_end {
                    return found;
                }
            }
        }
        assert!(frames.input.is_empty() && frames.input.capacity() <= KEPT, "{:?}", frames.input);
        found
    }

    #[test]
    fn frames_are_read_however_they_come() {
        // RFC 6455, section 5.7, has the first.
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let text = |text: &str| Frame::Text(text.to_owned());
        let (long, longest) = ("é".repeat(200), "x".repeat(MAX_MESSAGE));
        let whole = [
            hello.to_vec(),
            frame(0x81, b""),
            frame(0x01, "é".as_bytes().get(..1).unwrap()),
            frame(0x89, b"there?"),
            frame(0x00, "é".as_bytes().get(1..).unwrap()),
            frame(0x8a, b""),
            frame(0x80, b"!"),
            frame(0x81, long.as_bytes()),
            frame(0x81, longest.as_bytes()),
            frame(0x88, &[3, 232]),
        ]
        .concat();
        let expected = [
            text("Hello"),
            text(""),
            Frame::Other,
            Frame::Ping(b"there?".to_vec()),
            Frame::Other,
            Frame::Other,
            text("é!"),
            text(&long),
            text(&longest),
            Frame::Close(vec![3, 232]),
        ];
        for size in [1, 2, 7, 4_096, usize::MAX] {
            assert_eq!(read(&whole, size), expected, "{size}");
        }
    }

    #[test]
    fn what_is_no_frame_or_no_text_is_told_at_once() {
        let long_control = frame(0x89, &[0; 126]);
        let mut unmasked = frame(0x81, b"a");
        unmasked[1] &= !MASKED;
        for wrong in [
            unmasked,
            frame(0x82, b"binary"),
            frame(0x80, b"continues nothing"),
            frame(0x83, b"reserved"),
            frame(0x8b, b"reserved"),
            frame(0xc1, b"compressed"),
            frame(0xa1, b""),
            frame(0x09, b"ping in parts"),
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
            frame(0x81, b"\xff"),
            frame(0x81, "é".as_bytes().get(..1).unwrap()),
            long_control,
        ] {
            assert_eq!(read(&wrong, 1).last(), Some(&Frame::NotText), "{wrong:?}");
        }
        assert_eq!(read(&frame(0x89, &[0; 125]), 9), [Frame::Ping(vec![0; 125])]);
    }

    #[test]
    fn a_message_has_a_bound_in_one_piece_and_in_many() {
        let mut frames = Frames::default();
        // Its length alone, of a frame that never comes.
        frames.push(&[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1]);
        assert_eq!(frames.next(), Some(Frame::TooLong));
        frames = Frames::default();
        frames.push(&[0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(frames.next(), Some(Frame::TooLong));
        let half = vec![0; MAX_MESSAGE / 2];
        let parts = [frame(0x01, &half), frame(0x00, &half), frame(0x80, b"")].concat();
        assert!(matches!(read(&parts, 4_096).last(), Some(Frame::Text(text)) if text.len() == MAX_MESSAGE));
        let parts = [frame(0x01, &half), frame(0x00, &half), frame(0x80, b"x")].concat();
        assert_eq!(read(&parts, 4_096).last(), Some(&Frame::TooLong));
    }

    #[test]
    fn what_is_written_is_in_one_frame() {
        let written = |length: usize| {
            let mut out = Vec::new();
            write_text(&mut out, &"x".repeat(length));
            assert_eq!(out[0], 0x81);
            out[1..out.len() - length].to_vec()
        };
        assert_eq!((written(0), written(125)), (vec![0], vec![125]));
        assert_eq!((written(126), written(65_535)), (vec![126, 0, 126], vec![126, 255, 255]));
        assert_eq!(written(65_536), [127, 0, 0, 0, 0, 0, 1, 0, 0]);
        let mut out = Vec::new();
        write_goodbye(&mut out, 4009, "E_SLOW");
        assert_eq!(out, [&[0x88, 8, 0x0f, 0xa9][..], b"E_SLOW"].concat());
    }
}
