//! What peers send.

use std::borrow::Cow;

use super::members::{Member, Members};
use crate::code::{Code, Refusal};
use crate::grants::Kind;

/// Longest token, assertion, proof, receipt or binding, in bytes.
const MAX_JWS: usize = 8 * 1024;

/// Longest name of a peer, a session, a call or a medium, and longest nonce, in bytes.
const MAX_NAME: usize = 128;

/// The first message of a connection.
#[derive(Debug)]
pub enum First<'m> {
    /// A new session.
    Hello {
        /// The access token.
        token: Cow<'m, str>,
        /// The peer assertion.
        assertion: Cow<'m, str>,
        /// The proof of possession.
        pop: Cow<'m, str>,
    },
    /// A session that lost its connection.
    Resume {
        /// The session.
        sid: Cow<'m, str>,
        /// The ticket that it got last.
        ticket: Cow<'m, str>,
        /// The proof of possession.
        pop: Cow<'m, str>,
        /// What arrived before.
        last_seq: Seen<'m>,
    },
}

/// What a peer received before its connection broke.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen<'m> {
    /// The highest `seq` of each sender.
    BySender(Vec<(Cow<'m, str>, u64)>),
    /// The highest `seq` of all senders together.
    Highest(u64),
}

/// A message of a session.
#[derive(Debug)]
pub struct ClientMessage<'m> {
    /// Its number, strictly increasing for each destination.
    pub seq: u64,
    /// What it says.
    pub body: Body<'m>,
}

/// Whether a description offers or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptionKind {
    /// `answer`
    Answer,
    /// `offer`
    Offer,
}

/// What a message says.
#[derive(Debug)]
#[expect(missing_docs, reason = "the members are those of the protocol's table")]
pub enum Body<'m> {
    Accept {
        to: Cow<'m, str>,
        call: Cow<'m, str>,
    },
    Consent {
        jws: Cow<'m, str>,
    },
    Decline {
        to: Cow<'m, str>,
        call: Cow<'m, str>,
    },
    Ice {
        to: Cow<'m, str>,
        call: Cow<'m, str>,
        cand: Cow<'m, str>,
    },
    Invite {
        to: Cow<'m, str>,
        call: Cow<'m, str>,
    },
    Kick {
        to: Cow<'m, str>,
    },
    Lock,
    Mute {
        to: Cow<'m, str>,
        scope: Vec<Kind>,
    },
    Ping,
    Sdp {
        to: Cow<'m, str>,
        call: Cow<'m, str>,
        kind: DescriptionKind,
        sdp: Cow<'m, str>,
        bind: Option<Cow<'m, str>>,
    },
    TokenRefresh {
        token: Cow<'m, str>,
    },
    Unlock,
}

impl Body<'_> {
    /// The peer that it is for.
    pub fn to(&self) -> Option<&str> {
        match self {
            Self::Accept { to, .. }
            | Self::Decline { to, .. }
            | Self::Ice { to, .. }
            | Self::Invite { to, .. }
            | Self::Kick { to }
            | Self::Mute { to, .. }
            | Self::Sdp { to, .. } => Some(to),
            Self::Consent { .. } | Self::Lock | Self::Ping | Self::TokenRefresh { .. } | Self::Unlock => None,
        }
    }
}

impl<'m> First<'m> {
    /// Reads the first message of a connection.
    ///
    /// # Errors
    ///
    /// `E_JSON` for what is no message, `E_AUTH_FIRST` for any other one.
    pub fn parse(text: &'m str) -> Result<Self, Refusal> {
        let mut fields = Fields::read(text)?;
        let first = fields.first().ok_or_else(|| {
            Refusal::new(Code::AuthFirst, "`hello` or `resume` with its members comes first")
        })?;
        Ok(first)
    }
}

impl<'m> ClientMessage<'m> {
    /// Reads a message of a session.
    ///
    /// # Errors
    ///
    /// `E_JSON` for what is no message; with the `seq`, as far as it can be read, `E_TYPE` for one
    /// of an unknown type, with a member missing, unknown, or not what it is to be.
    pub fn parse(text: &'m str) -> Result<Self, (Refusal, Option<u64>)> {
        let mut fields = Fields::read(text).map_err(|refusal| (refusal, None))?;
        let seq = fields.number("seq");
        let wrong = |detail: String| (Refusal::new(Code::Type, detail), seq);
        let Some(t) = fields.text("t", MAX_NAME) else { return Err(wrong("`t` is missing".to_owned())) };
        let body = fields.body(&t);
        let body = match (body, fields.mistake.take()) {
            (_, Some(member)) => return Err(wrong(format!("`{member}` is missing or not what it is to be"))),
            (None, None) => return Err(wrong("`t` is no type of a message".to_owned())),
            (Some(body), None) => body,
        };
        if fields.members.rest().is_some() {
            return Err(wrong("there is a member that such a message does not have".to_owned()));
        }
        match seq {
            Some(seq) => Ok(Self { seq, body }),
            None => Err(wrong("`seq` is missing or no number".to_owned())),
        }
    }
}

/// The members of a message that were not looked at yet.
struct Fields<'m> {
    members: Members<'m>,
    /// The first member that was missing or wrong.
    mistake: Option<&'static str>,
}

impl<'m> Fields<'m> {
    fn read(text: &'m str) -> Result<Self, Refusal> {
        let members = Members::read(text)
            .ok_or_else(|| Refusal::new(Code::Json, "a message is a JSON object with each member once"))?;
        Ok(Self { members, mistake: None })
    }

    fn text(&mut self, name: &str, most: usize) -> Option<Cow<'m, str>> {
        match self.members.take(name)? {
            Member::Text(text) if text.len() <= most => Some(text),
            _ => None,
        }
    }

    fn number(&mut self, name: &str) -> Option<u64> {
        match self.members.take(name)? {
            Member::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A text that has to be there.
    fn required(&mut self, name: &'static str, most: usize) -> Cow<'m, str> {
        let text = self.text(name, most).filter(|text| !text.is_empty());
        if text.is_none() {
            self.mistake.get_or_insert(name);
        }
        text.unwrap_or_default()
    }

    fn first(&mut self) -> Option<First<'m>> {
        let first = match self.text("t", MAX_NAME)?.as_ref() {
            "hello" => {
                (self.number("v")? == 1).then_some(())?;
                let (token, assertion) = (self.text("token", MAX_JWS)?, self.text("assertion", MAX_JWS)?);
                First::Hello { token, assertion, pop: self.text("pop", MAX_JWS)? }
            }
            "resume" => {
                let (sid, ticket) = (self.text("sid", MAX_NAME)?, self.text("ticket", MAX_NAME)?);
                let last_seq = match self.members.take("last_seq")? {
                    Member::Counts(counts) => Seen::BySender(counts),
                    Member::Number(number) => Seen::Highest(number),
                    _ => return None,
                };
                First::Resume { sid, ticket, pop: self.text("pop", MAX_JWS)?, last_seq }
            }
            _ => return None,
        };
        // `hello` has no destination, and need not have a number.
        self.members.take("seq");
        self.members.rest().is_none().then_some(first)
    }

    fn body(&mut self, t: &str) -> Option<Body<'m>> {
        Some(match t {
            "accept" => {
                let (to, call) = self.destination();
                self.required("nr", MAX_NAME);
                Body::Accept { to, call }
            }
            "consent" => Body::Consent { jws: self.required("jws", MAX_JWS) },
            "decline" => {
                let (to, call) = self.destination();
                Body::Decline { to, call }
            }
            "ice" => self.ice(),
            "invite" => {
                let (to, call) = self.destination();
                self.required("commit", MAX_NAME);
                Body::Invite { to, call }
            }
            "kick" => Body::Kick { to: self.required("to", MAX_NAME) },
            "lock" => Body::Lock,
            "mute" => Body::Mute { to: self.required("to", MAX_NAME), scope: self.scope() },
            "ping" => Body::Ping,
            "sdp" => self.sdp(),
            "token.refresh" => Body::TokenRefresh { token: self.required("token", MAX_JWS) },
            "unlock" => Body::Unlock,
            _ => return None,
        })
    }

    fn destination(&mut self) -> (Cow<'m, str>, Cow<'m, str>) {
        (self.required("to", MAX_NAME), self.required("call", MAX_NAME))
    }

    fn ice(&mut self) -> Body<'m> {
        let (to, call) = self.destination();
        // Whether it is too long for a candidate is for the policy to say.
        let cand = self.text("cand", super::MAX_MESSAGE);
        if cand.is_none() {
            self.mistake.get_or_insert("cand");
        }
        // `RTCIceCandidate.sdpMid` may be null, at the end of candidates for one.
        match self.members.take("mid") {
            Some(Member::Text(mid)) if mid.len() <= MAX_NAME => {}
            None | Some(Member::Other) => {}
            Some(_) => self.mistake = self.mistake.or(Some("mid")),
        }
        Body::Ice { to, call, cand: cand.unwrap_or_default() }
    }

    fn sdp(&mut self) -> Body<'m> {
        let (to, call) = self.destination();
        let kind = match self.required("kind", MAX_NAME).as_ref() {
            "offer" => DescriptionKind::Offer,
            "answer" => DescriptionKind::Answer,
            _ => {
                self.mistake.get_or_insert("kind");
                DescriptionKind::Offer
            }
        };
        let sdp = self.text("sdp", super::MAX_MESSAGE);
        if sdp.is_none() {
            self.mistake.get_or_insert("sdp");
        }
        let bind = self.text("bind", MAX_JWS).filter(|bind| !bind.is_empty());
        Body::Sdp { to, call, kind, sdp: sdp.unwrap_or_default(), bind }
    }

    /// What to mute: the microphone, if it is not said.
    fn scope(&mut self) -> Vec<Kind> {
        match self.members.take("scope") {
            None => vec![Kind::Audio],
            Some(Member::Texts(names)) if !names.is_empty() => {
                let kinds: Option<Vec<Kind>> = names.iter().map(|name| Kind::parse(name)).collect();
                kinds.unwrap_or_else(|| {
                    self.mistake.get_or_insert("scope");
                    Vec::new()
                })
            }
            Some(_) => {
                self.mistake.get_or_insert("scope");
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, ClientMessage, Code, First, Seen};

    fn code(text: &str) -> Option<Code> {
        ClientMessage::parse(text).err().map(|(refusal, _)| refusal.code)
    }

    #[test]
    fn each_type_is_read_with_its_members_and_no_others() {
        let of = [
            r#""t":"accept","to":"a","call":"c","nr":"n""#,
            r#""t":"consent","jws":"a.b.c""#,
            r#""t":"decline","to":"a","call":"c""#,
            r#""t":"ice","to":"a","call":"c","cand":"","mid":"0""#,
            r#""t":"ice","to":"a","call":"c","cand":"","mid":null"#,
            r#""t":"invite","to":"a","call":"c","commit":"x""#,
            r#""t":"kick","to":"a""#,
            r#""t":"lock""#,
            r#""t":"mute","to":"a","scope":["audio","screen"]"#,
            r#""t":"ping""#,
            r#""t":"sdp","to":"a","call":"c","kind":"offer","sdp":"v=0","bind":"x""#,
            r#""t":"token.refresh","token":"a.b.c""#,
            r#""t":"unlock""#,
        ];
        for members in of {
            assert_eq!(code(&format!("{{{members},\"seq\":1}}")), None, "{members}");
            assert_eq!(
                code(&format!("{{{members},\"seq\":1,\"from\":\"x\"}}")),
                Some(Code::Type),
                "{members}"
            );
            assert_eq!(code(&format!("{{{members}}}")), Some(Code::Type), "{members}");
            assert_eq!(code(&format!("{{{members},\"seq\":1,\"seq\":2}}")), Some(Code::Json), "{members}");
        }
    }

    #[test]
    fn what_is_missing_is_told_with_the_number_of_the_message() {
        let refused = ClientMessage::parse(r#"{"t":"invite","to":"a","call":"c","seq":9}"#).err();
        let (refusal, seq) = refused.unwrap();
        assert_eq!((refusal.code, seq), (Code::Type, Some(9)));
        assert!(refusal.detail.contains("`commit`"), "{refusal}");
        assert_eq!(code(r#"{"t":"dance","seq":1}"#), Some(Code::Type));
        assert_eq!(code(r#"{"t":"mute","to":"a","scope":["x"],"seq":1}"#), Some(Code::Type));
        assert_eq!(
            code(r#"{"t":"sdp","to":"a","call":"c","kind":"x","sdp":"v=0","seq":1}"#),
            Some(Code::Type)
        );
        let long = "x".repeat(129);
        assert_eq!(code(&format!(r#"{{"t":"kick","to":"{long}","seq":1}}"#)), Some(Code::Type));
        let fits = "x".repeat(128);
        assert_eq!(code(&format!(r#"{{"t":"kick","to":"{fits}","seq":1}}"#)), None);
    }

    #[test]
    fn the_binding_of_a_description_may_be_missing_here() {
        let text = r#"{"t":"sdp","to":"a","call":"c","kind":"answer","sdp":"v=0","seq":1}"#;
        let message = ClientMessage::parse(text).unwrap();
        assert!(matches!(message.body, Body::Sdp { bind: None, .. }));
    }

    #[test]
    fn only_two_messages_come_first() {
        let hello = r#"{"t":"hello","v":1,"token":"a","assertion":"b","pop":"c"}"#;
        assert!(matches!(First::parse(hello), Ok(First::Hello { .. })));
        let resume =
            |last: &str| format!(r#"{{"t":"resume","sid":"s","ticket":"t","pop":"p","last_seq":{last}}}"#);
        let highest = resume("4");
        assert!(matches!(First::parse(&highest), Ok(First::Resume { last_seq: Seen::Highest(4), .. })));
        let each = resume("{\"x\":4}");
        assert!(matches!(First::parse(&each), Ok(First::Resume { last_seq: Seen::BySender(_), .. })));
        let refused = |text: &str| First::parse(text).err().map(|refusal| refusal.code);
        assert_eq!(refused(r#"{"t":"ping","seq":1}"#), Some(Code::AuthFirst));
        assert_eq!(refused(&hello.replace(":1", ":2")), Some(Code::AuthFirst));
        assert_eq!(refused(&hello.replace("\"pop\"", "\"pup\"")), Some(Code::AuthFirst));
        assert_eq!(refused("nonsense"), Some(Code::Json));
    }
}
