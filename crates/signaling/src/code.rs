//! What a peer is told when something is refused.

use std::borrow::Cow;
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $(closes $close:literal)?;)*) => {
        /// An error of the protocol, as it stands in `code`. The server closes the connection after some.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in `code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The code that the connection is closed with (RFC 6455, section 7.4.2; the same in
            /// WebTransport), if it is closed.
            pub fn close(self) -> Option<u16> {
                match self { $(Self::$variant => codes!(@close $($close)?),)* }
            }
        }
    };
    (@close) => { None };
    (@close $close:literal) => { Some($close) };
}

codes! {
    /// `accept` without an `invite`, or by the inviter.
    NoCall = "E_NO_CALL";
    /// Something of a call before the invited side accepted.
    NotAccepted = "E_NOT_ACCEPTED";
    /// A candidate of a type that is not one.
    CandidateType = "E_CAND_TYPE";
    /// A candidate that is no candidate.
    CandidateSyntax = "E_CAND_SYNTAX";
    /// A candidate that is no relay, where only relays may be used.
    CandidateRelayOnly = "E_CAND_RELAY_ONLY";
    /// A candidate whose address is a name.
    CandidateName = "E_CAND_FQDN";
    /// A candidate with a private address.
    CandidatePrivate = "E_CAND_PRIVATE";
    /// A candidate with a private related address.
    CandidateRelated = "E_CAND_RADDR";
    /// The first message is neither `hello` nor `resume`.
    AuthFirst = "E_AUTH_FIRST" closes 4001;
    /// The token is for another key.
    Confirmation = "E_CNF" closes 4003;
    /// Media is sent without a receipt of consent.
    Consent = "E_CONSENT";
    /// Media was not stopped after its consent was revoked.
    ConsentRevoked = "E_CONSENT_REVOKED" closes 4010;
    /// Signature, context or age of a consent is wrong.
    ConsentSignature = "E_CONSENT_SIG";
    /// The server shuts down.
    Drain = "E_DRAIN" closes 4013;
    /// A fingerprint that the token does not name.
    FingerprintToken = "E_FP_TOKEN";
    /// Something that the token does not grant.
    Grant = "E_GRANT";
    /// No `hello` in time.
    HelloTimeout = "E_HELLO_TIMEOUT" closes 4001;
    /// Not a JSON text message.
    Json = "E_JSON" closes 4007;
    /// The token was used before.
    JtiReplay = "E_JTI_REPLAY" closes 4003;
    /// A moderator removed this peer.
    Kicked = "E_KICKED" closes 4011;
    /// The room is locked.
    Locked = "E_LOCKED";
    /// A description without its signature.
    NoBind = "E_NO_BIND";
    /// `to` is not in the room.
    NoPeer = "E_NO_PEER";
    /// The proof of possession does not hold.
    Possession = "E_POP" closes 4003;
    /// Too many messages.
    Rate = "E_RATE" closes 4008;
    /// `seq` is not above the last for its destination.
    Replay = "E_REPLAY";
    /// The room is full.
    RoomFull = "E_ROOM_FULL" closes 4003;
    /// Bandwidth over what the token allows.
    SdpBitrate = "E_SDP_BITRATE";
    /// Live m-lines that are not one group.
    SdpBundle = "E_SDP_BUNDLE";
    /// More than one direction.
    SdpDirection = "E_SDP_DIR";
    /// A hash that is not allowed.
    SdpFingerprintHash = "E_SDP_FP_HASH";
    /// More than one set of fingerprints.
    SdpFingerprintMultiple = "E_SDP_FP_MULTI";
    /// No fingerprint.
    SdpFingerprintMissing = "E_SDP_NO_FP";
    /// A fingerprint in a wrong spelling.
    SdpFingerprintValue = "E_SDP_FP_VALUE";
    /// A medium other than audio, video and data.
    SdpKind = "E_SDP_KIND";
    /// A size of messages that is not allowed.
    SdpMessageSize = "E_SDP_MMS";
    /// Too many m-lines.
    SdpMediaLines = "E_SDP_MLINES";
    /// A password of ICE that is too short or too plain.
    SdpPassword = "E_SDP_PWD";
    /// A protocol without DTLS.
    SdpProtocol = "E_SDP_PROTO";
    /// No `rtcp-mux`.
    SdpRtcpMux = "E_SDP_RTCP_MUX";
    /// Keys of another kind than DTLS.
    SdpSdes = "E_SDP_SDES";
    /// A role in DTLS that does not fit.
    SdpSetup = "E_SDP_SETUP";
    /// Too long.
    SdpSize = "E_SDP_SIZE";
    /// Not a description.
    SdpSyntax = "E_SDP_SYNTAX";
    /// A user name of ICE that is none.
    SdpUfrag = "E_SDP_UFRAG";
    /// A consumer that does not read.
    Slow = "E_SLOW" closes 4009;
    /// The session goes on elsewhere.
    Superseded = "E_SUPERSEDED" closes 4012;
    /// The access token or the assertion is refused.
    Token = "E_TOKEN" closes 4003;
    /// A type of message that is not known.
    Type = "E_TYPE";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why something was refused: what the peer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error.
    pub code: Code,
    /// A few words; for [`Code::Grant`] and [`Code::Consent`] what is missing, as the protocol has it.
    pub detail: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with a detail.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn codes_are_told_apart() {
        let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(Code::Kicked.close(), Some(4011));
        assert_eq!(Code::Grant.close(), None);
    }
}
