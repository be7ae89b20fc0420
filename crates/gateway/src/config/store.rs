//! The `[rate_limit_store]` table: where limits are kept that several gateways share.

use std::fmt;
use std::time::Duration;

use corsac_diagnostics::{Diagnostic, FieldPath, INVALID_VALUE, Severity, TableReader};
use corsac_middleware::rate_limit::shared::{RedisStore, TIMEOUT, WhenAway, is_too_fast};
use corsac_middleware::rate_limit::{LIMITS, RateLimitConfig, Seed};

use super::files::Files;

const URL_HELP: &str = "write it like \"redis://127.0.0.1:6379/0\", and a prefix like \"corsac\"; \
                        to a server elsewhere, through a tunnel that encrypts";

/// A URL of a store.
const EXAMPLE: &str = "redis://127.0.0.1:6379/0";

/// Where limits are kept that several gateways share. `Debug` does not show the URL,
/// which may have a password.
#[derive(Clone, PartialEq, Eq)]
pub struct RateLimitStore {
    /// `redis://127.0.0.1:6379/0`
    pub url: String,
    /// What every key begins with.
    pub prefix: String,
    /// What happens while it is away.
    pub when_away: WhenAway,
    /// How long it may take.
    pub timeout: Duration,
    /// Whether somebody says that nobody else listens on the way to it.
    pub trusted_network: bool,
}

impl fmt::Debug for RateLimitStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// The store and the seed of its keys.
pub(super) type Read = (RateLimitStore, Seed);

/// Reads the table. `None` if there is none, or it has mistakes.
pub(super) fn read(root: &mut TableReader<'_>, files: &Files, out: &mut Vec<Diagnostic>) -> Option<Read> {
    let mut table = root.table("rate_limit_store", out)?;
    let url = table.required_string("url", out);
    let prefix = table.string("prefix", out).unwrap_or("corsac");
    if RedisStore::new(EXAMPLE, prefix).is_err() {
        let reason = "it is not 1 to 64 letters, digits, `-`, `_`, `.` and `:`";
        out.push(table.invalid("prefix", prefix, reason).help("leave it out: \"corsac\""));
    } else if let Some(Err(error)) = url.map(|url| RedisStore::new(url, prefix)) {
        // The URL may have a password: it is not repeated.
        let finding = table.invalid("url", "…", &error.to_string());
        out.push(finding.help(URL_HELP));
    }
    let when_away = when_away(&mut table, out);
    let bounds = (Duration::from_millis(1), Duration::from_secs(1));
    let timeout = table.duration("timeout", bounds, out).unwrap_or(TIMEOUT);
    let trusted_network = table.boolean("trusted_network", out).unwrap_or(false);
    let seed = seed(&mut table, files, out);
    table.finish(out);
    let (url, prefix) = (url?.to_owned(), prefix.to_owned());
    let store = RateLimitStore { url, prefix, when_away: when_away?, timeout, trusted_network };
    Some((store, seed?))
}

/// Warns of limits that no store counts.
pub(super) fn report_unshared(limits: &RateLimitConfig, out: &mut Vec<Diagnostic>) {
    for limit in limits.limits.iter().filter(|limit| is_too_fast(limit)) {
        let place = FieldPath::root().key(LIMITS).key(&limit.name).key("limit");
        let message = format!("`{place}` is too fast to be shared");
        let finding = Diagnostic::new(&INVALID_VALUE, message).severity(Severity::Warning);
        let finding = finding.at_field(&place, "more than 10,000 a second");
        out.push(finding.help(
            "each gateway counts it for itself, and with it the other limits of its routes; \
             write \"10000/1s\" or less, or give it routes of its own",
        ));
    }
}

fn when_away(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Option<WhenAway> {
    let text = table.required_string("when_away", out)?;
    match text {
        "closed" => Some(WhenAway::Closed),
        "local" => Some(WhenAway::Local),
        "open" => Some(WhenAway::Open),
        other => {
            let help = "\"closed\" refuses with 503, \"local\" limits each gateway for itself, \"open\" does not limit";
            out.push(table.invalid("when_away", other, "no such rule").help(help));
            None
        }
    }
}

/// A secret that all gateways share, so that they name keys alike and no client can.
fn seed(table: &mut TableReader<'_>, files: &Files, out: &mut Vec<Diagnostic>) -> Option<Seed> {
    let name = table.required_string("seed_file", out)?;
    let help = "write 32 hexadecimal digits, the same for all gateways: openssl rand -hex 16 > limits.seed";
    let refuse = |reason: String| table.invalid("seed_file", name, &reason).help(help);
    files.read_key(name).map(Seed::fixed).map_err(|reason| out.push(refuse(reason))).ok()
}
