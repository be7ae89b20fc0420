//! S3: s3rver 3.7.1, actual requests.
//!
//! It says `*` to all preflights and `Access-Control-Allow-Credentials: true` beside `*`: the
//! first is not compared, the second makes no difference to browsers.

use std::fmt::Write as _;

use corsac_analysis::model::Credentials;

use super::program::{Program, installed};
use super::random::{Random, around};
use super::{Tally, configurations, http, model, scope};

const VERSION: &str = "3.7.1";

/// Rules as XML, and the entries of their origins.
fn rules(random: &mut Random) -> (String, Vec<String>) {
    let mut xml = String::new();
    let mut all = Vec::new();
    for _ in 0..=random.below(3) {
        let entries: Vec<String> = (0..=random.below(2))
            .map(|_| match random.below(8) {
                0 => "*".to_owned(),
                1..4 => random.wildcard(),
                _ => random.origin(),
            })
            .collect();
        let origins = entries.join("</AllowedOrigin><AllowedOrigin>");
        let method = random.pick(&["GET", "GET", "PUT"]);
        write!(
            xml,
            "<CORSRule><AllowedOrigin>{origins}</AllowedOrigin><AllowedMethod>{method}</AllowedMethod></CORSRule>"
        )
        .unwrap();
        all.extend(entries);
    }
    (format!("<CORSConfiguration>{xml}</CORSConfiguration>"), all)
}

#[test]
#[ignore = "starts Node.js"]
fn s3rver_answers_as_the_model_says() {
    let folder = installed("s3rver", VERSION);
    let data = folder.join(format!("data-{}", std::process::id()));
    std::fs::create_dir_all(&data).unwrap();
    let script = folder.join("node_modules/s3rver/bin/s3rver.js");
    let arguments = ["-d", data.to_str().unwrap(), "-a", "127.0.0.1", "-p", "0", "--no-vhost-buckets"];
    let server = Program::start(&script, &arguments, "listening on");
    let mut tally = Tally::default();
    for seed in 0..configurations(40) {
        let (rules, entries) = rules(&mut Random(seed));
        let bucket = format!("bucket-{seed}");
        std::fs::create_dir_all(data.join(&bucket)).unwrap();
        std::fs::write(data.join(&bucket).join("._S3rver_cors.xml"), &rules).unwrap();
        let model = model("s3", "cors.xml", &rules);
        for origin in entries.iter().flat_map(|entry| around(entry)) {
            let fields = [format!("Origin: {origin}")];
            let answer = http::ask(server.port, "GET", &format!("/{bucket}"), &fields, "");
            assert_eq!(answer.status, 200, "{answer:?}");
            for credentials in [Credentials::Omitted, Credentials::Included] {
                let predicted = scope(&model, "GET")
                    .map_or(false.into(), |scope| scope.actual.lets_read(&origin, credentials));
                tally.compare(predicted, &answer, (&origin, credentials), &rules);
            }
        }
    }
    std::fs::remove_dir_all(&data).unwrap();
    println!("s3rver: {tally:?}");
    assert!(tally.admitted > 100 && tally.refused > 100, "{tally:?}");
}
