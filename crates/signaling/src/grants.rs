//! What an access token lets its holder do in a room (its claim `grants`).

use std::fmt;

/// What a peer publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A microphone.
    Audio,
    /// A camera.
    Video,
    /// A screen; in a description it is a video, like a camera.
    Screen,
    /// A data channel.
    Data,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Audio, Self::Video, Self::Screen, Self::Data];

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its name in tokens and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Screen => "screen",
            Self::Data => "data",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Audio => 1,
            Self::Video => 2,
            Self::Screen => 4,
            Self::Data => 8,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Kinds(u8);

impl Kinds {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Whether `kind` is one of them.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// These and `kind`.
    #[must_use]
    pub fn with(self, kind: Kind) -> Self {
        Self(self.0 | kind.bit())
    }

    /// These but `kind`.
    #[must_use]
    pub fn without(self, kind: Kind) -> Self {
        Self(self.0 & !kind.bit())
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order of [`Kind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// What an access token lets its holder do. Nothing, unless the token says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// `pub`: what it may send.
    pub publish: Kinds,
    /// `sub`: whether it may receive audio and video.
    pub subscribe: bool,
    /// `mod` and `rec`.
    pub duties: Duties,
}

/// What few have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duties {
    /// `mod`: whether it may lock the room, mute others and remove them.
    pub moderate: bool,
    /// `rec`: whether it may ask others for their consent to be recorded.
    pub record: bool,
}
