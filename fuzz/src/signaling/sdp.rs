//! Any bytes as a session description.

use corsac_signaling::{
    Description, Duties, Grants, IcePolicy, Kind, Kinds, Refusal, SdpKind, SdpRules, check_description,
};

use super::check_refusal;
use super::naive::objections;

/// What passes satisfies the rules as plain loops read them, and passes under every more open rule.
pub fn sdp(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let open = [SdpKind::Offer, SdpKind::Answer].map(|kind| checked(text, rules(kind, IcePolicy::All, true)));
    for (kind, open) in [SdpKind::Offer, SdpKind::Answer].into_iter().zip(&open) {
        for ice in IcePolicy::ALL {
            for grants in [true, false] {
                let found = checked(text, rules(kind, ice, grants));
                assert!(found.is_err() || found == *open, "{found:?}");
            }
        }
    }
    if let [Ok(offer), Ok(_)] = &open {
        assert!(offer.media.iter().all(|media| !media.live), "an offer and an answer: {offer:?}");
    }
}

fn checked(text: &str, rules: SdpRules) -> Result<Description, Refusal> {
    let found = check_description(text, &rules);
    match &found {
        Ok(description) => {
            let objections = objections(text, &rules);
            assert!(objections.is_empty(), "{objections:?}");
            check(description, &rules);
        }
        Err(refusal) => check_refusal(refusal),
    }
    found
}

fn check(description: &Description, rules: &SdpRules) {
    assert!(description.fingerprints.len() <= 3);
    assert!(description.fingerprints.is_sorted_by(|one, other| one.hash() < other.hash()));
    for fingerprint in &description.fingerprints {
        assert_eq!(fingerprint.digest().len(), fingerprint.hash().bytes());
    }
    let live = description.media.iter().filter(|media| media.live);
    assert!(live.clone().next().is_none() || !description.fingerprints.is_empty());
    for media in live {
        assert_eq!(media.role.is_some(), rules.kind == SdpKind::Answer);
        assert_eq!(media.role, description.role());
    }
    let audio = description.sends.contains(Kind::Audio);
    assert!(!audio || rules.consented.contains(Kind::Audio) && rules.grants.publish.contains(Kind::Audio));
}

fn rules(kind: SdpKind, ice: IcePolicy, grants: bool) -> SdpRules {
    let kinds: Kinds = Kind::ALL.into_iter().filter(|_| grants).collect();
    let grants = Grants { publish: kinds, subscribe: grants, duties: Duties::default() };
    SdpRules { kind, grants, consented: kinds, max_bps: None, ice, established: None }
}
