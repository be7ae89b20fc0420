//! The rules of a policy file beyond its CORS policies.

use corsac_diagnostics::{Rule, Severity};
use corsac_middleware::route::{ROUTE_CONFLICT, UNKNOWN_REFERENCE};

/// A loopback origin in the default profile.
pub(crate) static DEVELOPMENT_ORIGIN: Rule = Rule {
    id: "development-origin",
    severity: Severity::Warning,
    summary: "a loopback origin in the default profile",
};
/// A definition that nothing uses.
pub(crate) static UNUSED_DEFINITION: Rule = Rule {
    id: "unused-definition",
    severity: Severity::Warning,
    summary: "an upstream or policy that no route uses",
};

/// The rules of this module.
pub static RULES: [&Rule; 4] = [&DEVELOPMENT_ORIGIN, &ROUTE_CONFLICT, &UNKNOWN_REFERENCE, &UNUSED_DEFINITION];
