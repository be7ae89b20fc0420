//! The gateway's policy file, read by an application that has its routes itself.

use std::path::{Path, PathBuf};

use corsac_cors::Policy;
use corsac_diagnostics::{Diagnostic, Document, FieldPath, INVALID_VALUE, Severity, Source, TableReader};
use corsac_origin::PublicSuffixList;

use super::policies::{Defined, read_policies, report_unused};
use super::profiles::{PROFILES, lay_profile};
use super::routes::{Sizes, read_routes};
use super::{Definitions, Guards, Surroundings};
use crate::authn::read_file;
use crate::route::unknown_reference;
use crate::stack::StackConfig;

/// What was read: the stack if it can run, the document, and all findings.
#[derive(Debug)]
pub struct Reading {
    /// Nothing, if a finding is an error.
    pub config: Option<StackConfig>,
    /// The document with the profile laid over it.
    pub document: Document,
    /// Errors, warnings and notes.
    pub findings: Vec<Diagnostic>,
    /// Other files that it was made of, whether they could be read or not.
    pub files: Vec<PathBuf>,
}

/// Reads a policy file as an application: each `[[routes]]` is one whose handler the
/// application has. `profile` names the table of `[profiles]` laid over it; files that it
/// names are relative to the folder of the source's name.
///
/// What is about forwarding is the gateway's and not looked at: `[upstreams]`, a route's
/// `upstream` and `response_timeout`, and of `[gateway]` all but what decides about requests:
/// `cors` and the sizes in `limits`. Any other key that is not known is an error, and so is
/// `[rate_limit_store]`: limits that several processes are to share are not kept by one of
/// them in silence.
pub fn read(source: Source, profile: Option<&str>, suffixes: &PublicSuffixList) -> Reading {
    let (mut document, mut findings) = Document::parse(source);
    // What a mistake of syntax upset would look like other mistakes.
    if !findings.is_empty() {
        return Reading { config: None, document, findings, files: Vec::new() };
    }
    lay_profile(&mut document, profile, &mut findings);
    let base = Path::new(document.source.name()).parent().unwrap_or(Path::new("")).to_owned();
    let around = Surroundings { base: &base, read: &read_file };
    let root = TableReader::new(&document.root, FieldPath::root(), &mut findings);
    let Guards { config, files } = read_root(root, (profile, suffixes), &around, &mut findings);
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    Reading { config: config.filter(|_| !failed), document, findings, files }
}

fn read_root(
    mut root: TableReader<'_>,
    (profile, suffixes): (Option<&str>, &PublicSuffixList),
    around: &Surroundings<'_>,
    out: &mut Vec<Diagnostic>,
) -> Guards {
    root.take(PROFILES);
    root.take("upstreams");
    refuse_store(&mut root, out);
    let (unrouted, sizes) = read_gateway(&mut root, out);
    let policies = read_policies(&mut root, suffixes, profile, out);
    let mut guards = Definitions::read(&mut root, around, out);
    let skip = |table: &mut TableReader<'_>, _: &mut Vec<Diagnostic>| {
        table.take("upstream");
        Some(())
    };
    let before = out.len();
    let routes = read_routes(&mut root, (&policies, sizes.body_size), &mut guards, skip, out);
    let routes_are_whole = out.len() == before;
    let unrouted = unrouted.and_then(|(name, place)| find_policy(&name, &place, &policies, out));
    root.finish(out);
    if routes_are_whole {
        let used = |index| unrouted == Some(index) || routes.iter().any(|it| it.policy == Some(index));
        report_unused(&policies, used, out);
    }
    let unrouted = unrouted.or((policies.len() == 1).then_some(0));
    let unrouted = unrouted.and_then(|index| policies.get(index)?.policy());
    guards.bound(&sizes);
    guards.finish(unrouted, around, out)
}

/// What `[gateway]` says of requests: the policy for those without a route, and its place;
/// the sizes.
fn read_gateway(
    root: &mut TableReader<'_>,
    out: &mut Vec<Diagnostic>,
) -> (Option<(String, FieldPath)>, Sizes) {
    let Some(mut table) = root.table("gateway", out) else { return (None, Sizes::default()) };
    let place = table.field("cors");
    let unrouted = table.string("cors", out).map(|name| (name.to_owned(), place));
    let sizes = table.table("limits", out).map(|mut table| Sizes::read(&mut table, out));
    (unrouted, sizes.unwrap_or_default())
}

/// The policy for requests that match no route.
pub fn find_policy(
    name: &str,
    place: &FieldPath,
    policies: &[Defined<'_, Policy>],
    out: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let found = policies.iter().position(|defined| defined.name == name);
    if found.is_none() {
        let known = policies.iter().map(|defined| defined.name);
        out.push(unknown_reference("policy", "cors", name, known).at_field(place, "not defined"));
    }
    found
}

fn refuse_store(root: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) {
    if root.take("rate_limit_store").is_some() {
        let place = root.field("rate_limit_store");
        let message = "an application keeps its limits alone, and this file wants them shared";
        let finding = Diagnostic::new(&INVALID_VALUE, message).at_field(&place, "the gateway's");
        out.push(finding.help(
            "move the table to a profile of the gateway's, or build the stack in code: StackLayer::counted_by",
        ));
    }
}
