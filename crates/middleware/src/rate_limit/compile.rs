//! From what people write to what runs, reporting every mistake.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use corsac_diagnostics::FieldPath;

use super::concurrency::InFlight;
use super::config::{
    LimitConfig, MAX_LIMITS, MAX_NAME, MAX_QUANTITY, MAX_ROUTE_LIMITS, Mistake, MistakeKind, RateLimitConfig,
    RateLimitErrors, RouteConfig,
};
use super::decide::{Limit, RateLimit, RouteLimit};
use super::gcra::{Gcra, MAX_WINDOW, MIN_INTERVAL};
use super::key::{KeyPart, Seed};
use super::table::{MAX_KEYS, MIN_KEYS};
use crate::mistake::Mistakes;

/// Mistakes reported of one configuration.
const MAX_MISTAKES: usize = 1_000;

/// A limit's numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) quantity: u64,
    pub(super) window: Duration,
    pub(super) gcra: Gcra,
}

/// Compiles `config`. What `before` has under the same name and with the same
/// definition is kept with its buckets, unless its keys are of another seed.
pub(super) fn compile(
    config: &RateLimitConfig,
    before: Option<&RateLimit>,
    seed: Seed,
) -> Result<RateLimit, RateLimitErrors> {
    let mut compiler = Compiler { mistakes: Vec::new(), known: HashMap::new(), names: HashSet::new() };
    let rates = compiler.limits(&config.limits);
    compiler.concurrency(config);
    compiler.routes(config);
    compiler.preflights(&config.preflights);
    if !compiler.mistakes.is_empty() {
        return Err(Mistakes(compiler.mistakes));
    }
    let limits = config.limits.iter().zip(rates).filter_map(|(limit, rate)| {
        let kept = before.filter(|before| before.seed == seed).and_then(|it| it.limits.get(&limit.name));
        let kept = kept.filter(|it| it.config == *limit);
        let limit = kept.cloned().or_else(|| Some(Arc::new(Limit::new(limit.clone(), rate?, seed))))?;
        Some((limit.config.name.clone(), limit))
    });
    let limits = limits.collect();
    let concurrency = config.concurrency.iter().map(|it| {
        let kept = before.and_then(|before| before.concurrency.get(&it.name));
        let kept = kept.filter(|kept| kept.config == *it).cloned();
        (it.name.clone(), kept.unwrap_or_else(|| Arc::new(InFlight::new(it.clone(), seed))))
    });
    let concurrency = concurrency.collect();
    let route = |route: &RouteConfig| Arc::new(RouteLimit::new(route, &limits, &concurrency));
    let preflight = RouteConfig { limits: config.preflights.clone(), ..RouteConfig::default() };
    let preflight = (!config.preflights.is_empty()).then(|| route(&preflight));
    let routes = config.routes.iter().map(|it| (it.route.clone(), route(it))).collect();
    Ok(RateLimit { config: config.clone(), seed, limits, concurrency, routes, preflight })
}

struct Compiler<'c> {
    mistakes: Vec<Mistake>,
    /// The burst of each limit that has a right one.
    known: HashMap<&'c str, Option<u64>>,
    names: HashSet<&'c str>,
}

impl<'c> Compiler<'c> {
    fn report(&mut self, field: FieldPath, kind: MistakeKind) {
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(Mistake { field, kind });
        }
    }

    fn limits(&mut self, limits: &'c [LimitConfig]) -> Vec<Option<Rate>> {
        let all = FieldPath::root().key("limits");
        self.count(&all, limits.len(), MAX_LIMITS);
        let limits = limits.iter().enumerate().map(|(index, limit)| {
            let at = all.index(index);
            self.name(&at, &limit.name);
            self.key(&at, &limit.by, limit.keys);
            let rate = self.rate(&at, limit);
            self.known.insert(&limit.name, rate.map(|rate| rate.gcra.burst()));
            rate
        });
        limits.collect()
    }

    fn concurrency(&mut self, config: &'c RateLimitConfig) {
        let all = FieldPath::root().key("concurrency");
        self.count(&all, config.concurrency.len(), MAX_LIMITS);
        for (index, it) in config.concurrency.iter().enumerate() {
            let at = all.index(index);
            self.name(&at, &it.name);
            self.key(&at, &it.by, it.keys);
            if it.limit == 0 {
                self.report(at.key("limit"), MistakeKind::ConcurrencyOutOfRange);
            }
        }
    }

    fn count(&mut self, field: &FieldPath, count: usize, most: usize) {
        if count > most {
            self.report(field.clone(), MistakeKind::TooMany { count, most });
        }
    }

    fn name(&mut self, at: &FieldPath, name: &'c str) {
        let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(fits) {
            self.report(at.key("name"), MistakeKind::NameInvalid(name.to_owned()));
        } else if !self.names.insert(name) {
            self.report(at.key("name"), MistakeKind::Duplicate(name.to_owned()));
        }
    }

    fn key(&mut self, at: &FieldPath, by: &[KeyPart], keys: usize) {
        if by.is_empty() {
            self.report(at.key("by"), MistakeKind::NoKey);
        }
        for (index, part) in by.iter().enumerate() {
            if by.iter().take(index).any(|before| before == part) {
                self.report(at.key("by").index(index), MistakeKind::Duplicate(part.to_string()));
            }
        }
        if !(MIN_KEYS..=MAX_KEYS).contains(&keys) {
            self.report(at.key("keys"), MistakeKind::KeysOutOfRange(keys));
        }
    }

    fn rate(&mut self, at: &FieldPath, limit: &LimitConfig) -> Option<Rate> {
        let burst = limit.burst.filter(|burst| !(1..=MAX_QUANTITY).contains(burst));
        if let Some(burst) = burst {
            self.report(at.key("burst"), MistakeKind::BurstOutOfRange(burst));
        }
        let (quantity, window) = match quantity_and_window(&limit.limit) {
            Ok(parsed) => parsed,
            Err(kind) => {
                self.report(at.key("limit"), kind(limit.limit.clone()));
                return None;
            }
        };
        if burst.is_some() {
            return None;
        }
        let burst = limit.burst.unwrap_or(quantity);
        let gcra = Gcra::new(quantity, window, burst);
        if gcra.is_none() {
            self.report(at.key("burst"), MistakeKind::BurstTooSlow(burst));
        }
        Some(Rate { quantity, window, gcra: gcra? })
    }

    fn routes(&mut self, config: &'c RateLimitConfig) {
        let preflights: HashSet<&str> = config.preflights.iter().map(String::as_str).collect();
        let mut seen = HashSet::new();
        for (index, route) in config.routes.iter().enumerate() {
            let at = FieldPath::root().key("routes").index(index);
            if !seen.insert(&route.route) {
                self.report(at.key("route"), MistakeKind::Duplicate(route.route.clone()));
            }
            let burst = self.named(&at.key("limits"), &route.limits);
            for (index, name) in route.limits.iter().enumerate().filter(|(_, it)| preflights.contains(&***it))
            {
                self.report(at.key("limits").index(index), MistakeKind::PreflightLimit(name.clone()));
            }
            if route.cost == 0 || route.cost > burst {
                self.report(at.key("cost"), MistakeKind::CostOutOfRange { cost: route.cost, burst });
            }
            let concurrency = route.concurrency.iter();
            for name in concurrency.filter(|name| !config.concurrency.iter().any(|it| it.name == **name)) {
                self.report(at.key("concurrency"), MistakeKind::UnknownLimit(name.clone()));
            }
        }
    }

    fn preflights(&mut self, names: &[String]) {
        self.named(&FieldPath::root().key("preflights"), names);
    }

    /// Checks the names of limits, and gives the smallest burst among them.
    fn named(&mut self, at: &FieldPath, names: &[String]) -> u64 {
        self.count(at, names.len(), MAX_ROUTE_LIMITS);
        let mut smallest = MAX_QUANTITY;
        for (index, name) in names.iter().enumerate() {
            match self.known.get(name.as_str()) {
                None => self.report(at.index(index), MistakeKind::UnknownLimit(name.clone())),
                Some(burst) => smallest = smallest.min(burst.unwrap_or(MAX_QUANTITY)),
            }
            if names.iter().take(index).any(|before| before == name) {
                self.report(at.index(index), MistakeKind::Duplicate(name.clone()));
            }
        }
        smallest
    }
}

/// `100/1m`, `5/s`.
pub(super) fn quantity_and_window(text: &str) -> Result<(u64, Duration), fn(String) -> MistakeKind> {
    let (quantity, window) = text.split_once('/').ok_or(MistakeKind::LimitSyntax as fn(_) -> _)?;
    let unit = window.trim_start_matches(|character: char| character.is_ascii_digit());
    let count = window.strip_suffix(unit).unwrap_or_default();
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(MistakeKind::LimitSyntax),
    };
    let count = if count.is_empty() { "1" } else { count };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(quantity) || !is_number(count) {
        return Err(MistakeKind::LimitSyntax);
    }
    // What does not fit 64 bits is out of range too.
    let quantity = quantity.parse().ok().filter(|it| (1..=MAX_QUANTITY).contains(it));
    let quantity = quantity.ok_or(MistakeKind::QuantityOutOfRange as fn(_) -> _)?;
    let window = count.parse::<u64>().ok().and_then(|count| count.checked_mul(seconds));
    let window = window.map(Duration::from_secs).filter(|it| !it.is_zero() && *it <= MAX_WINDOW);
    let window = window.ok_or(MistakeKind::WindowOutOfRange as fn(_) -> _)?;
    if window.as_nanos() < MIN_INTERVAL.as_nanos() * u128::from(quantity) {
        return Err(MistakeKind::TooFast);
    }
    Ok((quantity, window))
}
