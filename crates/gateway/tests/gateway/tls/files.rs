//! What certificates and keys must be: each mistake is a finding with a fix.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

use corsac_diagnostics::Severity;

use super::{Authority, DAY, reading, save};

const POLICY: &str = r#"
[gateway.tls]
certificates = [{ chain = "app.pem", key = "app.key" }]
[upstreams.api]
url = "http://127.0.0.1:3000"
[cors.app]
origins = ["https://app.example.com"]
[[routes]]
path = "/api"
upstream = "api"
cors = "app"
"#;

/// Whether a finding is about certificates: the policies here say nothing of `no-hsts`.
fn is_of_files(finding: &corsac_diagnostics::Diagnostic) -> bool {
    finding.severity != Severity::Note
}

/// The findings as text, and whether the policy can run.
fn findings(folder: &Path, policy: &str) -> (Vec<String>, bool) {
    let reading = reading(folder, policy);
    let text = |finding: &corsac_diagnostics::Diagnostic| {
        assert!(finding.help.is_some() && finding.primary.is_some(), "{finding:?}");
        finding.message.clone()
    };
    (
        reading.findings.iter().filter(|finding| is_of_files(finding)).map(text).collect(),
        reading.config.is_some(),
    )
}

#[track_caller]
fn refused(folder: &Path, reason: &str) {
    let (found, runs) = findings(folder, POLICY);
    assert!(!runs && found.len() == 1 && found[0].contains(reason), "{reason}: {found:?}");
}

#[test]
fn a_chain_and_its_key_are_taken_and_every_mistake_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = Authority::new("authority");
    let good = authority.issue(&["app.example"]);
    save(folder, "app", &good);
    assert_eq!(findings(folder, POLICY), (Vec::new(), true));

    let other = authority.issue(&["app.example"]);
    save(folder, "app", &(good.0.clone(), other.1.clone()));
    refused(folder, "not the one of the certificate");
    let now = SystemTime::now();
    save(folder, "app", &authority.issue_for(&["app.example"], now - 2 * DAY, now - DAY));
    refused(folder, "expired on ");
    save(folder, "app", &authority.issue_for(&["app.example"], now + DAY, now + 2 * DAY));
    refused(folder, "not valid before ");
    save(folder, "app", &authority.issue(&[]));
    refused(folder, "no DNS name and no IP address");
    save(folder, "app", &(good.0.clone(), "no key".into()));
    refused(folder, "no private key in PEM");
    let encrypted = good.1.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    save(folder, "app", &(good.0.clone(), encrypted));
    refused(folder, "is encrypted");
    save(folder, "app", &("no certificate".into(), good.1.clone()));
    refused(folder, "no certificate in PEM");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
    save(folder, "app", &(broken, good.1.clone()));
    refused(folder, "cannot be read");
    save(folder, "app", &(" ".repeat((1 << 20) + 1), good.1.clone()));
    refused(folder, "larger than 1024 KiB");
    save(folder, "app", &good);
    fs::remove_file(folder.join("app.key")).unwrap();
    refused(
        folder,
        "`app.key` is no value for `gateway.tls.certificates[0].key`: the file cannot be read: no such file",
    );
    fs::create_dir(folder.join("app.key")).unwrap();
    refused(folder, "it is not a file");
}

#[test]
fn a_key_that_everybody_may_read_is_a_warning_and_one_for_a_group_is_not() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "app", &Authority::new("authority").issue(&["app.example"]));
    let of_mode = |mode| {
        fs::set_permissions(folder.path().join("app.key"), fs::Permissions::from_mode(mode)).unwrap();
        let reading = reading(folder.path(), POLICY);
        assert!(reading.config.is_some());
        let warning = |finding: &corsac_diagnostics::Diagnostic| (finding.rule.id, finding.severity);
        reading.findings.iter().filter(|finding| is_of_files(finding)).map(warning).collect::<Vec<_>>()
    };
    assert_eq!(of_mode(0o640), []);
    assert_eq!(of_mode(0o644), [("exposed-private-key", Severity::Warning)]);
}

#[test]
fn settings_that_make_no_sense_are_findings() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save(folder, "app", &Authority::new("authority").issue(&["app.example"]));
    let with = |line: &str| {
        findings(folder, &POLICY.replace("[upstreams.api]", &format!("{line}\n[upstreams.api]")))
    };
    for fine in [
        "minimum_version = \"1.3\"",
        "redirect_port = 443",
        "strict_transport_security = { max_age = \"365d\", include_subdomains = true, preload = true }",
        "client_certificates = { ca = \"app.pem\", required = false }",
    ] {
        assert_eq!(with(fine), (Vec::new(), true), "{fine}");
    }
    for wrong in [
        "minimum_version = \"1.1\"",
        "redirect_port = 0",
        "strict_transport_security = { max_age = \"365d\", preload = true }",
        "strict_transport_security = { max_age = \"30d\", include_subdomains = true, preload = true }",
        "client_certificates = { required = true }",
        "client_certificates = { ca = \"app.key\" }",
        "client_certificates = { ca = \"none.pem\" }",
        "insecure = true",
    ] {
        let (found, runs) = with(wrong);
        assert!(found.len() == 1 && !runs, "{wrong}: {found:?}");
    }
    let without = POLICY.replace("[gateway.tls]\n", "[gateway]\nredirect_listen = \"127.0.0.1:0\"\n#");
    let (found, runs) = findings(folder, &without.replace("\ncertificates", "\n#"));
    assert!(!runs && found.iter().any(|text| text.contains("has no `tls`")), "{found:?}");
    let (found, runs) =
        findings(folder, &POLICY.replace("[{ chain = \"app.pem\", key = \"app.key\" }]", "[]"));
    assert!(!runs && found.len() == 1, "{found:?}");
}

#[test]
fn an_upstream_over_tls_has_a_switch_against_verification_only_where_it_is_called_dangerous() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save(folder, "app", &Authority::new("authority").issue(&["app.example"]));
    let with = |tls: &str| {
        let policy = POLICY
            .replace("url = \"http://127.0.0.1:3000\"", &format!("url = \"https://127.0.0.1:3000\"\n{tls}"));
        findings(folder, &policy)
    };
    let key = "chain = \"app.pem\", key = \"app.key\"";
    for fine in [
        "tls = { ca = \"app.pem\" }",
        &format!("tls = {{ ca = \"app.pem\", server_name = \"a.example\", {key} }}"),
    ] {
        assert_eq!(with(fine), (Vec::new(), true), "{fine}");
    }
    let (found, runs) = with("tls = { dangerous = { skip_verification = true } }");
    assert!(runs && found.len() == 1 && found[0].contains("skip_verification` is on"), "{found:?}");
    for wrong in [
        "tls = { skip_verification = true, ca = \"app.pem\" }",
        "tls = { ca = \"app.pem\", server_name = \"a.example:443\" }",
        "tls = { ca = \"app.pem\", chain = \"app.pem\" }",
    ] {
        let (found, runs) = with(wrong);
        assert!(found.len() == 1 && !runs, "{wrong}: {found:?}");
    }
    let (found, runs) = findings(folder, &POLICY.replace("3000\"", "3000\"\ntls = { ca = \"app.pem\" }"));
    assert!(!runs && found.len() == 1 && found[0].contains("for an upstream with `https`"), "{found:?}");
}
