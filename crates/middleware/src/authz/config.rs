//! What people write, and what may be wrong with it.

use std::fmt;

use corsac_diagnostics::excerpt;

use crate::mistake;

/// Roles of one configuration: a set of them is one machine word.
pub const MAX_ROLES: usize = 128;

/// Rules of one route: what each lacked is kept on the stack.
pub const MAX_RULES: usize = 32;

/// Entries of any list of a role or rule.
pub const MAX_ENTRIES: usize = 128;

/// Bytes of a text of Cedar.
pub const MAX_CEDAR_BYTES: usize = 1 << 20;

/// Policies under one name: each is looked at for each request.
pub const MAX_CEDAR_POLICIES: usize = 1_000;

/// Bytes of a name.
pub const MAX_NAME: usize = 256;

/// Roles, and what each route asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthzConfig {
    /// The roles. A role that has no entry here counts nowhere, whatever a token says.
    pub roles: Vec<RoleConfig>,
    /// The routes, in an order that [`super::Authz::routes`] keeps.
    pub routes: Vec<RouteConfig>,
    /// Policies of Cedar that rules name. They need the feature `cedar`.
    pub cedar: Vec<CedarConfig>,
}

/// Policies of Cedar, under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CedarConfig {
    /// Its name.
    pub name: String,
    /// The policies; at most [`MAX_CEDAR_POLICIES`].
    pub policies: CedarText,
    /// What the policies are checked against now, and each request later.
    pub schema: Option<CedarText>,
}

/// A text of Cedar; at most [`MAX_CEDAR_BYTES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CedarText {
    /// The file that it is from, for mistakes.
    pub file: String,
    /// The text.
    pub text: String,
}

/// What a role may, and who has it. A principal has it if its token or key names it, or
/// has what [`Self::claims`] ask, or one of [`Self::scopes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleConfig {
    /// Its name, as tokens and keys say it, byte by byte.
    pub name: String,
    /// Roles whose permissions it has too.
    pub includes: Vec<String>,
    /// What it may: names that rules ask for.
    pub permissions: Vec<String>,
    /// Whoever has one of the texts in **each** of these claims has the role. A claim is a
    /// text or a list of texts; its provider has to keep it.
    pub claims: Vec<(String, Vec<String>)>,
    /// Whoever has one of these scopes has the role.
    pub scopes: Vec<String>,
    /// Only principals of these providers have the role; empty: of any. Who includes the
    /// role is as narrow.
    pub from: Vec<String>,
}

/// What a route asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteConfig {
    /// Its path pattern; parameters are `{name}`.
    pub path: String,
    /// One of them has to hold. `None`: nobody asks anything, and each permit says so.
    pub rules: Option<Vec<RuleConfig>>,
}

/// One way to pass: **all** that it names has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleConfig {
    /// For which methods: in upper or whatever case they are sent in. `*`, alone, is every
    /// method. `GET` is `HEAD` too, unless a rule of the route names `HEAD`.
    pub methods: Vec<String>,
    /// A permission that one of the principal's roles has.
    pub permission: Option<String>,
    /// A scope that the principal has.
    pub scope: Option<String>,
    /// A parameter of the path, as `{id}`, that is the principal's subject. Needs
    /// [`Self::from`]: a subject is unique within its provider only.
    pub owner: Option<String>,
    /// Only principals of these providers; empty: of any.
    pub from: Vec<String>,
    /// Policies of Cedar, by their name, which let the principal pass.
    pub cedar: Option<String>,
    /// What the policies call the request, in the place of its method.
    pub action: Option<String>,
    /// Any principal will do.
    pub authenticated: bool,
    /// Nothing is asked. Where the route authenticates, that has come first.
    pub anyone: bool,
}

/// One mistake.
pub type Mistake = mistake::Mistake<MistakeKind>;

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MistakeKind {
    /// An action that the schema lacks.
    ActionUnknown(String),
    /// An action without policies that it could mean something to.
    ActionWithoutCedar,
    /// `*` beside other methods.
    AnyMethodBeside,
    /// `anyone` beside something that is asked.
    AnyoneBeside,
    /// `authenticated` beside something that only a principal has.
    AuthenticatedBeside,
    /// Something in a text of Cedar.
    Cedar {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What Cedar says.
        reason: String,
    },
    /// Policies where Cedar is not built in.
    CedarNotBuilt,
    /// Another rule of the route lets pass whoever this one does.
    Covered {
        /// That rule's position.
        by: usize,
    },
    /// A role that includes itself, over others.
    Cycle(String),
    /// The same a second time.
    Duplicate(String),
    /// A list of nothing.
    Empty,
    /// Includes a role that fewer providers may give: `from` would be a way around.
    IncludeWidens(String),
    /// A method in another case than it is sent in.
    MethodCase {
        /// As written.
        written: String,
        /// As sent.
        right: &'static str,
    },
    /// No method.
    MethodInvalid(String),
    /// A method that no route serves.
    MethodNeverServed(String),
    /// Not a name.
    NameInvalid(String),
    /// A rule that asks nothing and does not say so.
    NoCondition,
    /// Not a whole segment of the path.
    OwnerNotInPath(String),
    /// Subjects of nobody in particular.
    OwnerWithoutFrom,
    /// A permission that no role has.
    PermissionUnknown(String),
    /// A role that may nothing.
    RoleWithoutPermission,
    /// Not a scope (RFC 6749, section 3.3).
    ScopeInvalid(String),
    /// More entries than there may be.
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// No policies have this name.
    UnknownCedar(String),
    /// No role has this name.
    UnknownRole(String),
}

impl fmt::Display for MistakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ActionUnknown(name) => write!(f, "the schema has no action `{}`", excerpt(name)),
            Self::ActionWithoutCedar => f.write_str("only policies ask what the action is"),
            Self::AnyMethodBeside => f.write_str("`*` is every method already"),
            Self::AnyoneBeside => f.write_str("`anyone` asks nothing, and the rule asks something"),
            Self::AuthenticatedBeside => f.write_str("what the rule asks only a principal has"),
            Self::Cedar { file, line, reason } => write!(f, "{}:{line}: {reason}", excerpt(file)),
            Self::CedarNotBuilt => f.write_str("Cedar is not built in"),
            Self::Covered { by } => write!(f, "`rules[{by}]` lets pass whoever this lets pass"),
            Self::Cycle(name) => write!(f, "`{}` includes this role in turn", excerpt(name)),
            Self::Duplicate(name) => write!(f, "`{}` stands here twice", excerpt(name)),
            Self::Empty => f.write_str("there is nothing in it"),
            Self::IncludeWidens(name) => {
                write!(f, "`{}` is not for principals of every provider that this role is for", excerpt(name))
            }
            Self::MethodCase { written, right } => {
                write!(f, "`{}` is another method than `{right}`", excerpt(written))
            }
            Self::MethodInvalid(method) => write!(f, "`{}` is no method", excerpt(method)),
            Self::MethodNeverServed(method) => write!(f, "`{}` is never let through", excerpt(method)),
            Self::NameInvalid(name) => write!(
                f,
                "`{}` is not a name: 1 to {MAX_NAME} bytes, no control characters, no space around it",
                excerpt(name)
            ),
            Self::NoCondition => f.write_str("the rule asks nothing"),
            Self::OwnerNotInPath(text) => {
                write!(f, "`{}` is no segment of the route's path", excerpt(text))
            }
            Self::OwnerWithoutFrom => f.write_str("a subject is unique within its provider only"),
            Self::PermissionUnknown(name) => write!(f, "no role has the permission `{}`", excerpt(name)),
            Self::RoleWithoutPermission => f.write_str("the role may nothing"),
            Self::ScopeInvalid(scope) => write!(
                f,
                "`{}` is not a scope: visible ASCII without space, quotation mark and backslash",
                excerpt(scope)
            ),
            Self::TooMany { count, most } => write!(f, "{count} entries, at most {most} fit"),
            Self::UnknownCedar(name) => write!(f, "no policies are named `{}`", excerpt(name)),
            Self::UnknownRole(name) => write!(f, "no role is named `{}`", excerpt(name)),
        }
    }
}

impl MistakeKind {
    /// What to do.
    pub fn help(&self) -> String {
        match self {
            Self::ActionUnknown(name) => format!("declare it: action \"{}\"", excerpt(name)),
            Self::ActionWithoutCedar => "name policies with `cedar`, or leave `action` out".into(),
            Self::AnyMethodBeside => "write methods = [\"*\"], or leave `*` out".into(),
            Self::AnyoneBeside => "leave `anyone` out, or everything but it and `methods`".into(),
            Self::AuthenticatedBeside => "leave `authenticated` out".into(),
            Self::Cedar { line, .. } => format!("look at line {line} of the file"),
            Self::CedarNotBuilt => "build with the feature `cedar`, or remove it".into(),
            Self::Covered { .. } => {
                "one rule that holds is enough: narrow the other one, or remove one of the two".into()
            }
            Self::Cycle(_) => "remove it from the `includes` of one of them".into(),
            Self::Duplicate(_) => "remove one of the two".into(),
            Self::Empty => "write something into it, or leave it out".into(),
            Self::IncludeWidens(name) => {
                format!("give this role a `from` that `{}` has too, or leave the role out", excerpt(name))
            }
            Self::MethodCase { right, .. } => format!("methods are case-sensitive: write \"{right}\""),
            Self::MethodInvalid(_) => "write it like \"GET\"".into(),
            Self::MethodNeverServed(_) => "remove it".into(),
            Self::NameInvalid(_) => "write a shorter or plainer one".into(),
            Self::NoCondition => {
                "add a permission, scope or owner, or say authenticated = true or anyone = true".into()
            }
            Self::OwnerNotInPath(_) => "write it like owner = \"{id}\", with /{id} in `path`".into(),
            Self::OwnerWithoutFrom => {
                "add from = [\"…\"] with the provider whose subjects the path has".into()
            }
            Self::PermissionUnknown(_) => "give it to a role, or ask for one that a role has".into(),
            Self::RoleWithoutPermission => "give it permissions or includes, or remove it".into(),
            Self::ScopeInvalid(_) => "write one scope, as the provider issues it".into(),
            Self::TooMany { .. } => "split it up".into(),
            Self::UnknownCedar(name) => format!("define them: [cedar.{}]", excerpt(name)),
            Self::UnknownRole(name) => format!("define it: [roles.{}]", excerpt(name)),
        }
    }
}

/// All mistakes of a configuration that cannot be compiled.
pub type AuthzErrors = mistake::Mistakes<MistakeKind>;
