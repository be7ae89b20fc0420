//! What a rule gives, and nothing else does.

use std::fmt;

use corsac_events::Text;

use super::rules::RouteRules;

/// The proof that a route's rules were asked about a request and let it pass. What stands
/// behind them takes one, so that it cannot be reached without.
///
/// [`RouteRules::decide`] is the only way to have one: it has no public field, no
/// constructor and no default, and it cannot be copied.
///
/// ```compile_fail,E0451
/// use corsac_middleware::authz::{Permit, RouteRules};
/// let forged = Permit { route: RouteRules::unguarded("/"), rule: None, policies: Vec::new() };
/// ```
/// ```compile_fail,E0277
/// fn default<T: Default>() -> T { T::default() }
/// let forged: corsac_middleware::authz::Permit = default();
/// ```
/// ```compile_fail,E0382
/// fn handle(_: corsac_middleware::authz::Permit) {}
/// fn twice(permit: corsac_middleware::authz::Permit) {
///     handle(permit);
///     handle(permit);
/// }
/// ```
#[must_use = "a permit is for the request that it was given for"]
pub struct Permit {
    route: RouteRules,
    rule: Option<usize>,
    policies: Vec<String>,
}

impl Permit {
    pub(super) fn new(route: RouteRules, rule: Option<usize>, policies: Vec<String>) -> Self {
        Self { route, rule, policies }
    }

    /// The path pattern of the route.
    pub fn route(&self) -> &str {
        self.route.path()
    }

    /// The position of the rule that holds; none where the route has no rules.
    pub fn rule(&self) -> Option<usize> {
        self.rule
    }

    /// The policies of Cedar that let it pass: their `@id`, or else their number.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// For the event: `permission`, `scope`, `owner`, `cedar`, `authenticated`, `anyone`, or
    /// `unguarded`.
    pub fn reason(&self) -> &'static str {
        self.rule.and_then(|index| self.route.rule(index)).map_or("unguarded", |rule| rule.reason())
    }

    /// For the event: which rule, and what it asks.
    pub fn detail(&self) -> Text {
        let ready = self.described().filter(|_| self.policies.is_empty()).cloned();
        ready.unwrap_or_else(|| Text::format(format_args!("{self}")))
    }

    fn described(&self) -> Option<&Text> {
        self.rule.and_then(|index| self.route.described(index))
    }
}

impl fmt::Display for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.described() {
            Some(described) => {
                f.write_str(described.as_str())?;
                let separators = std::iter::once(": by ").chain(std::iter::repeat(", "));
                self.policies.iter().zip(separators).try_for_each(|(id, before)| write!(f, "{before}{id}"))
            }
            None => write!(f, "{} has no rules", self.route()),
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({self})")
    }
}
