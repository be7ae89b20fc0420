//! The bytes of serialized origins, and sets of them.
//!
//! A browser writes `http` and `https` origins with 59 bytes only: lower-case letters,
//! digits, `-._:/[]`, and the sixteen oddities that the URL Standard lets into a host (it
//! forbids `#%<>?@\^|` and controls: "forbidden domain code point"). Whatever else a
//! pattern names (upper case, white space, Unicode) matches no origin, so that most of what
//! tells regex dialects apart falls away.

use std::fmt;

/// All bytes, in the order of their numbers. Those that make a telling example come first.
pub const BYTES: &[u8; 59] = b"eabcdfghijklmnopqrstuvwxyz0123456789-.:/_[]!\"$&'()*+,;=`{}~";

/// A set of bytes of origins; one machine word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ByteSet(u64);

impl ByteSet {
    /// None.
    pub const EMPTY: Self = Self(0);
    /// Every byte of an origin.
    pub const ALL: Self = Self((1 << BYTES.len()) - 1);

    /// The set of one byte; empty if no origin has it.
    pub fn of(byte: u8) -> Self {
        index(byte).map_or(Self::EMPTY, |index| Self(1 << index))
    }

    /// The bytes of `bytes` that origins have.
    pub fn of_all(bytes: impl IntoIterator<Item = u8>) -> Self {
        bytes.into_iter().fold(Self::EMPTY, |set, byte| set.or(Self::of(byte)))
    }

    /// `a-z`, `0-9` and `_`: what `\w` means here in every dialect.
    pub fn word() -> Self {
        Self::of_all(b'a'..=b'z').or(Self::digit()).or(Self::of(b'_'))
    }

    /// `0-9`.
    pub fn digit() -> Self {
        Self::of_all(b'0'..=b'9')
    }

    /// The bytes of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bytes of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The bytes of origins that are not in the set.
    #[must_use]
    pub fn complement(self) -> Self {
        Self(!self.0).and(Self::ALL)
    }

    /// Whether `byte` is in the set.
    pub fn contains(self, byte: u8) -> bool {
        index(byte).is_some_and(|index| self.0 >> index & 1 == 1)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub fn len(self) -> usize {
        usize::try_from(self.0.count_ones()).unwrap_or_default()
    }

    /// The bytes, in the order of [`BYTES`].
    pub fn iter(self) -> impl Iterator<Item = u8> {
        BYTES.iter().enumerate().filter(move |&(index, _)| self.0 >> index & 1 == 1).map(|(_, &byte)| byte)
    }

    /// The set as bits, by the numbers of [`BYTES`].
    pub fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for ByteSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = self.iter().collect();
        write!(f, "[{}]", String::from_utf8_lossy(&bytes))
    }
}

/// The number of a byte in [`BYTES`].
pub fn index(byte: u8) -> Option<usize> {
    const NONE: u8 = u8::MAX;
    const INDEX: [u8; 256] = {
        let mut table = [NONE; 256];
        let mut number = 0;
        while number < BYTES.len() {
            #[expect(clippy::indexing_slicing, reason = "in a constant; it would not compile")]
            #[expect(clippy::cast_possible_truncation, reason = "there are 59")]
            {
                table[BYTES[number] as usize] = number as u8;
            }
            number += 1;
        }
        table
    };
    INDEX.get(usize::from(byte)).copied().filter(|&number| number != NONE).map(usize::from)
}
