//! Session descriptions (RFC 8866, RFC 9429): what one must be for the server to pass it on.
//!
//! A description is accepted or refused as it is, never rewritten, since its sender signed the whole
//! text. The rules are those of `SIGNALING.md`, in its order:
//!
//! 1. the text: `lines`;
//! 2. the transport of each m-line: `transport`;
//! 3. what flows over each m-line: `media`, and the addresses around candidates: `place`;
//! 4. one certificate and one transport: `group`.
//!
//! One rule is checked for all m-lines before the next one, as the list says: a peer whose keys are
//! wrong anywhere learns that before it learns what it may send. Within rules 2 and 3 the m-lines are
//! checked one by one, each with all that the rule says, in the order in which it says it.
//!
//! Left out on purpose: whether an answer fits its offer, which the receiver's browser decides, and
//! codecs, which are no matter of security between browsers.

mod fingerprint;
mod group;
mod lines;
mod media;
mod place;
mod section;
mod transport;

use std::collections::BTreeSet;

pub use fingerprint::{Fingerprint, FingerprintHash};

use crate::candidate::IcePolicy;
use crate::code::Refusal;
use crate::grants::{Grants, Kind, Kinds};

use section::Section;

/// Which half of a negotiation a description is (`kind` of the message `sdp`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SdpKind {
    /// `offer`.
    Offer,
    /// `answer`.
    Answer,
}

impl SdpKind {
    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Offer, Self::Answer].into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its name in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
        }
    }
}

/// Who begins the handshake of DTLS (`a=setup`, RFC 8842).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// `active`: the client.
    Active,
    /// `passive`: the server.
    Passive,
}

impl Role {
    fn parse(value: &str) -> Option<Self> {
        match value {
            "active" => Some(Self::Active),
            "passive" => Some(Self::Passive),
            _ => None,
        }
    }

    /// The role of the other side.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Active => Self::Passive,
            Self::Passive => Self::Active,
        }
    }
}

/// What a description is held against.
#[derive(Clone, Copy, Debug)]
pub struct SdpRules {
    /// What it was sent as.
    pub kind: SdpKind,
    /// What its sender may do.
    pub grants: Grants,
    /// What its sender has a receipt of consent for.
    pub consented: Kinds,
    /// Most bits a second (the claim `max_bps`).
    pub max_bps: Option<u64>,
    /// The stricter policy of sender and recipient.
    pub ice: IcePolicy,
    /// The sender's role in the association that this call has established, if it has: an offer may
    /// repeat it.
    pub established: Option<Role>,
}

/// What an m-line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Data channels.
    Application,
    /// Sound.
    Audio,
    /// A camera or a screen: a description does not tell.
    Video,
}

impl MediaKind {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "application" => Some(Self::Application),
            "audio" => Some(Self::Audio),
            "video" => Some(Self::Video),
            _ => None,
        }
    }
}

/// Which way media flow, as the sender of the description sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Neither way.
    Inactive,
    /// `recvonly`.
    ReceiveOnly,
    /// `sendonly`.
    SendOnly,
    /// `sendrecv`.
    SendReceive,
}

impl Direction {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "inactive" => Some(Self::Inactive),
            "recvonly" => Some(Self::ReceiveOnly),
            "sendonly" => Some(Self::SendOnly),
            "sendrecv" => Some(Self::SendReceive),
            _ => None,
        }
    }

    /// Whether the sender of the description sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendOnly | Self::SendReceive)
    }

    /// Whether the sender of the description receives.
    pub fn receives(self) -> bool {
        matches!(self, Self::ReceiveOnly | Self::SendReceive)
    }
}

/// An m-line of an accepted description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media {
    /// What it is about.
    pub kind: MediaKind,
    /// Whether it is not rejected.
    pub live: bool,
    /// Which way it flows; neither if it is rejected.
    pub direction: Direction,
    /// The role in DTLS, the same on every m-line that is not rejected; none where the choice is left
    /// to the other side.
    pub role: Option<Role>,
}

/// An accepted description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The one set of fingerprints, sorted; at most one of each hash, and none only if every m-line
    /// is rejected.
    pub fingerprints: Vec<Fingerprint>,
    /// What its sender sends: of audio, video (which may be a screen) and data.
    pub sends: Kinds,
    /// Its m-lines, in their order.
    pub media: Vec<Media>,
}

impl Description {
    /// The role in DTLS that its sender takes; none in an offer that leaves the choice, and none if
    /// every m-line is rejected.
    pub fn role(&self) -> Option<Role> {
        self.media.iter().find_map(|media| media.role)
    }
}

/// Checks a description, without changing it.
///
/// Accepted: what Chromium and Firefox write, with `max-message-size` lowered to 4 MiB in Firefox;
/// m-lines that are rejected (port 0, not `bundle-only`), whatever they lack. Refused: the same with
/// `a=fingerprint:sha-1 …` or `RTP/AVP`, both of which Chromium takes; a line that ends in LF alone; a
/// camera on a `bundle-only` m-line that was not granted.
///
/// Time is linear in the length, which is bounded by 64 KiB; what is kept is bounded by that too.
///
/// # Errors
/// One of `E_SDP_…`, `E_CAND_…`, `E_GRANT` and `E_CONSENT`: the first that the rules name, in their
/// order.
pub fn check(text: &str, rules: &SdpRules) -> Result<Description, Refusal> {
    let text = lines::parse(text)?;
    let sections = text.media.iter().enumerate();
    let sections =
        sections.map(|(index, media)| Section { number: index + 1, media, session: &text.session });
    let transports = sections.map(|section| Ok((section, transport::check(&section, rules)?)));
    let transports = transports.collect::<Result<Vec<_>, Refusal>>()?;
    transport::check_roles(&transports)?;

    let mut told = BTreeSet::new();
    let mut media = Vec::with_capacity(transports.len());
    for (section, transport) in &transports {
        let direction = media::check(section, transport.kind, rules, &mut told)?;
        let live = section.is_live();
        media.push(Media { kind: transport.kind, live, direction, role: transport.role });
    }
    place::check(&text, rules.ice, &told)?;

    let fingerprints = group::fingerprints(&transports)?;
    let sections = transports.iter().map(|(section, _)| section);
    group::check_bundle(&text.session, sections.filter(|section| section.is_live()))?;
    Ok(Description { fingerprints, sends: sends(&media), media })
}

fn sends(media: &[Media]) -> Kinds {
    let sending = media.iter().filter(|media| media.direction.sends());
    let kinds = sending.map(|media| match media.kind {
        MediaKind::Application => Kind::Data,
        MediaKind::Audio => Kind::Audio,
        MediaKind::Video => Kind::Video,
    });
    kinds.collect()
}
