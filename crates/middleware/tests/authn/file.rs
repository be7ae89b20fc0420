//! The tables of a policy file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use corsac_diagnostics::{Diagnostic, Document, FieldPath, Severity, Source, TableReader};
use corsac_middleware::authn::{Authn, AuthnFile, Nowhere, read_authn};

use crate::api_keys::write_keys;
use crate::world::{KEYS_URL, World};

const FILE: &str = r#"
[jwt.sign_in]
issuer = "https://id.example.com"
audiences = ["https://api.example.com"]
algorithms = ["ES256"]
keys = "https://id.example.com/keys"
max_token_size = "4KiB"
leeway = "10s"
fresh_for = "5m"
cookie = "__Host-session"
bearer = true

[introspection.legacy]
endpoint = "https://id.example.com/introspect"
client_id = "gateway"
client_secret_file = "introspection.secret"

[api_keys.partners]
file = "api-keys.toml"
hash_key_file = "api-keys.hashkey"

[authn.members]
methods = ["sign_in", "partners"]
sign_in = "https://app.example.com/sign-in"

[authn.machines]
methods = ["legacy"]
realm = "machines"
identity_fields = false

[credentials]
verified_tokens = 1000
"#;

fn read(world: &World, text: &str) -> (Option<Authn>, Vec<Diagnostic>, Vec<PathBuf>) {
    let (document, syntax) = Document::parse(Source::new("corsac.toml", text));
    assert_eq!(syntax, []);
    let mut out = Vec::new();
    let mut root = TableReader::new(&document.root, FieldPath::root(), &mut out);
    let files = |path: &Path, limit| world.read(path, limit);
    let with = AuthnFile { base: Path::new(""), read: &files, outside: Arc::new(Nowhere), before: None };
    let (authn, files) = read_authn(&mut root, &with, &mut out);
    root.finish(&mut out);
    (authn, out, files)
}

fn world() -> Arc<World> {
    let world = World::new();
    world.write("introspection.secret", "s3cr3t\n");
    write_keys(&world);
    world
}

#[test]
fn a_file_is_read_as_it_is_written() {
    let (authn, findings, files) = read(&world(), FILE);
    assert_eq!(findings, []);
    let config = authn.unwrap().to_config();
    let jwt = &config.jwt[0];
    assert_eq!(jwt.keys, corsac_middleware::authn::KeySource::Url(KEYS_URL.into()));
    assert_eq!((jwt.provider.max_token_bytes, jwt.provider.leeway.as_secs()), (4_096, 10));
    assert_eq!((jwt.cache.fresh_for.as_secs(), jwt.cache.stale_for.as_secs()), (300, 3_600));
    assert_eq!((jwt.places.bearer, jwt.places.cookie.as_deref()), (true, Some("__Host-session")));
    assert!(config.introspection[0].places.bearer);
    let keys = &config.api_keys[0];
    assert_eq!((keys.prefix.as_str(), keys.places.header.as_deref()), ("corsac", Some("x-api-key")));
    assert_eq!(config.groups[0].methods, ["sign_in", "partners"]);
    assert!(config.groups[0].identity_fields && !config.groups[1].identity_fields);
    assert_eq!(config.verified_tokens, 1_000);
    let names: Vec<_> = files.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(names, ["api-keys.hashkey", "api-keys.toml", "introspection.secret"]);
}

#[test]
fn nothing_at_all_is_fine_too() {
    let (authn, findings, files) = read(&world(), "");
    assert!(authn.is_some() && findings.is_empty() && files.is_empty());
}

#[test]
fn each_mistake_is_told_once_at_its_key_with_a_fix() {
    for (from, to, field, said) in [
        ("issuer = \"https://id.example.com\"\n", "", "jwt.sign_in", "has no `issuer`"),
        ("leeway = \"10s\"", "leeway = \"2m\"", "jwt.sign_in.leeway", "120 is not from 0 to 60"),
        ("leeway = \"10s\"", "leeway = 10", "jwt.sign_in.leeway", "takes a duration"),
        ("leeway = \"10s\"", "leewya = \"10s\"", "jwt.sign_in.leewya", "unknown key"),
        ("[\"ES256\"]", "[\"ES257\"]", "jwt.sign_in.algorithms[0]", "is not a signature algorithm"),
        ("[\"ES256\"]", "[\"HS256\"]", "jwt.sign_in.algorithms[0]", "whoever verifies can sign"),
        (
            "\"https://id.example.com/keys\"",
            "\"http://id.example.com/keys\"",
            "jwt.sign_in.keys",
            "without TLS",
        ),
        ("\"https://id.example.com/keys\"", "\"keys.json\"", "jwt.sign_in.keys", "cannot be read"),
        ("bearer = true", "bearer = \"yes\"", "jwt.sign_in.bearer", "`true` or `false`"),
        ("\"introspection.secret\"", "\"none\"", "introspection.legacy.client_secret_file", "cannot be read"),
        ("client_id = \"gateway\"", "client_id = \"\"", "introspection.legacy.client_id", "1 to 256 bytes"),
        ("file = \"api-keys.toml\"", "file = \"keys.toml\"", "api_keys.partners.file", "cannot be read"),
        ("[\"legacy\"]", "[\"lagacy\"]", "authn.machines.methods[0]", "no method is named"),
        ("= 1000", "= -1", "credentials.verified_tokens", "from 0 to"),
    ] {
        let text = FILE.replacen(from, to, 1);
        assert_ne!(text, FILE, "{from}");
        let (authn, findings, files) = read(&world(), &text);
        assert!(authn.is_none(), "{to}");
        assert_eq!(findings.len(), 1, "{to}: {findings:#?}");
        let finding = &findings[0];
        assert!(finding.message.contains(said), "{}", finding.message);
        let place = format!("{:?}", finding.primary.as_ref().unwrap().place);
        let path = field.split(['.', '[', ']']).filter(|part| !part.is_empty());
        assert!(path.clone().all(|part| place.contains(part)), "{place}");
        assert!(finding.help.is_some() && !files.is_empty());
    }
}

#[test]
fn what_is_dangerous_stands_in_its_own_table() {
    let world = world();
    let text = FILE.replacen(
        "[introspection.legacy]",
        "[jwt.sign_in.dangerous]\nquery = \"t\"\n[introspection.legacy]",
        1,
    );
    let config = read(&world, &text).0.unwrap().to_config();
    assert_eq!(config.jwt[0].places.dangerously_query.as_deref(), Some("t"));
    let text = FILE.replacen(
        "[introspection.legacy]",
        "[introspection.legacy.dangerous]\nshared_secret = true\n[introspection.legacy]",
        1,
    );
    let (_, findings, _) = read(&world, &text);
    assert!(findings.iter().any(|it| it.severity == Severity::Error && it.message.contains("unknown key")));
}

#[test]
fn a_public_secret_is_a_warning() {
    let world = world();
    world.write("s.public", "s3cr3t\n");
    let (authn, findings, _) = read(&world, &FILE.replace("introspection.secret", "s.public"));
    assert!(authn.is_some());
    assert_eq!((findings.len(), findings[0].severity), (1, Severity::Warning));
    assert!(!format!("{findings:?}").contains("s3cr3t"));
}
