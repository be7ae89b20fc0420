//! Azure Storage: Azurite 3.37.0.
//!
//! Where it is known to differ from the documentation, nothing is generated: after an entry
//! with `*` it looks at no other of the rule. Upper case, where it and the page differ, is
//! opaque in the model.

use std::fmt::Write as _;

use corsac_analysis::model::{Credentials, Preflight};

use super::program::{Program, installed};
use super::random::{Random, around};
use super::{Tally, configurations, http, model, scope};

const VERSION: &str = "3.37.0";

/// A signature of the emulator's published account, for which no secret is one.
const SIGNATURE: &str = "sv=2020-04-08&ss=b&srt=sco&sp=rwdlacup&se=2099-01-01T00%3A00%3A00Z\
    &sig=sapby8IWpRw%2BjwerMlwHaK2kY9jb5Q3pb9qs%2FWsVmkc%3D";

/// Rules as XML, and the entries of their origins.
fn rules(random: &mut Random) -> (String, Vec<String>) {
    let mut xml = String::new();
    let mut all = Vec::new();
    for _ in 0..=random.below(3) {
        let mut entries: Vec<String> = (0..=random.below(2)).map(|_| random.origin()).collect();
        if random.one_in(4) {
            entries.push(random.wildcard());
        }
        if random.one_in(6) {
            entries = vec!["*".to_owned()];
        }
        if random.one_in(12) {
            entries.retain(|entry| !entry.contains('*'));
            entries.push("*".to_owned());
        }
        let methods = random.pick(&["GET", "PUT", "GET,PUT", "GET, PUT,DELETE"]);
        write!(
            xml,
            "<CorsRule><AllowedOrigins>{}</AllowedOrigins><AllowedMethods>{methods}</AllowedMethods>\
             <MaxAgeInSeconds>5</MaxAgeInSeconds><ExposedHeaders></ExposedHeaders><AllowedHeaders></AllowedHeaders></CorsRule>",
            entries.join(random.pick(&[",", ", "])),
        )
        .unwrap();
        all.extend(entries);
    }
    (format!("<StorageServiceProperties><Cors>{xml}</Cors></StorageServiceProperties>"), all)
}

#[test]
#[ignore = "starts Node.js"]
fn azurite_answers_as_the_model_says() {
    let folder = installed("azurite", VERSION);
    let script = folder.join("node_modules/azurite/dist/src/blob/main.js");
    let arguments = "--blobHost 127.0.0.1 --blobPort 0 --inMemoryPersistence --silent --disableTelemetry";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let azurite = Program::start(&script, &arguments, "successfully listens");
    let path = format!("/devstoreaccount1?restype=service&comp=properties&{SIGNATURE}");
    let mut tally = Tally::default();
    for seed in 0..configurations(25) {
        let (rules, mut entries) = rules(&mut Random(seed));
        let set =
            http::ask(azurite.port, "PUT", &path, &["Content-Type: application/xml".to_owned()], &rules);
        assert_eq!(set.status, 202, "{rules}\n{set:?}");
        let model = model("azure", "cors.xml", &rules);
        entries.dedup();
        for origin in entries.iter().flat_map(|entry| around(entry)) {
            compare(azurite.port, &path, &origin, (&model, &rules), &mut tally);
        }
    }
    println!("Azurite: {tally:?}");
    assert!(tally.admitted > 100 && tally.refused > 100, "{tally:?}");
}

/// Asks for the rules themselves, and in advance.
fn compare(port: u16, path: &str, origin: &str, (model, rules): (&super::Model, &str), tally: &mut Tally) {
    let fields = |more: &[&str]| {
        let all = [
            &[format!("Origin: {origin}")],
            &more.iter().map(|&field| field.to_owned()).collect::<Vec<_>>()[..],
        ];
        all.concat()
    };
    let actual = http::ask(port, "GET", path, &fields(&[]), "");
    assert_eq!(actual.status, 200);
    let asked =
        http::ask(port, "OPTIONS", "/devstoreaccount1", &fields(&["Access-Control-Request-Method: PUT"]), "");
    for credentials in [Credentials::Omitted, Credentials::Included] {
        let get =
            scope(model, "GET").map_or(false.into(), |scope| scope.actual.lets_read(origin, credentials));
        tally.compare(get, &actual, (origin, credentials), rules);
        let put = scope(model, "PUT").map_or(false.into(), |scope| match &scope.preflight {
            Preflight::Answered(answer) => answer.lets_read(origin, credentials),
            other => panic!("{other:?}"),
        });
        tally.compare(put, &asked, (origin, credentials), rules);
    }
}
