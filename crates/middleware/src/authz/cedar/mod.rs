//! Rules as policies of Cedar.
//!
//! A request becomes: the principal `User::"PROVIDER:SUBJECT"`, in `Role::"…"` for each of
//! its roles, those included too; the action `Action::"GET"`, or what the rule names; the
//! resource `Route::"/items/{id}"`; and a context. What each has stands in
//! `docs/authorization.md`.
//!
//! Refused is what no policy permits, what one forbids, and **whatever Cedar has an error
//! about**: Cedar skips a policy that fails, and a skipped `forbid` forbids nothing.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicyId, PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use corsac_credentials::{Claim, Principal};
use http::header::ORIGIN;
use miette::Diagnostic;

use super::config::{CedarConfig, CedarText, MAX_CEDAR_BYTES, MAX_CEDAR_POLICIES, MistakeKind};
use super::roles::Roles;
use super::rules::Parameters;
use crate::guard::Head;

/// Values in the claims of one principal: a token is small, and evaluation is not free.
const MAX_VALUES: usize = 512;

/// Mistakes that are told of one file.
const MAX_TOLD: usize = 50;

/// Compiled policies.
#[derive(Debug)]
pub(super) struct Policies {
    name: String,
    set: PolicySet,
    schema: Option<Schema>,
    user: EntityTypeName,
    role: EntityTypeName,
    route: EntityTypeName,
    action: EntityTypeName,
}

impl Policies {
    /// Everything that is wrong with the texts: the key of each, and what.
    pub(super) fn compile(config: &CedarConfig) -> Result<Self, Vec<(&'static str, MistakeKind)>> {
        let mut mistakes = Vec::new();
        let set = policies(&config.policies).map_err(|found| mistakes.extend(under("policies", found))).ok();
        let schema = config.schema.as_ref().map(schema).transpose();
        let schema = schema.map_err(|found| mistakes.extend(under("schema", found))).ok();
        if let (Some(set), Some(Some(schema))) = (&set, &schema) {
            mistakes.extend(under("policies", invalid(set, schema, &config.policies)));
        }
        let kind = |name: &str| EntityTypeName::from_str(name).ok();
        match (set, schema, kind("User"), kind("Role"), kind("Route"), kind("Action")) {
            (Some(set), Some(schema), Some(user), Some(role), Some(route), Some(action))
                if mistakes.is_empty() =>
            {
                Ok(Self { name: config.name.clone(), set, schema, user, role, route, action })
            }
            _ => Err(mistakes),
        }
    }

    /// The `@id` of a policy, or its number.
    fn told(&self, id: &PolicyId) -> String {
        self.set.annotation(id, "id").map_or_else(|| id.to_string(), str::to_owned)
    }
}

fn uid(kind: &EntityTypeName, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(name))
}

/// One rule's use of policies.
#[derive(Clone, Debug)]
pub(super) struct CedarRule {
    policies: Arc<Policies>,
    /// Another action than the method.
    action: Option<String>,
    route: String,
    /// The parameters of the route's path.
    parameters: Vec<String>,
}

/// Why policies do not let a request pass.
#[derive(Clone, Debug)]
pub(super) enum CedarRefusal {
    /// They could not be asked, or failed.
    Failed(String),
    /// None permits it, or these forbid it.
    Refused(String),
}

impl CedarRule {
    /// `Option` because nothing can be made where Cedar is not built in.
    #[expect(clippy::unnecessary_wraps, reason = "as in `absent`")]
    pub(super) fn new(policies: &Arc<Policies>, action: Option<&str>, route: &str) -> Option<Self> {
        let braces = route.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        Some(Self {
            policies: Arc::clone(policies),
            action: action.map(str::to_owned),
            route: route.to_owned(),
            parameters: braces.map(|name| name.trim_start_matches('*').to_owned()).collect(),
        })
    }

    /// Whether the schema, if there is one, has the action.
    pub(super) fn knows(&self, action: &str) -> bool {
        let action = uid(&self.policies.action, action);
        let schema = self.policies.schema.as_ref();
        schema.is_none_or(|schema| schema.actions().any(|known| *known == action))
    }

    /// The name of the policies.
    pub(super) fn name(&self) -> &str {
        &self.policies.name
    }

    /// The policies that let the request pass. `method` is what the action is called after.
    pub(super) fn decide(
        &self,
        (head, method): (&Head<'_>, &str),
        parameters: &Parameters<'_>,
        (principal, roles): (&Principal, &Roles),
    ) -> Result<Vec<String>, CedarRefusal> {
        // Cedar's own words would repeat what claims say, which may be personal.
        let failed = |reason: &str| CedarRefusal::Failed(reason.to_owned());
        let unfit = || failed("the principal or the route does not fit the schema");
        let schema = self.policies.schema.as_ref();
        let user = self.user(principal, roles).ok_or_else(unfit)?;
        let route = self.resource(parameters).ok_or_else(unfit)?;
        let action = uid(&self.policies.action, self.action.as_deref().unwrap_or(method));
        let context = Context::from_pairs(context(head)).map_err(|_| failed("there is no context"))?;
        let request = Request::new(user.uid(), action, route.uid(), context, schema);
        let request = request.map_err(|_| failed("the action or the context does not fit the schema"))?;
        let entities = Entities::from_entities([user, route], schema).map_err(|_| unfit())?;
        let response = Authorizer::new().is_authorized(&request, &self.policies.set, &entities);
        if let Some(error) = response.diagnostics().errors().next() {
            let AuthorizationError::PolicyEvaluationError(error) = error;
            return Err(failed(&format!("policy {} failed", self.policies.told(error.policy_id()))));
        }
        let mut determining: Vec<_> =
            response.diagnostics().reason().map(|id| self.policies.told(id)).collect();
        determining.sort_unstable();
        match (response.decision(), determining.is_empty()) {
            (Decision::Allow, _) => Ok(determining),
            (Decision::Deny, true) => Err(CedarRefusal::Refused("no policy permits it".into())),
            (Decision::Deny, false) => {
                Err(CedarRefusal::Refused(format!("forbidden by {}", determining.join(", "))))
            }
        }
    }

    fn user(&self, principal: &Principal, roles: &Roles) -> Option<Entity> {
        let mut room = MAX_VALUES;
        let claims = principal
            .claims()
            .filter_map(|(name, claim)| expression(claim, &mut room).map(|value| (name.to_owned(), value)));
        let claims: Vec<_> = claims.collect();
        if room == 0 {
            return None;
        }
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let claims = RestrictedExpression::new_record(claims).ok()?;
        let mut attributes = HashMap::from([
            ("subject".to_owned(), text(principal.subject())),
            ("provider".to_owned(), text(principal.provider())),
            ("method".to_owned(), text(principal.method().as_str())),
            (
                "scopes".to_owned(),
                RestrictedExpression::new_set(principal.scopes().iter().map(|scope| text(scope))),
            ),
            ("claims".to_owned(), claims),
        ]);
        attributes.extend(principal.issuer().map(|issuer| ("issuer".to_owned(), text(issuer))));
        let parents = roles.names(roles.of(principal));
        let parents: HashSet<_> = parents.map(|name| uid(&self.policies.role, name)).collect();
        let id = format!("{}:{}", principal.provider(), principal.subject());
        let uid = uid(&self.policies.user, &id);
        Entity::new(uid, attributes, parents).ok()
    }

    fn resource(&self, parameters: &Parameters<'_>) -> Option<Entity> {
        let values = self.parameters.iter().filter_map(|name| {
            Some((name.clone(), RestrictedExpression::new_string(parameters(name)?.to_owned())))
        });
        let values = RestrictedExpression::new_record(values).ok()?;
        let uid = uid(&self.policies.route, &self.route);
        let attributes = HashMap::from([("parameters".to_owned(), values)]);
        Entity::new(uid, attributes, HashSet::new()).ok()
    }
}

/// Neither the query nor any field but `Origin`: they may carry secrets, which an error of
/// a policy would repeat in the log.
fn context(head: &Head<'_>) -> Vec<(String, RestrictedExpression)> {
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let mut pairs = vec![
        ("method".to_owned(), text(head.method.as_str())),
        ("path".to_owned(), text(head.path)),
        ("secure".to_owned(), RestrictedExpression::new_bool(head.is_secure)),
    ];
    let client = head.client.map(|address| RestrictedExpression::new_ip(address.to_canonical().to_string()));
    pairs.extend(client.map(|client| ("client".to_owned(), client)));
    pairs.extend(head.host.map(|host| ("host".to_owned(), text(host))));
    let mut origins = head.headers.get_all(ORIGIN).iter();
    if let (Some(origin), None) = (origins.next(), origins.next()) {
        pairs.extend(origin.to_str().ok().map(|origin| ("origin".to_owned(), text(origin))));
    }
    pairs
}

/// A claim's value, as long as there is room. Cedar has neither `null` nor fractions:
/// these are absent.
fn expression(claim: &Claim, room: &mut usize) -> Option<RestrictedExpression> {
    *room = room.checked_sub(1)?;
    Some(match claim {
        Claim::Flag(flag) => RestrictedExpression::new_bool(*flag),
        Claim::Integer(integer) => RestrictedExpression::new_long(*integer),
        Claim::Text(text) => RestrictedExpression::new_string(text.clone()),
        Claim::Null | Claim::Number(_) => return None,
        Claim::List(list) => RestrictedExpression::new_set(
            list.iter().filter_map(|item| expression(item, room)).collect::<Vec<_>>(),
        ),
        Claim::Object(members) => {
            let members =
                members.iter().filter_map(|(name, value)| Some((name.clone(), expression(value, room)?)));
            RestrictedExpression::new_record(members.collect::<Vec<_>>()).ok()?
        }
    })
}

fn policies(source: &CedarText) -> Result<PolicySet, Vec<MistakeKind>> {
    bounded(source)?;
    let set = PolicySet::from_str(&source.text)
        .map_err(|errors| errors.iter().map(|error| mistake(error, source)).collect::<Vec<_>>())?;
    if set.num_of_templates() != 0 {
        let reason = "a template is no policy: write a principal and a resource for its slots".to_owned();
        return Err(vec![MistakeKind::Cedar { file: source.file.clone(), line: 1, reason }]);
    }
    match set.num_of_policies() {
        0 => Err(vec![MistakeKind::Empty]),
        count if count > MAX_CEDAR_POLICIES => {
            Err(vec![MistakeKind::TooMany { count, most: MAX_CEDAR_POLICIES }])
        }
        _ => Ok(set),
    }
}

fn schema(source: &CedarText) -> Result<Schema, Vec<MistakeKind>> {
    bounded(source)?;
    let parsed = Schema::from_cedarschema_str(&source.text).map(|(schema, _)| schema);
    parsed.map_err(|error| vec![mistake(&error, source)])
}

fn invalid(set: &PolicySet, schema: &Schema, source: &CedarText) -> Vec<MistakeKind> {
    let result = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
    result.validation_errors().map(|error| mistake(error, source)).collect()
}

fn bounded(source: &CedarText) -> Result<(), Vec<MistakeKind>> {
    let count = source.text.len();
    let fits = count <= MAX_CEDAR_BYTES;
    if fits { Ok(()) } else { Err(vec![MistakeKind::TooMany { count, most: MAX_CEDAR_BYTES }]) }
}

fn mistake(error: &dyn Diagnostic, source: &CedarText) -> MistakeKind {
    let offset = error.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset());
    let before = source.text.as_bytes().get(..offset).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    MistakeKind::Cedar { file: source.file.clone(), line, reason: error.to_string() }
}

fn under(key: &'static str, found: Vec<MistakeKind>) -> impl Iterator<Item = (&'static str, MistakeKind)> {
    found.into_iter().take(MAX_TOLD).map(move |kind| (key, kind))
}
