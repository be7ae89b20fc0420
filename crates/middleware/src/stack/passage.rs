//! One request's way through the guards.

use std::sync::Arc;

use corsac_cors::{Decision, RequestHead};
use corsac_events::{Guard, Text, Verdict};
use http::{HeaderMap, StatusCode};

use super::compile::{Lane, Stack};
use crate::guard::{Head, Problem, Refused};
use crate::rate_limit::{self, Moment, RouteLimit, Subject};

/// What time it is, on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For limits: never goes back.
    pub moment: Moment,
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
    /// Answer the preflight with 204.
    Preflight,
    /// Answer this.
    Refused(Refused),
    /// Hand it to the handler.
    Through,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Preflight,
    Clients,
    Callers,
    Through,
}

/// One request's way through the guards, and what they made of it.
#[derive(Debug)]
pub struct Passage {
    route: Option<usize>,
    cors: Option<Decision>,
    stage: Stage,
    limits: Vec<rate_limit::Decision>,
    trail: Vec<Decided>,
}

impl Stack {
    /// Routes a request by its canonical path, which is missing where it has none, and
    /// decides who may read the answer: whatever is answered later is stamped by that.
    pub fn begin(&self, path: Option<&str>, request: &RequestHead<'_>) -> Passage {
        let route = path.and_then(|path| self.find(path));
        let cors = self.policy(route).map(|named| named.policy.decide(request));
        Passage { route, cors, stage: Stage::Preflight, limits: Vec::new(), trail: Vec::new() }
    }

    /// Asks one guard after the other until there is something to do.
    pub fn advance(&self, passage: &mut Passage, head: &Head<'_>, now: Now) -> Step {
        match self.guards(passage, head, now) {
            Ok(step) => step,
            Err(refused) => {
                passage.record(refused.guard, Verdict::Denied, refused.reason, refused.detail.clone());
                Step::Refused(refused)
            }
        }
    }

    fn guards(&self, passage: &mut Passage, head: &Head<'_>, now: Now) -> Result<Step, Refused> {
        let lane = passage.route.and_then(|route| self.lanes.get(route));
        let is_preflight = RequestHead { method: head.method, headers: head.headers }.is_preflight();
        if passage.stage == Stage::Preflight {
            if is_preflight {
                passage.limit(Stage::Clients, self.preflights.as_ref(), head, now)?;
                if lane.is_none_or(|lane| lane.answers_preflights) {
                    return passage.answer_preflight();
                }
                // The handler's to answer, and not to be authenticated.
                passage.stage = Stage::Through;
            }
            passage.stage = passage.stage.max(Stage::Clients);
        }
        let Some(lane) = lane else { return Err(no_route()) };
        passage.ask(lane, head, now)?;
        Ok(Step::Through)
    }

    /// Stamps a response, whoever made it: CORS, and what the limits say.
    /// Whether somebody else had set fields of CORS, which are removed.
    pub fn stamp(&self, passage: &Passage, headers: &mut HeaderMap) -> bool {
        passage.stamp_guards(headers);
        match &passage.cors {
            Some(decision) => decision.apply(headers),
            None => corsac_cors::strip_access_control(headers),
        }
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

    /// What the guards made of it, in their order. CORS' own decision is beside it.
    pub fn trail(&self) -> &[Decided] {
        &self.trail
    }

    /// The places among the requests being served at the same time, to be held until the
    /// response's body has ended.
    pub fn take_permits(&mut self) -> Vec<rate_limit::Permit> {
        self.limits.iter_mut().filter_map(rate_limit::Decision::take_permit).collect()
    }

    /// Stamps what the guards say and nothing of CORS, for a response whose maker owns that.
    pub fn stamp_guards(&self, headers: &mut HeaderMap) {
        self.limits.iter().for_each(|decision| decision.stamp(headers));
    }

    fn record(&mut self, guard: Guard, verdict: Verdict, reason: &'static str, detail: Option<Text>) {
        self.trail.push(Decided { guard, verdict, reason, detail });
    }

    fn ask(&mut self, lane: &Lane, head: &Head<'_>, now: Now) -> Result<(), Refused> {
        if self.stage == Stage::Clients {
            self.limit(Stage::Callers, lane.clients.as_ref(), head, now)?;
        }
        if self.stage == Stage::Callers {
            self.limit(Stage::Through, lane.callers.as_ref(), head, now)?;
        }
        Ok(())
    }

    fn answer_preflight(&self) -> Result<Step, Refused> {
        match &self.cors {
            Some(decision) if decision.is_allowed() => Ok(Step::Preflight),
            Some(decision) => {
                Err(preflight_denied(denial_text(decision.verdict())).because(decision.reason(), None))
            }
            // A route without a policy allows nobody.
            None => Err(preflight_denied("the origin is not allowed").because("no-policy", None)),
        }
    }

    fn limit(
        &mut self,
        next: Stage,
        limit: Option<&Arc<RouteLimit>>,
        head: &Head<'_>,
        now: Now,
    ) -> Result<(), Refused> {
        self.stage = next;
        let Some(limit) = limit else { return Ok(()) };
        let decision = limit.decide(&subject(head), now.moment);
        let refused = (!decision.is_allowed()).then(|| quota_exceeded(&decision));
        self.limits.push(decision);
        match refused {
            Some(refused) => Err(refused),
            None => {
                self.record(Guard::RateLimit, Verdict::Allowed, "within-limits", None);
                Ok(())
            }
        }
    }
}

fn subject<'h>(head: &Head<'h>) -> Subject<'h> {
    let origin = head.headers.get(http::header::ORIGIN).map(http::HeaderValue::as_bytes);
    Subject { address: head.client, origin, ..Subject::default() }
}

fn no_route() -> Refused {
    Refused::new(Guard::Routing, Problem::new(StatusCode::NOT_FOUND, "no-route", "no route has this path"))
}

fn preflight_denied(detail: &'static str) -> Refused {
    Refused::new(Guard::Preflight, Problem::new(StatusCode::FORBIDDEN, "preflight-denied", detail))
}

fn quota_exceeded(decision: &rate_limit::Decision) -> Refused {
    let mut problem =
        Problem::new(rate_limit::Problem::STATUS, rate_limit::Problem::CODE, "too many requests");
    problem.kind = rate_limit::QUOTA_EXCEEDED;
    problem.title = Some(rate_limit::Problem::TITLE);
    problem.names = Some(("violated-policies", decision.problem().violated));
    Refused::new(Guard::RateLimit, problem)
}

/// Why CORS denies, in words that name nothing of the policy.
pub fn denial_text(verdict: corsac_cors::Verdict) -> &'static str {
    match verdict {
        corsac_cors::Verdict::Denied(denial) => match denial.code() {
            "method-not-listed" => "the method is not allowed",
            "request-header-not-listed" | "authorization-not-listed" => "a request header is not allowed",
            "origin-not-listed" | "origin-null" => "the origin is not allowed",
            _ => "the request is not one that browsers send",
        },
        corsac_cors::Verdict::Allowed { .. } | corsac_cors::Verdict::NotCors => "denied",
    }
}
