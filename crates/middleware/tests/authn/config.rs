//! What cannot be compiled, all of it at once, and what is warned of.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use corsac_credentials::PlacesConfig;
use corsac_middleware::authn::{Authn, AuthnConfig, ClientSecret, KeySource, Nowhere};
use serde_json::json;

use crate::api_keys::write_keys;
use crate::world::{Issuer, World, b64, bearer, cookie, group, jwt, one_server, opaque};

fn mistakes(world: &World, config: &AuthnConfig) -> Vec<String> {
    let read = |path: &Path, limit| world.read(path, limit);
    let errors = Authn::compile(config, &read, Arc::new(Nowhere)).unwrap_err();
    assert!(errors.0.iter().all(|mistake| !mistake.kind.help().is_empty()));
    errors.0.iter().map(ToString::to_string).collect()
}

#[test]
fn everything_wrong_is_told_at_once() {
    let world = World::new();
    let mut first = jwt("a", PlacesConfig::default());
    first.provider.issuer.clear();
    first.provider.algorithms = vec!["none".into()];
    first.keys = KeySource::Url("http://id.example.com/keys".into());
    first.cache.fresh_for = Duration::ZERO;
    let mut second = opaque("B C", bearer());
    second.endpoint = "https://user:s3cr3t@id.example.com/".into();
    second.concurrency = 0;
    second.rules.leeway = Duration::from_secs(61);
    let mut keys = write_keys(&world);
    keys.hash_key_file = "nowhere".into();
    keys.prefix = "X".into();
    let mut members = group("members", &["a", "a", "other"]);
    members.realm = Some("a\"b".into());
    members.sign_in = Some("//attacker.example".into());
    let config = AuthnConfig {
        jwt: vec![first],
        introspection: vec![second],
        api_keys: vec![keys],
        groups: vec![members, group("empty", &[])],
        verified_tokens: 100_000_000,
    };
    let told = mistakes(&world, &config);
    for expected in [
        "credentials.verified_tokens: 100000000 is not from",
        "jwt.a.issuer: nothing there",
        "jwt.a.algorithms[0]: `none` is not a signature algorithm",
        "jwt.a.keys: without TLS",
        "jwt.a.fresh_for: 0 is not from 10",
        "jwt.a.bearer: nothing there",
        "introspection.B C.endpoint: a URL with a user name",
        "introspection.B C.concurrency: 0 is not from 1",
        "introspection.B C.leeway: 61 is not from",
        "introspection.B C.client_secret_file: `introspection.secret` cannot be read",
        "introspection.B C: `B C` is not a name",
        "api_keys.partners.hash_key_file: `nowhere` cannot be read",
        "authn.members.realm: `a\"b` is not",
        "authn.members.sign_in: it is not a URL",
        "authn.members.methods[1]: `a` stands here twice",
        "authn.members.methods[2]: no method is named `other`",
        "authn.empty.methods: nobody could ever",
    ] {
        assert!(told.iter().any(|it| it.starts_with(expected)), "{expected}: {told:#?}");
    }
    assert!(!told.join(" ").contains("s3cr3t"));
}

#[test]
fn what_is_asked_for_secrets_is_told_over_tls_or_on_this_machine() {
    let world = World::new();
    let compiles = |url: &str| {
        let mut method = jwt("a", bearer());
        method.keys = KeySource::Url(url.into());
        let config = AuthnConfig { jwt: vec![method], ..AuthnConfig::default() };
        let read = |path: &Path, limit| world.read(path, limit);
        Authn::compile(&config, &read, Arc::new(Nowhere)).is_ok()
    };
    for url in [
        "https://id.example.com/keys",
        "https://id.example.com:8443",
        "http://127.0.0.1:9000/keys",
        "http://[::1]/keys",
        "http://localhost/keys",
    ] {
        assert!(compiles(url), "{url}");
    }
    for url in [
        "http://id.example.com/keys",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://[::2]/",
        "ftp://id.example.com/",
        "https://u@id.example.com/",
        "https://id.example.com/#k",
        "https:///keys",
        "/keys",
        "",
    ] {
        assert!(!compiles(url), "{url}");
    }
}

#[test]
fn secrets_are_shared_only_where_it_is_said_and_only_by_a_file() {
    let world = World::new();
    let shared = |bytes: usize| json!({"keys": [{"kty": "oct", "kid": "1", "alg": "HS256", "k": b64(vec![9; bytes])}]});
    world.write("good.json", shared(32).to_string());
    world.write("short.json", shared(31).to_string());
    world.write("good.json.public", shared(32).to_string());
    let of = |keys: KeySource, dangerously: bool| {
        let mut method = jwt("a", bearer());
        method.provider.algorithms = vec!["HS256".into()];
        method.provider.dangerously_shared_secret = dangerously;
        method.keys = keys;
        AuthnConfig { jwt: vec![method], ..AuthnConfig::default() }
    };
    let file = |name: &str| KeySource::File(name.into());
    assert!(world.compile(&of(file("good.json"), true)).warnings().is_empty());
    let warned = world.compile(&of(file("good.json.public"), true));
    assert!(warned.warnings()[0].to_string().contains("every user of this machine may read"));
    for (config, said) in [
        (of(file("good.json"), false), "jwt.a.algorithms[0]: with `HS256`"),
        (of(file("short.json"), true), "jwt.a.keys: the key set has no usable key"),
        (of(KeySource::Url("https://id.example.com/k".into()), true), "jwt.a.keys: a shared secret does not"),
    ] {
        let told = mistakes(&world, &config);
        assert!(told.iter().any(|it| it.starts_with(said)), "{told:?}");
    }
}

#[test]
fn files_are_bounded_trimmed_and_never_repeated() {
    let world = World::new();
    let mut config = one_server(&world);
    for (text, said) in [
        (String::new(), "is empty"),
        ("\r\n".to_owned(), "is empty"),
        ("s3cr3t".repeat(1_000), "cannot be read"),
    ] {
        world.write("introspection.secret", text);
        let told = mistakes(&world, &config).join(" ");
        assert!(told.contains(said) && !told.contains("s3cr3t"), "{told}");
    }
    config.introspection[0].client_secret = ClientSecret::Text("s3cr3t".into());
    assert!(!format!("{config:?} {:?}", world.compile(&config)).contains("s3cr3t"));
    assert!(config.files().is_empty());
}

#[test]
fn a_method_that_would_never_be_asked_is_a_mistake() {
    let world = World::new();
    let header = |name: &str| PlacesConfig { header: Some(name.into()), ..PlacesConfig::default() };
    let issuer = Issuer::new("k1");
    world.write("keys.json", issuer.keys().to_string());
    for (first, second, taken) in [
        (bearer(), bearer(), true),
        (bearer(), cookie(), false),
        (cookie(), cookie(), true),
        (header("x-token"), header("X-Token"), true),
        (header("x-token"), header("x-other"), false),
        (PlacesConfig { bearer: true, ..cookie() }, cookie(), true),
    ] {
        let config = AuthnConfig {
            jwt: vec![jwt("a", first), jwt("b", second)],
            groups: vec![group("both", &["a", "b"]), group("first", &["a"]), group("second", &["b"])],
            ..AuthnConfig::default()
        };
        if taken {
            assert_eq!(
                mistakes(&world, &config),
                ["authn.both.methods[1]: `b` is never asked: `a` takes what stands in the same place"]
            );
        } else {
            world.compile(&config);
        }
    }
}

#[test]
fn a_query_is_always_forwarded_and_names_are_for_one() {
    let world = World::new();
    let mut query = jwt("a", PlacesConfig { dangerously_query: Some("t".into()), ..PlacesConfig::default() });
    query.forward_credential = Some(false);
    let mut keys = write_keys(&world);
    keys.name = "a".into();
    let config = AuthnConfig { jwt: vec![query], api_keys: vec![keys], ..AuthnConfig::default() };
    let told = mistakes(&world, &config);
    assert_eq!(
        told,
        [
            "jwt.a.forward_credential: a credential in the query is always forwarded",
            "api_keys.a: `a` stands here twice"
        ]
    );
}

#[cfg(unix)]
#[test]
fn the_disk_is_read_with_a_bound_and_nothing_but_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::env::temp_dir().join(format!("corsac-authn-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("secret");
    std::fs::write(&file, "12345").unwrap();
    for (mode, is_public) in [(0o600, false), (0o640, false), (0o644, true)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let contents = corsac_middleware::authn::read_file(&file, 5).unwrap();
        assert_eq!((contents.bytes.as_slice(), contents.is_public), (&b"12345"[..], is_public));
    }
    let kind = |path: &Path, limit| corsac_middleware::authn::read_file(path, limit).unwrap_err().kind();
    assert_eq!(kind(&file, 4), std::io::ErrorKind::FileTooLarge);
    assert_eq!(kind(&folder, 4), std::io::ErrorKind::InvalidInput);
    assert_eq!(kind(&folder.join("none"), 4), std::io::ErrorKind::NotFound);
    std::fs::remove_dir_all(&folder).unwrap();
}
