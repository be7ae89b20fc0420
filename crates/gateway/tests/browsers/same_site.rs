//! Which cookies travel with what, as `docs/csrf.md` has it.

use corsac_oracle::Browser;
use serde_json::{Value, json};

use crate::REFERRER;
use crate::world::{Call, Site, Way, World};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/csrf.md");

/// The cookies, in the order of the table's columns.
const COOKIES: [&str; 5] = ["none", "unsaid", "lax", "hardened", "strict"];

/// The rows: the page that does it, what it does, and its name in the table.
const ROWS: [(Site, &str, &str); 10] = [
    (Site::Attacker, "link", "a link"),
    (Site::Attacker, "form", "a form"),
    (Site::Attacker, "framed", "a form, to a frame"),
    (Site::Attacker, "sandboxed", "a form, in a sandboxed frame"),
    (Site::Attacker, "opaque", "`fetch`"),
    (Site::Attacker, "beacon", "`sendBeacon`"),
    (Site::Attacker, "image", "an image"),
    (Site::Attacker, "socket", "a WebSocket"),
    (Site::Sibling, "form", "a form, on a sibling's page"),
    (Site::Bank, "form", "a form, on a page of your own"),
];

/// Holds the table against `browser`, as it comes: nothing is switched off.
pub(crate) async fn check(browser: &Browser, name: &str) {
    let world = World::start(Way::Tls).await;
    world.visit(browser, &world.url("sign-in", "first"), "first").await;
    world.visit(browser, &world.url("sign-in", "hardened"), "hardened").await;
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut differing = Vec::new();
    for (number, (site, kind, row)) in ROWS.into_iter().enumerate() {
        let id = format!("row-{number}");
        let argument = match kind {
            "link" | "socket" | "image" | "beacon" => Value::Null,
            "opaque" => json!({ "method": "POST", "body": "amount=1000" }),
            _ => json!({}),
        };
        let call = Call::new(&id, kind, world.url("open", &id), argument);
        world.run(browser, site, REFERRER, &[call]).await;
        let reached = world.reached(&id).unwrap();
        let found = COOKIES.map(|cookie| reached.cookies.iter().any(|it| it == cookie));
        let said = said(&page, row, name);
        if said != Some(found) {
            differing.push(format!("{row}: {COOKIES:?} are {found:?}, and the page says {said:?}"));
        }
    }
    assert!(differing.is_empty(), "{name}:\n{}", differing.join("\n"));
}

/// Whether the page says for each cookie that `browser` sends it.
fn said(page: &str, row: &str, browser: &str) -> Option<[bool; COOKIES.len()]> {
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("| {row} |")))?;
    let cells: Vec<bool> = line
        .trim_end_matches('|')
        .split('|')
        .map(|cell| cell.contains(browser) || cell.contains("both"))
        .collect();
    cells.try_into().ok()
}
