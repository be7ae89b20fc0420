//! The decision.

use std::sync::Arc;

use corsac_cors::Policy;
use corsac_events::{Guard, Text};
use http::StatusCode;

use super::config::{CsrfConfig, CsrfMode};
use super::evidence::{Ambient, SEC_FETCH_SITE, Site, Source, SourceError, own_origin};
use super::method_override::Methods;
use super::mistake::CsrfErrors;
use super::token::{NewToken, RANDOM_BYTES, Tokens};
use super::verdict::{Denial, Grounds, Verdict};
use crate::guard::{Head, Problem, Refused};

/// The guard. A clone is one `Arc` bump.
#[derive(Clone, Debug, Default)]
pub struct Csrf {
    tokens: Option<Arc<Tokens>>,
}

/// What applies to one route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteCsrf {
    /// Whether it is guarded.
    pub mode: CsrfMode,
    /// What authenticates there.
    pub ambient: Ambient,
}

impl Csrf {
    /// The only road to a guard.
    ///
    /// # Errors
    /// Every mistake of the configuration.
    pub fn compile(config: &CsrfConfig) -> Result<Self, CsrfErrors> {
        let tokens = config.token.as_ref().map(Tokens::compile).transpose()?;
        Ok(Self { tokens: tokens.map(Arc::new) })
    }

    /// Decides about one request. `policy` is the one by which the route answers CORS.
    pub fn decide(&self, head: &Head<'_>, policy: Option<&Policy>, route: RouteCsrf) -> Decision {
        Decision { verdict: self.judge(head, policy, route), mode: route.mode }
    }

    /// A token for `session`, the value of its cookie; `None` where there is no session
    /// yet. Nothing where no tokens are configured.
    pub fn issue(&self, session: Option<&[u8]>, random: [u8; RANDOM_BYTES]) -> Option<String> {
        self.tokens.as_ref().map(|tokens| tokens.issue(session, random))
    }

    /// Whether `token` was issued for `session`, under any of the keys.
    pub fn verify(&self, token: &[u8], session: Option<&[u8]>) -> bool {
        self.tokens.as_ref().is_some_and(|tokens| tokens.verify(token, session))
    }

    /// A token to set with the response: to a safe request over TLS that has none for its
    /// session, of a client that does not send `Sec-Fetch-Site`. No other client needs one.
    /// `random` is asked only then; if it has nothing, nothing is set.
    pub fn new_token(
        &self,
        head: &Head<'_>,
        route: RouteCsrf,
        random: impl FnOnce() -> Option<[u8; RANDOM_BYTES]>,
    ) -> Option<NewToken> {
        let tokens = self.tokens.as_ref()?;
        let wanted = route.mode != CsrfMode::Off
            && route.ambient != Ambient::None
            && matches!(head.method.as_str(), "GET" | "HEAD")
            && head.is_secure
            && Site::of(head.headers) == Site::Absent;
        if wanted { tokens.renew(head.headers, random) } else { None }
    }

    fn judge(&self, head: &Head<'_>, policy: Option<&Policy>, route: RouteCsrf) -> Verdict {
        if route.mode == CsrfMode::Off {
            return Verdict::Allowed(Grounds::Off);
        }
        let methods = Methods::of(head);
        if methods.are_safe() {
            return Verdict::Allowed(Grounds::SafeMethod);
        }
        if let Some(grounds) = route.ambient.spares(head.headers) {
            return Verdict::Allowed(grounds);
        }
        let source = match Source::of(head.headers) {
            Ok(source) => source,
            Err(SourceError::Malformed(_)) => return Verdict::Denied(Denial::OriginMalformed),
            Err(SourceError::Several) => return Verdict::Denied(Denial::SeveralOrigins),
        };
        let is_admitted = || {
            let admits =
                |method: &[u8]| policy.is_some_and(|it| it.admits_credentialed(method, head.headers));
            methods.all(admits)
        };
        match (Site::of(head.headers), source) {
            // Whatever `Origin` says: a page with `Referrer-Policy: no-referrer` sends `null`
            // with its own forms (Fetch, "append a request `Origin` header"), and behind a
            // proxy nobody but the browser knows what the same origin is. A sandboxed
            // frame's origin is opaque, so it never comes here, and neither does a request
            // that another origin has redirected (Fetch Metadata, section 4.1).
            (Site::SameOrigin, _) => Verdict::Allowed(Grounds::SameOrigin),
            (_, Source::Null) => Verdict::Denied(Denial::NullOrigin),
            (Site::None, Source::Absent) => Verdict::Allowed(Grounds::UserInitiated),
            (Site::Absent, Source::Absent) => self.judge_token(head, &methods),
            // An extension, which may write wherever the user lets it.
            (Site::None, Source::Tuple(_)) if !source.is_web() => Verdict::Allowed(Grounds::UserInitiated),
            (Site::Absent | Site::None, Source::Tuple(_)) if source.is_own(head) => {
                Verdict::Allowed(Grounds::OwnOrigin)
            }
            (Site::Absent | Site::Foreign | Site::None, Source::Tuple(_)) if is_admitted() => {
                Verdict::Allowed(Grounds::AllowedOrigin)
            }
            (Site::Foreign, Source::Absent | Source::Tuple(_)) => Verdict::Denied(Denial::CrossSite),
            // With `none` too: no user types what a website's page asks for.
            (Site::Absent | Site::None, Source::Tuple(_)) => Verdict::Denied(Denial::ForeignOrigin),
        }
    }

    fn judge_token(&self, head: &Head<'_>, methods: &Methods<'_>) -> Verdict {
        match self.tokens.as_ref().map(|tokens| tokens.judge(head.headers)) {
            // Over plain http every browser is that silent about such a `GET`.
            None if methods.can_hide_its_page() => Verdict::Denied(Denial::OverrideUnproven),
            None => Verdict::Allowed(Grounds::NoEvidence),
            Some(Ok(())) => Verdict::Allowed(Grounds::Token),
            Some(Err(denial)) => Verdict::Denied(denial),
        }
    }
}

/// What was decided for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    verdict: Verdict,
    mode: CsrfMode,
}

impl Decision {
    /// The verdict, whether or not it is enforced.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The code of its reason.
    pub fn reason(&self) -> &'static str {
        self.verdict.reason()
    }

    /// Whether the request passes: it is allowed, or the route only reports.
    pub fn passes(&self) -> bool {
        self.denial().is_none()
    }

    /// What an event says of it.
    pub fn event(&self) -> corsac_events::Verdict {
        match (self.verdict, self.mode) {
            (Verdict::Allowed(_), _) => corsac_events::Verdict::Allowed,
            (Verdict::Denied(_), CsrfMode::Report) => corsac_events::Verdict::ReportOnly,
            (Verdict::Denied(_), CsrfMode::Enforce | CsrfMode::Off) => corsac_events::Verdict::Denied,
        }
    }

    /// The answer to a request that does not pass. It repeats nothing of the request.
    pub fn problem(&self) -> Option<Problem> {
        self.denial().map(|denial| Problem::new(StatusCode::FORBIDDEN, "cross-site-request", denial.told()))
    }

    /// The refusal of a request that does not pass.
    pub fn refused(&self, head: &Head<'_>) -> Option<Refused> {
        let problem = self.problem()?;
        Some(Refused::new(Guard::Csrf, problem).because(self.reason(), self.detail(head)))
    }

    /// More for the log, of a request that does not pass or would not. It has no token,
    /// cookie or query in it.
    pub fn detail(&self, head: &Head<'_>) -> Option<Text> {
        let Verdict::Denied(denial) = self.verdict else { return None };
        match denial {
            Denial::CrossSite => {
                let value = Text::of_bytes(head.headers.get(SEC_FETCH_SITE)?.as_bytes());
                Some(Text::format(format_args!("Sec-Fetch-Site is `{}`", value.as_str())))
            }
            Denial::ForeignOrigin => Some(match own_origin(head) {
                Some(own) => Text::format(format_args!("the request is for `{own}`")),
                None => Text::new("the request names no origin that it is for"),
            }),
            Denial::OriginMalformed => match Source::of(head.headers) {
                Err(SourceError::Malformed(error)) => Some(Text::format(format_args!("{error}"))),
                Ok(_) | Err(SourceError::Several) => None,
            },
            Denial::NullOrigin
            | Denial::OverrideUnproven
            | Denial::SeveralOrigins
            | Denial::TokenMissing
            | Denial::TokenWrong => None,
        }
    }

    fn denial(self) -> Option<Denial> {
        match (self.verdict, self.mode) {
            (Verdict::Denied(denial), CsrfMode::Enforce | CsrfMode::Off) => Some(denial),
            (Verdict::Denied(_), CsrfMode::Report) | (Verdict::Allowed(_), _) => None,
        }
    }
}
