//! The rules of a policy file beyond its CORS policies.

use corsac_diagnostics::{Rule, Severity};
use corsac_middleware::route::{ROUTE_CONFLICT, UNKNOWN_REFERENCE};

/// A loopback origin in the default profile.
pub(crate) static DEVELOPMENT_ORIGIN: Rule = Rule {
    id: "development-origin",
    severity: Severity::Warning,
    summary: "a loopback origin in the default profile",
};
/// A private key that is not private.
pub(crate) static EXPOSED_PRIVATE_KEY: Rule = Rule {
    id: "exposed-private-key",
    severity: Severity::Warning,
    summary: "a private key that every user of the machine may read",
};
/// A definition that nothing uses.
pub(crate) static UNUSED_DEFINITION: Rule = Rule {
    id: "unused-definition",
    severity: Severity::Warning,
    summary: "an upstream or policy that no route uses",
};

/// The rules of this module.
pub static RULES: [&Rule; 5] =
    [&DEVELOPMENT_ORIGIN, &EXPOSED_PRIVATE_KEY, &ROUTE_CONFLICT, &UNKNOWN_REFERENCE, &UNUSED_DEFINITION];

/// The rule of all switches in a `dangerous` table.
pub(crate) fn dangerous_setting() -> &'static Rule {
    let found = corsac_cors::RULES.iter().copied().find(|rule| rule.id == "dangerous-setting");
    // It is there; a finding under another name would still be one.
    found.unwrap_or(&EXPOSED_PRIVATE_KEY)
}
