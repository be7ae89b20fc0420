//! Where `cors(…)` is mounted: on an application, a path, a route.
//!
//! A later middleware sets its fields over those of an earlier one, and leaves the others; the
//! first that answers a preflight ends it.

use std::collections::HashSet;
use std::ops::Range;

use corsac_analysis::model::{Answer, Choice, Coverage, Preflight, Scope};

use super::super::answers::{Reading, unknown};
use super::super::expression::{Argument, Expression, Kind};
use super::super::program::Around;
use super::options::{Options, Package, answer};

/// Most mounts that are compared with those before them.
const MAX_MOUNTS: usize = 256;

const ROUTES: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// `cors(…)` as an argument of `app.use`, `app.get`.
struct Mount {
    /// `app`.
    on: String,
    /// `use`.
    method: String,
    /// The path, if it is a literal; all paths are the empty one.
    path: Option<String>,
    /// Whether nothing was mounted on it before.
    first: bool,
    actual: Answer,
    preflight: Preflight,
    span: Range<usize>,
}

pub(super) fn scopes(reading: &mut Reading<'_, '_>) {
    let module = |name: &str| reading.program.imports.get(name).is_some_and(|module| module == "cors");
    let mounts_or_makes = |callee: &str| {
        let makes =
            callee == "default" || callee.contains("cors") || callee.contains("require") || module(callee);
        makes || callee == "use" || callee == "all" || ROUTES.contains(&callee)
    };
    let calls = reading.program.calls(|callee, _| mounts_or_makes(callee));
    let (mounts, mounted) = mounts(reading, &calls);
    for index in 0..mounts.len().min(MAX_MOUNTS) {
        mount(reading, &mounts, index);
    }
    if let Some(more) = mounts.get(MAX_MOUNTS) {
        reading.unread(more.span.clone(), format!("more than {MAX_MOUNTS} mounts of `cors`"));
    }
    for (call, _) in &calls {
        if !mounted.contains(&call.span.start) {
            unmounted(reading, call);
        }
    }
}

/// A call of `cors` that is mounted nowhere here.
fn unmounted(reading: &mut Reading<'_, '_>, call: &Expression) {
    let (actual, preflight) = if is_made(reading, call) {
        made_answer(reading, call)
    } else if let Some(reason) = stranger(reading, call) {
        reading.unread(call.span.clone(), reason.clone());
        (unknown(&reason, &call.span), Preflight::Unknown)
    } else {
        return;
    };
    let place = Reading::place(&call.span);
    reading.scopes.push(Scope { name: "`cors(…)`".to_owned(), place, actual, preflight });
}

/// The mounts, and where the calls of `cors` begin that they mount.
fn mounts(reading: &mut Reading<'_, '_>, calls: &[(Expression, Around)]) -> (Vec<Mount>, HashSet<usize>) {
    let mut mounts: Vec<Mount> = Vec::new();
    let mut mounted = HashSet::new();
    let mut busy: HashSet<String> = HashSet::new();
    for (call, around) in calls {
        let Kind::Call(callee, arguments) = &call.kind else { continue };
        let Kind::Member(object, method) = &callee.kind else { continue };
        if !(method == "use" || method == "all" || ROUTES.contains(&method.as_str())) {
            continue;
        }
        let on = object.path().map_or_else(|| "a router".to_owned(), |path| path.join("."));
        let before = mounts.len();
        for (index, argument) in arguments.iter().enumerate() {
            let Some(made) = made(reading, &argument.value) else { continue };
            mounted.insert(made.span.start);
            let (actual, preflight) = made_answer(reading, &made);
            let first =
                index <= usize::from(path(arguments).is_some()) && !busy.contains(&on) && !around.conditional;
            let path = match path(arguments) {
                Some(path) => reading.value(path).as_text().map(str::to_owned),
                None => object.path().map(|_| String::new()),
            };
            if around.conditional {
                reading.unread(call.span.clone(), "`cors` is mounted under a condition".to_owned());
            }
            let span = call.span.clone();
            mounts.push(Mount {
                on: on.clone(),
                method: method.clone(),
                path,
                first,
                actual,
                preflight,
                span,
            });
        }
        if mounts.len() == before {
            busy.insert(on);
        }
    }
    (mounts, mounted)
}

/// The path of `use("/p", …)`.
fn path(arguments: &[Argument]) -> Option<&Expression> {
    let first = &arguments.first()?.value;
    let may_be = matches!(first.kind, Kind::Text(_) | Kind::Sum(_) | Kind::List(_) | Kind::Pattern(..));
    (may_be || (arguments.len() > 1 && matches!(first.kind, Kind::Name(_) | Kind::Member(..))))
        .then_some(first)
}

/// The call of `cors` that an argument is, or is the name of.
fn made(reading: &Reading<'_, '_>, argument: &Expression) -> Option<Expression> {
    let value = match &argument.kind {
        Kind::Name(name) => reading.program.constant(name)?,
        _ => argument.clone(),
    };
    is_made(reading, &value).then_some(value)
}

/// Whether a call is one of the package's function.
pub(super) fn is_made(reading: &Reading<'_, '_>, call: &Expression) -> bool {
    let Kind::Call(callee, arguments) = &call.kind else { return false };
    let name = match &callee.kind {
        Kind::Name(name) => name,
        // `cors.default(…)`, as compilers write it; and `require("cors")(…)`.
        Kind::Member(object, name) if name == "default" => match &object.kind {
            Kind::Name(name) => name,
            _ => return false,
        },
        Kind::Call(..) => return super::super::program::required(callee) == Some("cors"),
        _ => return false,
    };
    // The package's function takes no notice of more than its options.
    if matches!(arguments.as_slice(), [_, _, ..])
        && reading.program.module_of(name).as_deref() != Some("cors")
    {
        return false;
    }
    match reading.program.module_of(name) {
        Some(module) => module == "cors",
        None => name == "cors" && !reading.program.defines(name),
    }
}

/// Why a call may add CORS fields in its own way: a function of another package, or of another
/// file, that is named for them.
fn stranger(reading: &Reading<'_, '_>, call: &Expression) -> Option<String> {
    let Kind::Call(callee, _) = &call.kind else { return None };
    let Kind::Name(name) = &callee.kind else { return None };
    let module = reading.program.module_of(name).filter(|module| module != "cors")?;
    name.to_lowercase().contains("cors").then(|| format!("`{name}` of `{module}` is not modelled"))
}

fn made_answer(reading: &mut Reading<'_, '_>, call: &Expression) -> (Answer, Preflight) {
    let Kind::Call(_, arguments) = &call.kind else { return Default::default() };
    match Options::new(reading, arguments.first().map(|first| &first.value), call) {
        Ok(options) => answer(reading, &options, Package::Cors),
        Err(reason) => (unknown(&reason, &call.span), Preflight::Unknown),
    }
}

/// The scope of a mount, with what those before it leave.
fn mount(reading: &mut Reading<'_, '_>, mounts: &[Mount], index: usize) {
    let Some(mount) = mounts.get(index) else { return };
    let before: Vec<_> = mounts.iter().take(index).filter(|earlier| earlier.on == mount.on).collect();
    // Answers to preflights alone.
    if mount.method == "options" {
        let routes = mounts.iter().filter(|other| other.on == mount.on && other.method != "options");
        let used = routes.filter(|other| other.path == mount.path || everywhere(mount));
        if used.count() > 0 || !before.is_empty() {
            return;
        }
    }
    let mut actual = mount.actual.clone();
    let uses = before.iter().filter(|earlier| matches!(earlier.method.as_str(), "use" | "all"));
    let mut preflight = own_preflight(mounts, mount);
    for earlier in uses.rev().copied() {
        match covers(earlier, mount) {
            Some(true) => {
                actual = over(actual, &earlier.actual);
                if let answered @ Preflight::Answered(_) = &earlier.preflight {
                    preflight = answered.clone();
                }
            }
            Some(false) => {}
            None => {
                let reason = "an earlier `cors` may apply to the same requests; then its fields count where this one sets none";
                reading.unread(mount.span.clone(), reason.to_owned());
            }
        }
    }
    let name = match &mount.path {
        Some(path) if path.is_empty() => format!("{}.{}", mount.on, mount.method),
        Some(path) => format!("{}.{} {path}", mount.on, mount.method),
        None => format!("{}.{} of a computed path", mount.on, mount.method),
    };
    let coverage = if mount.first { Coverage::All } else { Coverage::Unknown };
    let actual = Answer { coverage, ..actual };
    reading.scopes.push(Scope { name, place: Reading::place(&mount.span), actual, preflight });
}

/// Who answers preflights to a mount's path.
fn own_preflight(mounts: &[Mount], mount: &Mount) -> Preflight {
    if matches!(mount.method.as_str(), "use" | "all" | "options") {
        return mount.preflight.clone();
    }
    let mut answering = mounts.iter().filter(|other| other.on == mount.on && other.method == "options");
    let same = |other: &&Mount| everywhere(other) || (other.path.is_some() && other.path == mount.path);
    match answering.find(same) {
        Some(answers) => answers.preflight.clone(),
        None if mount.path.is_none() => Preflight::Unknown,
        None => Preflight::Unanswered,
    }
}

/// Whether a mount is for all paths: `*`, `/{*any}`, `/(.*)`.
fn everywhere(mount: &Mount) -> bool {
    mount.path.as_deref().is_some_and(|path| {
        matches!(path, "" | "/" | "*" | "/*" | "(.*)" | "/(.*)")
            || (path.starts_with("/{*") && path.ends_with('}'))
            || path.starts_with("/*")
    })
}

/// Whether an earlier `use` applies to the requests of a mount.
fn covers(earlier: &Mount, mount: &Mount) -> Option<bool> {
    if everywhere(earlier) {
        return Some(true);
    }
    let (earlier, path) = (earlier.path.as_deref()?, mount.path.as_deref()?);
    let plain = |path: &str| !path.contains([':', '*', '(', '{', '?', '+']);
    if !plain(earlier) || !plain(path) {
        return None;
    }
    let earlier = earlier.trim_end_matches('/');
    let rest = path.strip_prefix(earlier);
    Some(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The fields of `later`, set over those of `earlier`.
fn over(later: Answer, earlier: &Answer) -> Answer {
    Answer {
        allow_origin: joined(later.allow_origin, &earlier.allow_origin),
        allow_credentials: joined(later.allow_credentials, &earlier.allow_credentials),
        expose_headers: later.expose_headers.or_else(|| earlier.expose_headers.clone()),
        vary: later.vary.or_else(|| earlier.vary.clone()),
        ..later
    }
}

/// One line: the later's cases first.
fn joined<T: Clone>(later: Vec<Choice<T>>, earlier: &[Choice<T>]) -> Vec<Choice<T>> {
    let cases: Vec<_> =
        later.into_iter().chain(earlier.iter().cloned()).flat_map(|line| line.cases).collect();
    if cases.is_empty() { Vec::new() } else { vec![Choice { cases }] }
}
