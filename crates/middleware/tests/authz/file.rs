//! Policy files.

use std::io;
use std::path::Path;

use corsac_diagnostics::{Diagnostic, Document, FieldPath, Source, TableReader};
use corsac_middleware::authz::{Authentication, AuthzFile, ProviderGrants, ReadAuthz, RoleGrants, lint};
use proptest::prelude::*;
use serde_json::json;

use super::{ask, outcome, principal, texts};

const FILE: &str = r#"
[roles.reader]
permissions = ["items:read"]
[roles.editor]
includes = ["reader"]
permissions = ["items:write"]
[roles.admin]
permissions = ["items:delete"]
claims = { groups = ["admins"] }
scopes = ["admin"]
from = ["sign_in"]

[[routes]]
path = "/items/{id}"
rules = [
  { methods = ["GET"], permission = "items:read" },
  { methods = ["PUT"], permission = "items:write" },
  { methods = ["DELETE"], permission = "items:delete" },
  { methods = ["POST"], scope = "items:create" },
  { methods = ["PATCH"], owner = "{id}", from = ["sign_in"] },
  { methods = ["LINK"], authenticated = true },
  { methods = ["QUERY"], anyone = true },
]
[[routes]]
path = "/open"
"#;

/// The files that there are.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    match path.to_str() {
        Some("policies.cedar") => Ok(b"permit (principal, action, resource);".to_vec()),
        Some("latin") => Ok(vec![0xe9]),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Reads as a gateway does, which takes `path` itself.
fn read(text: &str) -> (Option<ReadAuthz>, Vec<Diagnostic>) {
    let (document, mut out) = Document::parse(Source::new("corsac.toml", text));
    let mut root = TableReader::new(&document.root, FieldPath::root(), &mut out);
    let mut file = AuthzFile::read(&mut root, &|path, _| content(path), &mut out);
    for mut table in root.tables("routes", &mut out) {
        let path = table.required_string("path", &mut out).unwrap_or_default();
        file.route(path, &mut table, &mut out);
        table.finish(&mut out);
    }
    root.finish(&mut out);
    (file.compile(&mut out), out)
}

fn shown(findings: &[Diagnostic]) -> Vec<String> {
    let place = |finding: &Diagnostic| match &finding.primary {
        Some(label) => format!("{:?}", label.place),
        None => String::new(),
    };
    findings
        .iter()
        .inspect(|finding| assert!(finding.help.is_some() && !place(finding).is_empty(), "{finding:?}"))
        .map(|finding| format!("{}: {}", finding.rule.id, finding.message))
        .collect()
}

#[test]
fn a_file_decides_as_it_reads() {
    let (read, findings) = read(FILE);
    assert_eq!(shown(&findings), [""; 0]);
    let authz = read.unwrap().authz;
    assert!(authz.routes()[1].is_unguarded());
    let editor = principal("sign_in", &json!({"roles": ["editor"]}));
    let admin = principal("sign_in", &json!({"groups": ["admins"]}));
    for (method, who, expected) in [
        ("GET", &editor, "ok 0"),
        ("PUT", &editor, "ok 1"),
        ("DELETE", &editor, "missing-permission"),
        ("DELETE", &admin, "ok 2"),
        ("GET", &admin, "missing-permission"),
        ("POST", &editor, "insufficient-scope"),
        ("PATCH", &editor, "ok 4"),
        ("LINK", &editor, "ok 5"),
        ("QUERY", &editor, "ok 6"),
    ] {
        assert_eq!(outcome(&ask(&authz, method, "ann", Some(who))), expected, "{method}");
    }
}

#[test]
fn mistakes_stand_at_their_places_and_nothing_runs() {
    let cases = [
        ("rules = []", "invalid-value: `routes[0].rules` makes no sense: there is nothing in it"),
        ("rules = {}", "wrong-type: `routes[0].rules` takes an array of tables, and has another type: table"),
        ("rules = [1]", "wrong-type: `routes[0].rules[0]` takes a table, not an integer"),
        (
            "rules = [{ methods = [\"GET\"], permission = \"x\" }]",
            "impossible-rule: nobody can pass `routes[0].rules[0].permission`",
        ),
        (
            "rules = [{ methods = [\"GET\"], anyone = true }, { methods = [\"GET\"], permission = \"p\" }]",
            "unreachable-rule: `routes[0].rules[1]` stops nobody and lets nobody pass",
        ),
        ("rules = [{ methods = [\"GET\"], any = true }]", "unknown key"),
        ("rules = [{ methods = \"GET\", anyone = true }]", "wrong-type: `routes[0].rules[0].methods`"),
        (
            "rules = [{ methods = [\"GET\"], authenticated = true, from = [] }]",
            "invalid-value: `[]` is no value",
        ),
        ("rules = [{ methods = [\"GET\"], permission = 1 }]", "wrong-type: `routes[0].rules[0].permission`"),
    ];
    for (rules, expected) in cases {
        let (read, findings) =
            read(&format!("[roles.r]\npermissions = [\"p\"]\n[[routes]]\npath = \"/\"\n{rules}"));
        assert!(read.is_none(), "{rules}");
        let found = shown(&findings);
        assert!(found.len() == 1 && found[0].contains(expected), "{rules}\n{found:#?}");
    }
    for (role, expected) in [
        ("permissions = []", "invalid-value: `[]` is no value for `roles.r.permissions`"),
        ("permissions = [1]", "wrong-type"),
        ("permission = [\"p\"]", "unknown key `roles.r.permission`"),
        ("permissions = [\"p\"]\nclaims = [\"groups\"]", "wrong-type: `roles.r.claims`"),
        ("permissions = [\"p\"]\nclaims = {}", "invalid-value: `{}` is no value for `roles.r.claims`"),
        ("permissions = [\"p\"]\nclaims = { groups = \"a\" }", "wrong-type: `roles.r.claims.groups`"),
        ("permissions = [\"p\"]\nclaims = { groups = [] }", "`roles.r.claims.groups` makes no sense"),
        ("permissions = [\"p\"]\nincludes = [\"r\"]", "`roles.r.includes[0]` makes no sense"),
    ] {
        let (read, findings) = read(&format!(
            "[roles.r]\n{role}\n[[routes]]\npath = \"/\"\nrules = [{{ methods = [\"GET\"], permission = \"p\" }}]"
        ));
        assert!(read.is_none(), "{role}");
        let found = shown(&findings);
        assert!(found.len() == 1 && found[0].contains(expected), "{role}\n{found:#?}");
    }
}

#[test]
fn policies_are_read_from_their_files() {
    let text = |cedar: &str| {
        format!(
            "[cedar.a]\n{cedar}\n[[routes]]\npath = \"/\"\nrules = [{{ methods = [\"*\"], cedar = \"a\" }}]"
        )
    };
    let (read_, findings) = read(&text("policies = \"policies.cedar\""));
    if cfg!(feature = "cedar") {
        assert_eq!((read_.is_some(), shown(&findings)), (true, Vec::new()));
    } else {
        assert_eq!(read_.map(|_| ()), None);
        let message = "invalid-value: `cedar.a.policies` makes no sense: Cedar is not built in";
        assert_eq!(shown(&findings), [message]);
        assert_eq!(findings[0].help.as_deref(), Some("build with the feature `cedar`, or remove it"));
    }
    for (cedar, expected) in [
        ("policies = \"nowhere\"", "invalid-value: `nowhere` is no value for `cedar.a.policies`"),
        ("policies = \"latin\"", "it is not UTF-8"),
        ("", "missing-key"),
    ] {
        let (read, findings) = read(&text(cedar));
        let found = shown(&findings);
        assert!(read.is_none() && found.len() == 1 && found[0].contains(expected), "{found:?}");
    }
}

fn linted(text: &str, providers: &[ProviderGrants], routes: &[Authentication<'_>]) -> Vec<String> {
    let (read, findings) = read(text);
    assert_eq!(shown(&findings), [""; 0]);
    shown(&lint(&read.unwrap(), providers, routes))
}

fn sign_in() -> ProviderGrants {
    ProviderGrants {
        name: "sign_in".into(),
        scopes: true,
        claims: texts(&["groups"]),
        ..ProviderGrants::default()
    }
}

fn keys(roles: &[&str]) -> ProviderGrants {
    ProviderGrants {
        name: "keys".into(),
        roles: RoleGrants::Named(texts(roles)),
        ..ProviderGrants::default()
    }
}

#[test]
fn what_is_in_order_has_no_finding() {
    let members = [Authentication::Optional("members"), Authentication::None];
    assert_eq!(linted(FILE, &[sign_in(), keys(&["editor"])], &members), [""; 0]);
}

#[test]
fn roles_that_nobody_has_are_found() {
    let file = |role: &str| {
        format!(
            "[roles.r]\npermissions = [\"p\"]\n{role}\n[roles.base]\npermissions = [\"q\"]\n\
             [[routes]]\npath = \"/\"\nrules = [{{ methods = [\"GET\"], permission = \"p\" }}, \
             {{ methods = [\"PUT\"], permission = \"q\" }}]"
        )
    };
    let any = ProviderGrants { roles: RoleGrants::Any, ..sign_in() };
    let required = [Authentication::Required("members")];
    let found = |role: &str, providers: &[ProviderGrants]| {
        let found = linted(&file(role), providers, &required).into_iter();
        found.filter(|it| it.contains("`r`")).collect::<Vec<_>>()
    };
    for (role, provider) in [
        ("", any.clone()),
        ("", keys(&["r"])),
        ("scopes = [\"s\"]", sign_in()),
        ("claims = { groups = [\"a\"] }", sign_in()),
        ("from = [\"keys\"]", keys(&["r"])),
    ] {
        assert_eq!(found(role, &[provider]), [""; 0], "{role}");
    }
    for (role, provider) in [
        ("", sign_in()),
        ("", keys(&["R"])),
        ("scopes = [\"s\"]", keys(&[])),
        ("claims = { groups = [\"a\"], tenant = [\"b\"] }", sign_in()),
        ("from = [\"keys\"]", any.clone()),
    ] {
        assert_eq!(found(role, &[provider]), ["unused-role: nobody can have the role `r`"], "{role}");
    }
    // Over another role it is had.
    let included = linted(&file("includes = [\"base\"]"), &[keys(&["r"])], &required);
    assert_eq!(included, [""; 0]);
    let not_included = linted(&file(""), &[keys(&["r"])], &required);
    assert_eq!(
        not_included,
        [
            "unused-role: nobody can have the role `base`",
            "impossible-rule: nobody can pass `routes[0].rules[1]`"
        ]
    );
    let stranger = linted(&file("from = [\"keys\", \"key\"]"), &[keys(&["r", "base"])], &required);
    assert_eq!(stranger, ["invalid-value: nobody comes from `key`"]);
}

#[test]
fn permissions_and_routes_that_were_forgotten_are_found() {
    let file = "[roles.r]\npermissions = [\"p\", \"q\"]\n\
                [[routes]]\npath = \"/api/a\"\nrules = [{ methods = [\"GET\"], permission = \"p\" }]\n\
                [[routes]]\npath = \"/api/b\"\n[[routes]]\npath = \"/c\"\n[[routes]]\npath = \"/d\"\n";
    let providers = [keys(&["r"])];
    let [members, partners] = [Authentication::Required("members"), Authentication::Required("partners")];
    let none = Authentication::None;
    assert_eq!(
        linted(file, &providers, &[members, none, members, partners]),
        [
            "unused-permission: no rule asks for the permission `q`",
            "route-without-rule: `/api/b` has no rules, and a route beside it has",
            "route-without-rule: `/c` has no rules, and a route beside it has",
        ]
    );
    // What the caller does not tell is not authenticated.
    let untold = linted(file, &providers, &[]);
    assert!(
        untold.contains(&"impossible-rule: nobody can pass `routes[0].rules[0]`".to_owned()),
        "{untold:?}"
    );
}

#[test]
fn anyone_behind_authentication_is_found() {
    let file = "[[routes]]\npath = \"/\"\nrules = [{ methods = [\"GET\"], anyone = true }]";
    let found = |authentication| linted(file, &[], &[authentication]);
    assert_eq!(found(Authentication::None), [""; 0]);
    assert_eq!(found(Authentication::Optional("members")), [""; 0]);
    assert_eq!(
        found(Authentication::Required("members")),
        ["invalid-value: `routes[0].rules[0]` says anyone, and `members` stops who is not known"]
    );
}

proptest! {
    #[test]
    fn no_file_makes_the_reader_panic(
        pieces in proptest::collection::vec((0..FILE.len(), 0..FILE.len(), any::<bool>()), 1..6),
    ) {
        // Lines of the file, moved and lost, so that most of it still is TOML.
        let mut lines: Vec<&str> = FILE.lines().collect();
        for (from, to, lost) in pieces {
            let line = lines[from % lines.len()];
            if lost && lines.len() > 2 {
                lines.remove(to % lines.len());
            } else {
                let to = to % lines.len();
                lines[to] = line;
            }
        }
        let (read, findings) = read(&lines.join("\n"));
        if let Some(read) = &read {
            lint(read, &[sign_in()], &[Authentication::Required("a")]);
        }
        prop_assert!(read.is_some() || !findings.is_empty());
    }

    #[test]
    fn no_value_makes_the_reader_panic(
        key in "permissions|includes|claims|scopes|from|rules|methods|owner|anyone|[a-z]{1,4}",
        value in prop_oneof![
            Just("1".to_owned()), Just("true".into()), Just("[[]]".into()), Just("{}".into()), Just("[{}]".into()),
            Just("[\"\"]".into()), Just("{ a = [\"\\u0000\"] }".into()), "\"[ -!#-\\[\\]-~é]{0,300}\"",
        ],
    ) {
        for text in [
            format!("[roles.r]\n{key} = {value}\n"),
            format!("roles = {value}\n"),
            format!("[[routes]]\npath = \"/\"\n{key} = {value}\n"),
            format!("[[routes]]\npath = \"/\"\nrules = [{{ {key} = {value} }}]\n"),
        ] {
            let (read, findings) = read(&text);
            prop_assert!(read.is_some() || !findings.is_empty(), "{}", text);
        }
    }
}
