//! API keys of a file.

use corsac_credentials::PlacesConfig;
use std::sync::LazyLock;

use corsac_credentials::{ApiKeyEntry, NewApiKey};
use corsac_middleware::authn::{ApiKeyConfig, AuthnConfig, parse_hash_key, read_api_keys};
use http::StatusCode;
use secrecy::ExposeSecret as _;

use crate::world::{NOW, Sent, World, check, group, known, refused};

const HASH_KEY: &str = "0101010101010101010101010101010101010101010101010101010101010101";
pub(crate) static KEY: LazyLock<String> = LazyLock::new(|| made().text().expose_secret().to_owned());

fn made() -> NewApiKey {
    NewApiKey::make("corsac", &[7; 40], &parse_hash_key(HASH_KEY).unwrap()).unwrap()
}

/// Writes a file with [`KEY`], an expired and a revoked one.
pub(crate) fn write_keys(world: &World) -> ApiKeyConfig {
    let made = made();
    let text = format!(
        "[[keys]]\nid = \"{}\"\nhash = \"{}\"\nsubject = \"acme\"\nroles = [\"partner\"]\n",
        made.id(),
        made.hash()
    );
    world.write("api-keys.toml", text);
    world.write("api-keys.hashkey", format!("{HASH_KEY}\n"));
    ApiKeyConfig {
        name: "partners".into(),
        prefix: "corsac".into(),
        file: "api-keys.toml".into(),
        hash_key_file: "api-keys.hashkey".into(),
        places: PlacesConfig { header: Some("x-api-key".into()), ..PlacesConfig::default() },
        forward_credential: None,
    }
}

#[test]
fn a_key_is_known_until_a_reload_revokes_it() {
    let world = World::new();
    let config = AuthnConfig {
        api_keys: vec![write_keys(&world)],
        groups: vec![group("api", &["partners"])],
        ..AuthnConfig::default()
    };
    let authn = world.compile(&config);
    let sent = Sent::get("/").with("x-api-key", &*KEY);
    let identity = known(check(&world, &authn.group("api").unwrap(), &sent));
    assert_eq!((identity.principal().subject(), identity.is_ambient()), ("acme", false));
    let other = KEY.replacen("0707_0707", "0707_1707", 1);
    assert_ne!(other, *KEY);
    let refusal =
        refused(check(&world, &authn.group("api").unwrap(), &Sent::get("/").with("x-api-key", other)));
    assert_eq!((refusal.problem.status, refusal.reason), (StatusCode::UNAUTHORIZED, "api-key-invalid"));
    let text = world.read("api-keys.toml".as_ref(), 10_000).unwrap().bytes;
    let text = String::from_utf8(text).unwrap();
    let read = |path: &std::path::Path, limit| world.read(path, limit);
    for (line, reason) in
        [("revoked = true", "api-key-revoked"), ("expires_at = \"2027-01-15T07:59:59Z\"", "api-key-expired")]
    {
        world.write("api-keys.toml", format!("{text}{line}\n"));
        let after = authn.recompile(&config, &read).unwrap();
        assert_eq!(refused(check(&world, &after.group("api").unwrap(), &sent)).reason, reason);
    }
    assert_eq!(NOW, 1_800_000_000, "which is 2027-01-15T08:00:00Z");
}

#[test]
fn a_file_says_what_is_wrong_and_no_value_of_a_secret() {
    let good = "[[keys]]\nid = \"0707070707070707\"\nhash = \"ab\"\nsubject = \"acme\"\n";
    let keys = read_api_keys(&format!("# ours\n{good}created_at = \"2026-11-21T21:00:00Z\"\n")).unwrap();
    let entry = ApiKeyEntry {
        id: "0707070707070707".into(),
        hash: "ab".into(),
        subject: "acme".into(),
        ..ApiKeyEntry::default()
    };
    assert_eq!((&keys[0].entry, keys.len()), (&entry, 1));
    assert_eq!(read_api_keys("").unwrap(), []);
    for (text, said) in [
        (format!("{good}hash = \"s3cr3t"), "TOML"),
        (format!("{good}role = [\"a\"]\n"), "unknown key `keys[0].role`"),
        (format!("{good}expires_at = \"tomorrow\"\n"), "tomorrow"),
        (format!("{good}revoked = \"no\"\n"), "revoked"),
        (format!("{good}[[keys]]\nid = \"x\"\n"), "has no `hash`"),
        ("[keys]\n".to_owned(), "keys"),
    ] {
        let reasons = read_api_keys(&text).unwrap_err().join("; ");
        assert!(reasons.contains(said) && !reasons.contains("s3cr3t"), "{reasons}");
    }
}
