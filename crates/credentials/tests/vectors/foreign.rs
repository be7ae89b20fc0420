//! Tokens of other implementations. Those in `tests/data/foreign.json` are always read; what
//! `tests/differential/run.py` makes, when it runs this.

#[cfg(feature = "differential")]
use std::collections::BTreeMap;

use corsac_credentials::{KeySet, Provider, ProviderConfig, Refusal, Timestamp};
use serde_json::{Value, json};

struct Verifier {
    provider: Provider,
    keys: KeySet,
    now: Timestamp,
}

impl Verifier {
    fn new(file: &Value) -> Self {
        let algorithms = ["EdDSA", "ES256", "ES384", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];
        let provider = Provider::compile(&ProviderConfig {
            name: "foreign".into(),
            issuer: "https://id.example.com".into(),
            audiences: vec!["https://api.example.com".into()],
            algorithms: algorithms.map(String::from).into(),
            token_types: vec!["JWT".into(), "at+jwt".into()],
            ..ProviderConfig::default()
        })
        .unwrap();
        let keys = json!({"keys": file["keys"]}).to_string();
        let keys = KeySet::parse(keys.as_bytes(), &provider.key_rules()).unwrap();
        assert_eq!(keys.rejected(), []);
        Self { provider, keys, now: Timestamp::from_secs(file["now"].as_u64().unwrap()) }
    }

    fn verify(&self, token: &str) -> Result<(), Refusal> {
        self.provider.verify(token, &self.keys, self.now).map(|_| ())
    }
}

#[test]
fn tokens_of_others_are_accepted_and_with_one_more_bit_refused() {
    let file: Value = serde_json::from_str(include_str!("../data/foreign.json")).unwrap();
    let verifier = Verifier::new(&file);
    let tokens = file["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 27);
    for entry in tokens {
        let token = entry["token"].as_str().unwrap();
        verifier.verify(token).unwrap_or_else(|refusal| panic!("{entry}: {refusal}"));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        // Another first character is another first byte.
        let (first, rest) = signature.split_at(1);
        let other = if first == "A" { "B" } else { "A" };
        assert!(verifier.verify(&format!("{signed}.{other}{rest}")).is_err(), "{entry}");
    }
}

/// Header parameters that nobody knows. RFC 7515, section 4: they "MUST be ignored" unless
/// they are critical. joserfc refuses them.
#[cfg(feature = "differential")]
const UNKNOWN_PARAMETERS: [&str; 2] = ["x: 1", "zip: \"DEF\""];

/// Nothing is accepted that one of the others refuses, and what all mint is accepted.
#[cfg(feature = "differential")]
#[test]
fn nothing_is_accepted_that_others_refuse() {
    let path = std::env::var("CORSAC_JOSE_CASES").expect("run.py names the cases");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let verifier = Verifier::new(&file);
    let (mut agreed, mut accepted, mut lax) = (0, 0, Vec::new());
    let mut alone: BTreeMap<String, usize> = BTreeMap::new();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let what = case["what"].as_str().unwrap();
        let verdict = verifier.verify(case["token"].as_str().unwrap());
        let others = case["accepted"].as_object().unwrap();
        let refusing: Vec<&str> = others
            .iter()
            .filter(|(_, accepted)| **accepted == false)
            .map(|(name, _)| name.as_str())
            .collect();
        agreed +=
            usize::from(if verdict.is_ok() { refusing.is_empty() } else { refusing.len() == others.len() });
        match verdict {
            Ok(()) => {
                accepted += 1;
                let is_explained = UNKNOWN_PARAMETERS.contains(&what) && refusing == ["joserfc"];
                if !refusing.is_empty() && !is_explained {
                    lax.push(format!("{what}: refused by {}", refusing.join(", ")));
                }
            }
            Err(refusal) => {
                assert!(!what.starts_with("minted"), "{what}: {refusal}");
                if refusing.len() < others.len() {
                    let accepting = others.len() - refusing.len();
                    *alone.entry(format!("{refusal} ({what}; {accepting} of 3 accept)")).or_default() += 1;
                }
            }
        }
    }
    println!("{} tokens, {accepted} accepted; {agreed} as by all three", cases.len());
    for (what, count) in &alone {
        println!("{count:6}  {what}");
    }
    assert_eq!(lax, Vec::<String>::new());
}
