//! What people may write about access tokens.

use std::time::Duration;

use corsac_signaling::{AccessConfig, AccessMistake, AccessRules};

use crate::minting::config;

#[test]
fn every_mistake_is_told_at_once() {
    assert!(AccessRules::compile(&config()).is_ok());
    assert!(AccessRules::compile(&AccessConfig { leeway: Duration::from_secs(60), ..config() }).is_ok());
    let leeway = Duration::from_secs(61);
    let bad = AccessConfig { audience: String::new(), issuer: Some(String::new()), leeway };
    let expected =
        vec![AccessMistake::AudienceEmpty, AccessMistake::IssuerEmpty, AccessMistake::Leeway(leeway)];
    assert_eq!(AccessRules::compile(&bad), Err(expected));
    // Nobody is let in by a server that has not said who it is.
    assert!(AccessRules::compile(&AccessConfig::default()).is_err());
}
