//! Whom an answer reaches: everyone, nobody's origins, other machines, other people.

pub(crate) mod address_origin;
pub(crate) mod any_origin_reflected;
pub(crate) mod any_origin_with_credentials;
pub(crate) mod development_origin;
pub(crate) mod every_subdomain;
pub(crate) mod insecure_origin_with_credentials;
pub(crate) mod null_origin;
pub(crate) mod third_party_origin;
pub(crate) mod wildcard_with_credentials;

use crate::lint::answer::{JudgedAnswer, Pattern};
use crate::lint::asked::Reach;

/// The patterns that admit everyone, whatever is sent for it.
fn for_everyone<'a>(answer: &'a JudgedAnswer<'_>) -> impl Iterator<Item = &'a Pattern<'a>> {
    answer.patterns.iter().filter(|pattern| pattern.asked.reach != Reach::Some)
}

/// Who is meant by "every website".
fn whom(reach: Reach) -> &'static str {
    match reach {
        Reach::Everyone | Reach::Some => "every website",
        Reach::EveryoneSecure => "every website that is served over https",
    }
}

/// The patterns that admit some.
fn for_some<'a>(answer: &'a JudgedAnswer<'_>) -> impl Iterator<Item = &'a Pattern<'a>> {
    answer.patterns.iter().filter(|pattern| pattern.asked.reach == Reach::Some)
}
