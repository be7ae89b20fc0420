//! Any request through all guards.

use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use corsac_cors::{Policy, PolicyConfig, RequestHead};
use corsac_credentials::Timestamp;
use corsac_diagnostics::{Document, FieldPath, Source, TableReader};
use corsac_middleware::authn::{Contents, Nowhere};
use corsac_middleware::guard::Head;
use corsac_middleware::limits::{BodyPlan, Presence};
use corsac_middleware::rate_limit::Moment;
use corsac_middleware::route::canonical_path;
use corsac_middleware::stack::file::{Definitions, RouteHead, Surroundings};
use corsac_middleware::stack::{Asked, NamedPolicy, Passage, Stack, Step, World};
use http::header::{COOKIE, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

const APP: &str = "https://app.example.com";
const KEY: &str =
    "corsac_eeae12ada1ea70c5_af4af792af08d7a2bd804d6670da6dd1f0b78643d51d82a4546c9718c7754293_c28577a8";
const ENTRIES: &str = include_str!("../seeds/guards-files/api-keys.toml");
const HASH_KEY: &str = include_str!("../seeds/guards-files/api-keys.hashkey");
const SCHEMA: &str =
    r#"{"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}"#;
const POLICY: &str = r#"
[api_keys.partners]
file = "api-keys.toml"
hash_key_file = "api-keys.hashkey"
prefix = "corsac"
header = "x-api-key"
[authn.members]
methods = ["partners"]
sign_in = "https://app.example.com/sign-in"
[roles.editor]
permissions = ["write"]
[schemas.item]
file = "item.json"
[[routes]]
path = "/members/{id}"
authn = "members"
rules = [{ methods = ["GET", "PUT"], permission = "write" }]
[[routes]]
path = "/forms"
csrf = "enforce"
[[routes]]
path = "/items"
body_schema = "item"
"#;

/// Nobody passes a guard who must not, nobody else than the allowed page may read, and an
/// answer has nothing of the request that a browser would take for a page.
pub fn guards(bytes: &[u8]) {
    static STACK: LazyLock<Stack> = LazyLock::new(stack);
    let Some((request, body)) = Request::read(bytes) else { return };
    let Ok(path) = canonical_path(&request.path) else { return };
    let asked = RequestHead { method: &request.method, headers: &request.headers };
    let mut passage = STACK.begin(Some(&path), &asked);
    let head = Head {
        method: &request.method,
        path: &path,
        query: request.query.as_deref(),
        headers: &request.headers,
        host: Some("api.example.com"),
        is_secure: true,
        client: None,
    };
    let presence = if body.is_empty() { Presence::Absent } else { Presence::Possible };
    let time = Timestamp::from_secs(1_800_000_000);
    let step = STACK.advance(&mut passage, &Asked { head, body: presence, moment: Moment::now(), time });
    match &step {
        Step::Refused(refused) => {
            let text = refused.problem.body();
            assert!(!text.contains(['<', '>', '&', '\'']) && text.is_ascii(), "{text}");
            assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON")["code"], refused.problem.code);
        }
        Step::Through(_, plan) => passed(&request, &path, plan, body),
        Step::Preflight => assert!(asked.is_preflight() && is_app(&request.headers)),
        Step::Count(_) | Step::Wait(_) => panic!("nothing is shared, and nothing is fetched"),
    }
    stamped(&request, &passage, &STACK);
}

fn passed(request: &Request, path: &str, plan: &BodyPlan, body: &[u8]) {
    let only = |name: &str| {
        let mut values = request.headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).map(HeaderValue::as_bytes)
    };
    if path.starts_with("/members/") {
        assert_eq!(only("x-api-key"), Some(KEY.as_bytes()));
        assert!(matches!(request.method.as_str(), "GET" | "HEAD" | "PUT"), "{}", request.method);
    }
    let is_safe = matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    if path == "/forms" && !is_safe && request.headers.contains_key(COOKIE) {
        let own = [APP, "https://api.example.com"].map(str::as_bytes);
        let is_known = only(ORIGIN.as_str()).is_some_and(|origin| own.contains(&origin));
        let is_foreign = matches!(only("sec-fetch-site"), Some(b"cross-site" | b"same-site"));
        assert!(is_known || !is_foreign, "a forged form has passed");
    }
    if path == "/items"
        && let BodyPlan::Collect(check) = plan
        && check.check(body).is_ok()
    {
        let value: Value = serde_json::from_slice(body).expect("JSON");
        assert!(value["name"].is_string(), "{value}");
    }
}

fn stamped(request: &Request, passage: &Passage, stack: &Stack) {
    let mut response = HeaderMap::new();
    response.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    let _ = stack.stamp(passage, &mut response, true);
    let allowed: Vec<_> = response.get_all("access-control-allow-origin").iter().collect();
    assert!(allowed.is_empty() || (is_app(&request.headers) && allowed == [APP]), "{allowed:?}");
    let mut forwarded = request.headers.clone();
    stack.stamp_request(passage, &mut forwarded);
    let subject = forwarded.get("x-corsac-subject");
    assert_eq!(subject.is_some(), passage.identity().is_some(), "nobody names himself");
}

fn is_app(headers: &HeaderMap) -> bool {
    headers.get_all(ORIGIN).iter().collect::<Vec<_>>() == [APP]
}

struct Request {
    method: Method,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
}

impl Request {
    /// `GET /path?query`, a field a line, an empty line, and the body.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
        let (head, body) = (bytes.get(..end)?, bytes.get(end + 2..).unwrap_or_default());
        let mut lines = head.split(|byte| *byte == b'\n');
        let (method, target) = std::str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let mut headers = HeaderMap::new();
        for line in lines {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            headers.append(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?);
        }
        let (path, query) = (path.to_owned(), query.map(str::to_owned));
        Some((Self { method: method.parse().ok()?, path, query, headers }, body))
    }
}

fn file(path: &Path, _: u64) -> io::Result<Contents> {
    let text = match path.to_str() {
        Some("api-keys.toml") => ENTRIES,
        Some("api-keys.hashkey") => HASH_KEY,
        _ => SCHEMA,
    };
    Ok(Contents { bytes: text.as_bytes().to_vec(), is_public: false })
}

fn stack() -> Stack {
    let config = PolicyConfig {
        origins: vec![APP.into()],
        methods: vec!["PUT".into()],
        credentials: true,
        ..PolicyConfig::default()
    };
    let policy = NamedPolicy::new("app", &Policy::compile(&config).expect("a good policy"));
    let (document, _) = Document::parse(Source::new("fuzz.toml", POLICY));
    let mut out = Vec::new();
    let mut root = TableReader::new(&document.root, FieldPath::root(), &mut out);
    let around = Surroundings { base: Path::new(""), read: &file };
    let mut definitions = Definitions::read(&mut root, &around, &mut out);
    for mut table in root.tables("routes", &mut out) {
        let path = table.required_string("path", &mut out).unwrap_or_default().to_owned();
        let policy = Some(policy.clone());
        let head = RouteHead { path, policy, preflights_by_handler: false, body_size: 1 << 20 };
        definitions.route(head, &mut table, &mut out);
    }
    let guards = definitions.finish(Some(policy), &around, &mut out);
    let config = guards.config.unwrap_or_else(|| panic!("{out:#?}"));
    let world = World { read: &file, outside: Arc::new(Nowhere) };
    Stack::compile(&config, &world).unwrap_or_else(|errors| panic!("{errors:?}"))
}
