//! Security events: who was let in, who was not, and why.

use std::net::IpAddr;

use corsac_events::{
    Address, AddressDetail, Event, Guard, IdentityKey, PrincipalId, Recorder, Text, Verdict,
};
use http::{Method, StatusCode};

use crate::service::clock::Clock;

/// `provider` of ids: tokens have one issuer.
const PROVIDER: &str = "signaling";

/// Where events go, if anywhere.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) recorder: Option<Recorder>,
    pub(crate) key: IdentityKey,
    pub(crate) clock: Clock,
}

/// What happened, in the words of an event.
#[derive(Clone, Copy)]
pub(crate) struct Told<'t> {
    pub(crate) client: IpAddr,
    pub(crate) path: &'static str,
    pub(crate) verdict: Verdict,
    /// Kebab-case, a literal.
    pub(crate) reason: &'static str,
    /// Complete; never for the peer.
    pub(crate) detail: Option<&'t dyn std::fmt::Display>,
    pub(crate) sub: Option<&'t str>,
    pub(crate) origin: Option<&'t [u8]>,
    pub(crate) status: Option<StatusCode>,
}

impl<'t> Told<'t> {
    pub(crate) fn new(client: IpAddr, path: &'static str, verdict: Verdict, reason: &'static str) -> Self {
        Self { client, path, verdict, reason, detail: None, sub: None, origin: None, status: None }
    }

    pub(crate) fn detail(self, detail: &'t dyn std::fmt::Display) -> Self {
        Self { detail: Some(detail), ..self }
    }

    pub(crate) fn sub(self, sub: &'t str) -> Self {
        Self { sub: Some(sub), ..self }
    }
}

impl Audit {
    pub(crate) fn record(&self, connection: u64, told: Told<'_>) {
        let Some(recorder) = &self.recorder else { return };
        let mut event = Event::new(self.clock.system_time(), Guard::Signaling, told.verdict, told.reason);
        event.request_id = Text::format(format_args!("{connection:016x}"));
        event.client = Address::of(told.client, AddressDetail::Full);
        event.method =
            if told.path == crate::service::WEBTRANSPORT_PATH { Method::CONNECT } else { Method::GET };
        event.path = Text::path(told.path);
        event.detail = told.detail.map(|detail| Text::format(format_args!("{detail}")));
        event.principal = told.sub.map(|sub| PrincipalId::hashed(&self.key, PROVIDER, sub));
        event.origin = told.origin.map(Text::of_bytes);
        event.status = told.status;
        recorder.record(event);
    }
}
