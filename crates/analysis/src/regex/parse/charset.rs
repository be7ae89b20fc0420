//! Sets of characters while an expression is read.
//!
//! Origins have no upper case, but a class can name it and then ignore case, negate or
//! intersect, so that sets keep all of ASCII, and of the rest the four characters that some
//! engine takes for an ASCII letter in another case. No other can come to match.

use crate::alphabet::ByteSet;

/// A set of code points, as far as they can make a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CharSet {
    ascii: u128,
    special: u8,
}

/// Capital I with dot, small i without, long s, the Kelvin sign: with `i`, `i`, `s` and `k`.
const SPECIAL: [(u32, u8); 4] = [(0x130, b'i'), (0x131, b'i'), (0x17f, b's'), (0x212a, b'k')];

/// Which of the four count as ASCII letters when case is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folding {
    /// None.
    Ascii,
    /// All four.
    Four,
    /// Long s and the Kelvin sign, as in the simple folding of Unicode.
    Two,
}

impl CharSet {
    pub(super) const EMPTY: Self = Self { ascii: 0, special: 0 };
    pub(super) const ALL: Self = Self { ascii: u128::MAX, special: 0b1111 };

    pub(super) fn of(code: u32) -> Self {
        Self::range(code, code)
    }

    pub(super) fn range(low: u32, high: u32) -> Self {
        let below = |end: u32| if end >= 128 { u128::MAX } else { (1_u128 << end) - 1 };
        let ascii = below(high.saturating_add(1)) & !below(low);
        let special = (0..).zip(SPECIAL).filter(|(_, (code, _))| (low..=high).contains(code));
        Self { ascii, special: special.fold(0, |bits, (number, _)| bits | 1 << number) }
    }

    pub(super) fn of_all(text: &str) -> Self {
        text.chars().fold(Self::EMPTY, |set, c| set.or(Self::of(u32::from(c))))
    }

    /// Decimal digits.
    pub(super) fn digit() -> Self {
        Self::range(0x30, 0x39)
    }

    /// Letters; with the four, so that ignoring case changes nothing.
    pub(super) fn alpha() -> Self {
        Self { special: 0b1111, ..Self::upper().or(Self::lower()) }
    }

    pub(super) fn upper() -> Self {
        Self::range(0x41, 0x5a)
    }

    pub(super) fn lower() -> Self {
        Self::range(0x61, 0x7a)
    }

    pub(super) fn word() -> Self {
        Self::alpha().or(Self::digit()).or(Self::of_all("_"))
    }

    pub(super) fn space() -> Self {
        Self::range(9, 13).or(Self::of(0x20))
    }

    pub(super) fn hex_digit() -> Self {
        Self::digit().or(Self::range(0x41, 0x46)).or(Self::range(0x61, 0x66))
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self { ascii: self.ascii | other.ascii, special: self.special | other.special }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { ascii: self.ascii & other.ascii, special: self.special & other.special }
    }

    pub(super) fn complement(self) -> Self {
        Self { ascii: !self.ascii, special: !self.special & 0b1111 }
    }

    /// Whether one of the four is in it.
    pub(super) fn has_special(self) -> bool {
        self.special != 0
    }

    /// With the other case of every letter.
    pub(super) fn fold(self, folding: Folding) -> Self {
        let counted = match folding {
            Folding::Ascii => 0,
            Folding::Four => 0b1111,
            Folding::Two => 0b1100,
        };
        let mut set = self;
        for (number, (_, letter)) in (0..4).zip(SPECIAL) {
            if counted >> number & 1 == 1 {
                let (lower, upper) = (1_u128 << letter, 1_u128 << letter.to_ascii_uppercase());
                if self.special >> number & 1 == 1 {
                    set.ascii |= lower;
                }
                if self.ascii & (lower | upper) != 0 {
                    set.special |= 1 << number;
                }
            }
        }
        let (upper, lower) = (set.ascii & Self::upper().ascii, set.ascii & Self::lower().ascii);
        set.ascii |= upper << 32 | lower >> 32;
        set
    }

    /// What of it origins can have.
    pub(super) fn bytes(self) -> ByteSet {
        // Most sets are one letter.
        let below = self.ascii.trailing_zeros().min(127);
        let above = 128 - self.ascii.leading_zeros();
        let bytes = (below..above).filter(|byte| self.ascii >> byte & 1 == 1);
        ByteSet::of_all(bytes.filter_map(|byte| u8::try_from(byte).ok()))
    }
}
