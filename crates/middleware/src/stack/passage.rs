//! One request's way through the guards.

use std::sync::Arc;

use corsac_cors::{Decision, RequestHead};
use corsac_credentials::Timestamp;
use corsac_events::{Guard, Text, Verdict};
use http::{HeaderMap, Method};

use super::answer::{limits_away, no_route, override_forbidden, preflight_denied, quota_exceeded};
use super::compile::{Lane, Stack};
use super::count::{Counting, Outcome};
use crate::authn::{self, Check, Identity, Wait, Waited};
use crate::authz::Permit;
use crate::csrf::method_override::Methods;
use crate::csrf::{self, NewToken};
use crate::guard::{Head, Refused};
use crate::limits::{BodyPlan, Presence};
use crate::rate_limit::{self, Moment, RouteLimit};

/// A request as the guards are asked about it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'r> {
    /// Its head.
    pub head: Head<'r>,
    /// Whether a body may follow.
    pub body: Presence,
    /// The time, for limits: never goes back.
    pub moment: Moment,
    /// The time of day, for credentials.
    pub time: Timestamp,
}

/// What one guard made of a request, for the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Who decided.
    pub guard: Guard,
    /// What.
    pub verdict: Verdict,
    /// Why: a stable code.
    pub reason: &'static str,
    /// Why, complete. Never sent to a client.
    pub detail: Option<Text>,
}

/// What to do next.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// Let the shared store decide, tell [`Passage::counted`], and ask again.
    Count(Box<Counting>),
    /// Answer the preflight with 204.
    Preflight,
    /// Answer this.
    Refused(Refused),
    /// Hand it to the handler, its body as the plan says. A preflight that is the
    /// handler's to answer has no permit.
    Through(Option<Permit>, BodyPlan),
    /// Await this, tell [`Passage::waited`], and ask again.
    Wait(Wait),
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Preflight,
    Clients,
    Csrf,
    Authn,
    Callers,
    Authz,
    Through,
}

/// What stops a request on its way.
enum Stop {
    Refused(Refused),
    Step(Step),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// One request's way through the guards, and what they made of it.
#[derive(Debug)]
pub struct Passage {
    route: Option<usize>,
    cors: Option<Decision>,
    stage: Stage,
    limits: Vec<rate_limit::Decision>,
    identity: Option<Identity>,
    new_token: Option<NewToken>,
    waited: Option<Waited>,
    counted: Option<Outcome>,
    trail: Vec<Decided>,
}

impl Stack {
    /// Routes a request by its canonical path, which is missing where it has none, and
    /// decides who may read the answer: whatever is answered later is stamped by that.
    pub fn begin(&self, path: Option<&str>, request: &RequestHead<'_>) -> Passage {
        let route = path.and_then(|path| self.find(path));
        let cors = self.policy(route).map(|named| named.policy.decide(request));
        Passage {
            route,
            cors,
            stage: Stage::Preflight,
            limits: Vec::new(),
            identity: None,
            new_token: None,
            waited: None,
            counted: None,
            trail: Vec::new(),
        }
    }

    /// Asks one guard after the other until there is something to do.
    pub fn advance(&self, passage: &mut Passage, asked: &Asked<'_>) -> Step {
        match self.guards(passage, asked) {
            Ok(step) | Err(Stop::Step(step)) => step,
            Err(Stop::Refused(refused)) => {
                // A guard that could not decide has denied nobody.
                let is_failure = refused.problem.status.is_server_error();
                let verdict = if is_failure { Verdict::Error } else { Verdict::Denied };
                passage.record(refused.guard, verdict, refused.reason, refused.detail.clone());
                Step::Refused(refused)
            }
        }
    }

    fn guards(&self, passage: &mut Passage, asked: &Asked<'_>) -> Result<Step, Stop> {
        let lane = passage.route.and_then(|route| self.lanes.get(route));
        let head = &asked.head;
        if passage.stage == Stage::Preflight {
            if (RequestHead { method: head.method, headers: head.headers }).is_preflight() {
                self.limit(passage, Stage::Preflight, self.preflights.as_ref(), asked)?;
                if lane.is_none_or(|lane| lane.answers_preflights) {
                    return passage.answer_preflight();
                }
                // The handler's to answer, and not to be authenticated.
                return Ok(Step::Through(None, BodyPlan::Stream));
            }
            passage.stage = Stage::Clients;
        }
        let Some(lane) = lane else { return Err(no_route().into()) };
        if passage.stage == Stage::Clients {
            self.limit(passage, Stage::Csrf, lane.clients.as_ref(), asked)?;
        }
        if passage.stage == Stage::Csrf {
            self.ask_csrf(passage, lane, head)?;
        }
        if passage.stage == Stage::Authn {
            passage.ask_authn(lane, asked)?;
        }
        if passage.stage == Stage::Callers {
            self.limit(passage, Stage::Authz, lane.callers.as_ref(), asked)?;
        }
        self.ask_authz(passage, lane, asked)
    }

    fn limit(
        &self,
        passage: &mut Passage,
        next: Stage,
        limit: Option<&Arc<RouteLimit>>,
        asked: &Asked<'_>,
    ) -> Result<(), Stop> {
        if let Some(limit) = limit {
            let counting = Counting::new(limit, asked, passage.identity.as_ref());
            let outcome = match passage.counted.take() {
                Some(outcome) => outcome,
                None if self.is_shared && counting.can_be_shared() => {
                    return Err(Stop::Step(Step::Count(Box::new(counting))));
                }
                None => Outcome::Decided(counting.decide(asked.moment)),
            };
            passage.note_count(outcome)?;
        }
        passage.stage = next;
        Ok(())
    }

    fn ask_csrf(&self, passage: &mut Passage, lane: &Lane, head: &Head<'_>) -> Result<(), Stop> {
        passage.stage = Stage::Authn;
        let Some(route) = lane.csrf else { return Ok(()) };
        let policy = lane.policy.as_ref().map(|named| &named.policy);
        let decision = self.csrf.decide(head, policy, route);
        if let Some(refused) = decision.refused(head) {
            return Err(refused.into());
        }
        passage.record(Guard::Csrf, decision.event(), decision.reason(), decision.detail(head));
        passage.new_token = self.csrf.new_token(head, route, csrf::system_random);
        Ok(())
    }

    fn ask_authz(&self, passage: &mut Passage, lane: &Lane, asked: &Asked<'_>) -> Result<Step, Stop> {
        passage.stage = Stage::Through;
        let head = &asked.head;
        let parameter = |name: &str| self.matcher.parameters(head.path).get(name);
        let principal = passage.identity.as_ref().map(|identity| &**identity.principal());
        let permit = lane.rules.decide(head, &parameter, principal)?;
        if permit.rule().is_some() {
            // A framework may take the request for one of another method that it names.
            let may = |method: &[u8]| {
                Method::from_bytes(method).is_ok_and(|method| {
                    let taken = Head { method: &method, ..*head };
                    lane.rules.decide(&taken, &parameter, principal).is_ok()
                })
            };
            if !Methods::of(head).all(may) {
                return Err(override_forbidden().into());
            }
        }
        if permit.rule().is_some() {
            passage.record(Guard::Authz, Verdict::Allowed, permit.reason(), Some(permit.detail()));
        }
        let plan = match &lane.limits {
            Some(limits) => {
                let plan = limits.check(head, asked.body)?;
                // A body that is collected is decided about once it is whole.
                if matches!(plan, BodyPlan::Stream) {
                    passage.record(Guard::Limits, Verdict::Allowed, "within-limits", None);
                }
                plan
            }
            None => BodyPlan::Stream,
        };
        Ok(Step::Through(Some(permit), plan))
    }

    /// Changes a request on its way to the handler: it tells who calls, and nobody else
    /// can tell it that.
    pub fn stamp_request(&self, passage: &Passage, headers: &mut HeaderMap) {
        match &passage.identity {
            Some(identity) => identity.stamp(headers),
            None => authn::strip(headers),
        }
    }

    /// Stamps a response, whoever made it: cookies, what the limits say, CORS. Whether
    /// somebody else had set fields of CORS, which are removed.
    pub fn stamp(&self, passage: &Passage, headers: &mut HeaderMap, is_secure: bool) -> bool {
        self.stamp_guards(passage, headers, is_secure);
        match &passage.cors {
            Some(decision) => decision.apply(headers),
            None => corsac_cors::strip_access_control(headers),
        }
    }

    /// As [`Self::stamp`] without CORS, for a response whose maker owns that.
    pub fn stamp_guards(&self, passage: &Passage, headers: &mut HeaderMap, is_secure: bool) {
        let lane = passage.route.and_then(|route| self.lanes.get(route));
        if let Some(rules) = lane.and_then(|lane| lane.cookies.as_ref()) {
            rules.harden(headers, is_secure);
        }
        if let Some(token) = &passage.new_token {
            token.clone().stamp(headers);
        }
        passage.limits.iter().for_each(|decision| decision.stamp(headers));
    }
}

impl Passage {
    /// The number of the route.
    pub fn route(&self) -> Option<usize> {
        self.route
    }

    /// Who may read the answer; none where no policy says.
    pub fn cors(&self) -> Option<&Decision> {
        self.cors.as_ref()
    }

    /// Who calls, once that is known.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// What the guards made of it, in their order. CORS' own decision is beside it.
    pub fn trail(&self) -> &[Decided] {
        &self.trail
    }

    /// What came of [`Step::Wait`].
    pub fn waited(&mut self, waited: Waited) {
        self.waited = Some(waited);
    }

    /// What came of [`Step::Count`].
    pub fn counted(&mut self, outcome: Outcome) {
        self.counted = Some(outcome);
    }

    /// The places among the requests being served at the same time, to be held until the
    /// response's body has ended.
    pub fn take_permits(&mut self) -> Vec<rate_limit::Permit> {
        self.limits.iter_mut().filter_map(rate_limit::Decision::take_permit).collect()
    }

    /// Notes what was decided about a collected body: why it was refused, if it was.
    pub fn body_checked(&mut self, refused: Option<&Refused>) {
        match refused {
            None => self.record(Guard::Limits, Verdict::Allowed, "body-valid", None),
            Some(refused) => {
                self.record(refused.guard, Verdict::Denied, refused.reason, refused.detail.clone());
            }
        }
    }

    /// Notes that it was refused, unless the guard that refused it has.
    pub(super) fn note_refused(&mut self, refused: &Refused) {
        let is_noted =
            self.trail.last().is_some_and(|it| it.verdict == Verdict::Denied && it.guard == refused.guard);
        if !is_noted {
            self.record(refused.guard, Verdict::Denied, refused.reason, refused.detail.clone());
        }
    }

    fn record(&mut self, guard: Guard, verdict: Verdict, reason: &'static str, detail: Option<Text>) {
        self.trail.push(Decided { guard, verdict, reason, detail });
    }

    fn answer_preflight(&mut self) -> Result<Step, Stop> {
        let reason = match &self.cors {
            Some(decision) if decision.is_allowed() => decision.reason(),
            Some(decision) => return Err(preflight_denied(decision).into()),
            // A route without a policy allows nobody.
            None => return Err(super::answer::preflight_without_policy().into()),
        };
        self.record(Guard::Preflight, Verdict::Allowed, reason, None);
        Ok(Step::Preflight)
    }

    fn ask_authn(&mut self, lane: &Lane, asked: &Asked<'_>) -> Result<(), Stop> {
        if let Some(group) = &lane.authn {
            let check = match self.waited.take() {
                Some(waited) => group.check_again(&asked.head, asked.time, &waited),
                None => group.check(&asked.head, asked.time),
            };
            match check {
                Check::Known(identity) => {
                    let how = identity.principal().method().as_str();
                    self.record(Guard::Authn, Verdict::Allowed, how, None);
                    self.identity = Some(identity);
                }
                Check::Refused(refused) => return Err(refused.into()),
                Check::Wait(wait) => return Err(Stop::Step(Step::Wait(wait))),
            }
        }
        self.stage = Stage::Callers;
        Ok(())
    }

    fn note_count(&mut self, outcome: Outcome) -> Result<(), Refused> {
        let (decision, verdict, reason) = match outcome {
            Outcome::Decided(decision) => (decision, Verdict::Allowed, "within-limits"),
            // By the rule that is stated for that.
            Outcome::Local(decision) => (decision, Verdict::Error, "store-away-local"),
            Outcome::Passed(decision) => (decision, Verdict::Error, "store-away-open"),
            Outcome::Refused => return Err(limits_away()),
        };
        let refused = (!decision.is_allowed()).then(|| quota_exceeded(&decision));
        self.limits.push(decision);
        // That the store is away is told of what is refused meanwhile too.
        if refused.is_none() || verdict == Verdict::Error {
            self.record(Guard::RateLimit, verdict, reason, None);
        }
        refused.map_or(Ok(()), Err)
    }
}
