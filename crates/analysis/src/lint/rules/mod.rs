//! The rules, in folders by what they are about. Each has its page under `scenarios/rules/`.

pub(super) mod age;
pub(super) mod entry;
pub(super) mod preflight;
pub(super) mod reach;
pub(super) mod response;
pub(super) mod stranger;
pub(super) mod suppression;
pub(super) mod unread;

use corsac_diagnostics::Rule;

use super::answer::{Judged, JudgedAnswer};
use super::found::Found;
use crate::model::{Answer, Preflight, Scope};

/// Every rule about a model.
pub static RULES: &[&Rule] = &[
    &reach::address_origin::RULE,
    &reach::any_origin_reflected::RULE,
    &reach::any_origin_with_credentials::RULE,
    &reach::development_origin::RULE,
    &reach::every_subdomain::RULE,
    &reach::insecure_origin_with_credentials::RULE,
    &reach::null_origin::RULE,
    &reach::third_party_origin::RULE,
    &reach::wildcard_with_credentials::RULE,
    &stranger::missing_end_anchor::RULE,
    &stranger::missing_start_anchor::RULE,
    &stranger::opaque_decision::RULE,
    &stranger::prefix_without_end::RULE,
    &stranger::public_suffix_wildcard::RULE,
    &stranger::stranger_admitted::RULE,
    &stranger::substring_match::RULE,
    &stranger::suffix_without_boundary::RULE,
    &stranger::undecided_origins::RULE,
    &stranger::unescaped_dot::RULE,
    &entry::allow_origin_invalid::RULE,
    &entry::credentials_not_true::RULE,
    &entry::dead_entry::RULE,
    &entry::origin_never_sent::RULE,
    &entry::redundant_entry::RULE,
    &entry::shadowed_entry::RULE,
    &response::actual_response_without_origin::RULE,
    &response::any_exposed_header::RULE,
    &response::credentials_without_origin::RULE,
    &response::duplicate_allow_origin::RULE,
    &response::errors_without_cors::RULE,
    &response::exposed_wildcard_with_credentials::RULE,
    &response::forbidden_exposed_header::RULE,
    &response::missing_vary::RULE,
    &response::partial_vary::RULE,
    &response::preflight_without_credentials::RULE,
    &preflight::any_method::RULE,
    &preflight::any_request_header::RULE,
    &preflight::authorization_under_wildcard::RULE,
    &preflight::forbidden_method::RULE,
    &preflight::forbidden_request_header::RULE,
    &preflight::header_name_invalid::RULE,
    &preflight::method_invalid::RULE,
    &preflight::obsolete_private_network::RULE,
    &preflight::preflight_authenticated::RULE,
    &preflight::preflight_unanswered::RULE,
    &preflight::wildcard_literal::RULE,
    &age::max_age_invalid::RULE,
    &age::max_age_out_of_range::RULE,
    &age::max_age_useless::RULE,
    &suppression::suppression_without_reason::RULE,
    &suppression::unused_suppression::RULE,
    &unread::RULE,
];

/// A check of one answer.
type AnswerCheck = fn(&JudgedAnswer<'_>, &mut Found<'_>);

/// A check of a scope as a whole.
type ScopeCheck = fn(&Judged<'_>, &mut Found<'_>);

pub(super) const ANSWER_CHECKS: &[AnswerCheck] = &[
    reach::any_origin_reflected::find,
    reach::any_origin_with_credentials::find,
    reach::wildcard_with_credentials::find,
    reach::null_origin::find,
    reach::insecure_origin_with_credentials::find,
    reach::address_origin::find,
    reach::development_origin::find,
    reach::third_party_origin::find,
    reach::every_subdomain::find,
    stranger::find,
    stranger::opaque_decision::find,
    stranger::undecided_origins::find,
    entry::origin_never_sent::find,
    entry::allow_origin_invalid::find,
    entry::credentials_not_true::find,
    entry::dead_entry::find,
    entry::redundant_entry::find,
    response::credentials_without_origin::find,
    response::duplicate_allow_origin::find,
];

pub(super) const SCOPE_CHECKS: &[ScopeCheck] = &[
    response::missing_vary::find,
    response::partial_vary::find,
    response::preflight_without_credentials::find,
    response::errors_without_cors::find,
    response::actual_response_without_origin::find,
    response::any_exposed_header::find,
    response::exposed_wildcard_with_credentials::find,
    response::forbidden_exposed_header::find,
    preflight::any_method::find,
    preflight::any_request_header::find,
    preflight::wildcard_literal::find,
    preflight::authorization_under_wildcard::find,
    preflight::forbidden_method::find,
    preflight::forbidden_request_header::find,
    preflight::method_invalid::find,
    preflight::header_name_invalid::find,
    preflight::preflight_unanswered::find,
    preflight::preflight_authenticated::find,
    preflight::obsolete_private_network::find,
    age::max_age_invalid::find,
    age::max_age_out_of_range::find,
    age::max_age_useless::find,
];

/// The answers of a scope.
pub(super) fn answers(scope: &Scope) -> Vec<&Answer> {
    match &scope.preflight {
        Preflight::Answered(preflight) => vec![&scope.actual, preflight],
        _ => vec![&scope.actual],
    }
}
