//! What each method of `CorsConfiguration` and `CorsRegistration`, and each member of
//! `@CrossOrigin`, does to a configuration.

use corsac_analysis::model::Place;

use super::super::policy::Config;
use crate::cloud::Text;

/// A call: the method, its arguments, and where it stands.
pub(super) struct Step<'t> {
    pub(super) name: &'t str,
    pub(super) arguments: Vec<Text>,
    pub(super) place: Place,
    /// Why it may not happen, or more than once.
    pub(super) doubt: Option<String>,
}

/// Which member a step concerns, and how.
enum Change {
    Add(Member),
    ApplyDefaults,
    Credentials,
    Ignored,
    MaxAge,
    Set(Member),
    Unknown,
}

enum Member {
    Exposed,
    Headers,
    Methods,
    Origins,
    Patterns,
}

fn change(name: &str) -> Change {
    match name {
        "addAllowedHeader" => Change::Add(Member::Headers),
        "addAllowedMethod" => Change::Add(Member::Methods),
        "addAllowedOrigin" => Change::Add(Member::Origins),
        "addAllowedOriginPattern" => Change::Add(Member::Patterns),
        "addExposedHeader" => Change::Add(Member::Exposed),
        "allowCredentials" | "setAllowCredentials" => Change::Credentials,
        "allowedHeaders" | "setAllowedHeaders" => Change::Set(Member::Headers),
        "allowedMethods" | "setAllowedMethods" => Change::Set(Member::Methods),
        "allowedOriginPatterns" | "setAllowedOriginPatterns" => Change::Set(Member::Patterns),
        "allowedOrigins" | "setAllowedOrigins" => Change::Set(Member::Origins),
        "applyPermitDefaultValues" => Change::ApplyDefaults,
        "exposedHeaders" | "setExposedHeaders" => Change::Set(Member::Exposed),
        "maxAge" | "setMaxAge" => Change::MaxAge,
        name if name.starts_with("get") || name.starts_with("check") || name.starts_with("validate") => {
            Change::Ignored
        }
        // Obsolete, and no matter of who may read.
        "allowPrivateNetwork" | "setAllowPrivateNetwork" => Change::Ignored,
        _ => Change::Unknown,
    }
}

/// Whether a method of this name configures CORS, whatever it is called on.
pub(super) fn is_setter(name: &str) -> bool {
    let plain = !matches!(name, "maxAge" | "setMaxAge");
    plain
        && matches!(
            change(name),
            Change::Add(_) | Change::ApplyDefaults | Change::Set(_) | Change::Credentials
        )
}

/// Whether it is known what a method of this name does to a configuration.
pub(super) fn is_modelled(name: &str) -> bool {
    !matches!(change(name), Change::Unknown)
}

/// Does a step.
pub(super) fn apply(config: &mut Config, step: Step<'_>) {
    let unknown = |reason: &str| Text { text: Err(reason.to_owned()), place: step.place.clone() };
    let arguments = match &step.doubt {
        Some(doubt) => vec![unknown(doubt)],
        None => step.arguments,
    };
    let one = || arguments.first().cloned().unwrap_or_else(|| unknown("an argument is missing"));
    match (change(step.name), &step.doubt) {
        (Change::Ignored, _) => {}
        (Change::Unknown, _) => config.be_opaque(&unknown(&format!("`{}` is not modelled", step.name))),
        (Change::ApplyDefaults, None) => config.apply_permit_defaults(&step.place),
        (Change::ApplyDefaults, Some(_)) => config.be_opaque(&one()),
        (Change::Credentials, _) => config.credentials = Some(one()),
        (Change::MaxAge, _) => config.max_age = Some(one()),
        // What was there before may be there no more.
        (Change::Add(member), None) => add(config, &member, arguments),
        (Change::Set(member) | Change::Add(member), _) => set(config, &member, arguments),
    }
}

fn list<'c>(config: &'c mut Config, member: &Member) -> &'c mut Option<Vec<Text>> {
    match member {
        Member::Exposed => &mut config.exposed,
        Member::Headers => &mut config.headers,
        Member::Methods => &mut config.methods,
        Member::Origins => &mut config.origins,
        Member::Patterns => &mut config.patterns,
    }
}

fn set(config: &mut Config, member: &Member, texts: Vec<Text>) {
    *list(config, member) = Some(texts);
    after(config, member);
}

fn add(config: &mut Config, member: &Member, texts: Vec<Text>) {
    list(config, member).get_or_insert_default().extend(texts);
    after(config, member);
}

/// A pattern takes the place of the `*` that is there by default, and of no other.
fn after(config: &mut Config, member: &Member) {
    match member {
        Member::Origins => config.default_origins = false,
        Member::Patterns if config.default_origins => {
            config.default_origins = false;
            config.origins = None;
        }
        _ => {}
    }
}
