//! Texts that other software signed: `foreign.json`, made by `foreign.mjs` with the `WebCrypto` of Node.js.

use corsac_credentials::{ConfirmationKey, KeySet};
use corsac_signaling::{AccessRules, Consent, Context, Digest, Hello, Kind, Proof, verify_hello};
use serde_json::Value;

use crate::minting::{NONCE, NOW, config};

#[test]
fn what_a_browser_signs_is_verified() {
    let foreign: Value = serde_json::from_str(include_str!("foreign.json")).unwrap();
    let text = |name: &str| foreign[name].as_str().unwrap();
    let rules = AccessRules::compile(&config()).unwrap();
    let keys = KeySet::parse(foreign["jwks"].to_string().as_bytes(), &AccessRules::key_rules()).unwrap();
    let key = ConfirmationKey::parse(&foreign["peer"].to_string()).unwrap();
    assert_eq!(key.thumbprint().to_string(), text("jkt"));

    let proof = Proof { pop: text("pop"), nonce: &NONCE };
    let hello = Hello { token: text("token"), assertion: text("assertion"), proof };
    let caller = verify_hello(&hello, &rules, &keys, NOW).unwrap();
    assert_eq!((caller.access.sub.as_str(), caller.access.room.as_str()), ("zoë", "salon"));
    let publish: Vec<Kind> = caller.access.grants.publish.iter().collect();
    assert_eq!(publish, [Kind::Audio, Kind::Screen]);
    let digest: Vec<u8> = (0..32).map(|index| index * 7).collect();
    assert!(caller.access.media_keys.unwrap().contains("sha-256", &digest));

    assert_eq!(Digest::of(b"May we?").to_string(), text("notice"));
    let context = Context { room: "salon", sub: "zoë", sid: "s-1", notice: text("notice") };
    let consent = Consent::verify(text("consent"), &caller.assertion.key, &context, NOW).unwrap();
    assert_eq!((consent.purpose.as_str(), consent.recording), ("lesson", true));
}
