//! Words of proxies, gateways and static servers.
//!
//! Those of Apache, Caddy, `HAProxy` and nginx were run as they are, in front of an upstream
//! with CORS fields of its own, with Basic authentication, and with an upstream that is down:
//! a preflight gets 204 before authentication, 401, 404, 500 and 502 or 503 carry one
//! `Access-Control-Allow-Origin` and `Vary: Origin`, and origins that are not listed carry
//! none, nor do the nearest others (`https://app.example.com.evil.test`, `https://appXexample.com`).

use std::fmt::Write as _;

use super::super::fix::is_insecure;
use super::grant::{Grant, quoted};

/// Tried with nginx 1.22.1. <https://nginx.org/en/docs/http/ngx_http_headers_module.html>;
/// `add_header` is inherited only where a level has none of its own, so both places have them
/// all, and an empty value is not sent.
pub(super) fn nginx(grant: &Grant) -> String {
    let mut text = grant.head("#", "in http { }");
    text.push_str("map $http_origin $cors_origin {\n");
    for origin in &grant.origins {
        let _ = writeln!(text, "    \"{origin}\" \"{origin}\";");
    }
    text.push_str("}\n");
    let mut fields = vec![("Access-Control-Allow-Origin", "$cors_origin".to_owned())];
    if grant.credentials {
        text.push_str("map $cors_origin $cors_credentials {\n    \"\" \"\";\n    default \"true\";\n}\n");
        fields.push(("Access-Control-Allow-Credentials", "$cors_credentials".to_owned()));
    }
    let add = |indent: &str, fields: &[(&'static str, String)]| {
        let vary = ("Vary", "Origin".to_owned());
        fields.iter().chain([&vary]).fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "{indent}add_header {name} \"{value}\" always;");
            text
        })
    };
    let everywhere = add("", &fields);
    if grant.is_preflighted {
        text.push_str(
            "map \"$request_method $http_access_control_request_method\" $cors_preflight {\n    \
             \"~^OPTIONS .\" 1;\n}\n",
        );
    }
    text.push_str("# in the location; `always` means errors too\n");
    if grant.is_preflighted {
        fields.extend(grant.preflight_fields());
        let _ = write!(text, "if ($cors_preflight) {{\n{}    return 204;\n}}\n", add("    ", &fields));
    }
    text.push_str(&everywhere);
    text.push_str(
        "# an upstream's own: two values are refused\n\
         proxy_hide_header Access-Control-Allow-Origin;\nproxy_hide_header Access-Control-Allow-Credentials;\n",
    );
    text
}

/// Tried with Apache 2.4.71. In a directory's context `mod_rewrite` runs behind
/// authentication. <https://httpd.apache.org/docs/2.4/mod/mod_headers.html>,
/// <https://httpd.apache.org/docs/2.4/mod/mod_setenvif.html>
pub(super) fn apache(grant: &Grant) -> String {
    let place = "in the <VirtualHost>, in no <Directory>; with mod_headers, mod_rewrite and mod_setenvif";
    let mut text = grant.head("#", place);
    let origins: Vec<_> = grant.origins.iter().map(|origin| escaped(origin)).collect();
    let _ = writeln!(text, "SetEnvIf Origin \"^({})$\" CORS_ORIGIN=$1", origins.join("|"));
    let mut set = |name: &str, value: Option<&str>, condition: &str| {
        // Of an upstream and of Apache itself: they are two tables.
        let _ = writeln!(text, "Header onsuccess unset {name}\nHeader always unset {name}");
        if let Some(value) = value {
            let _ = writeln!(text, "Header always set {name} \"{value}\"{condition}");
        }
    };
    let condition = " env=CORS_ORIGIN";
    set("Access-Control-Allow-Origin", Some("%{CORS_ORIGIN}e"), condition);
    set("Access-Control-Allow-Credentials", grant.credentials.then_some("true"), condition);
    for (name, value) in grant.preflight_fields() {
        set(name, Some(&value), "");
    }
    text.push_str("Header always merge Vary Origin\n");
    if grant.is_preflighted {
        text.push_str(
            "RewriteEngine On\nRewriteCond %{REQUEST_METHOD} =OPTIONS\n\
             RewriteCond %{HTTP:Access-Control-Request-Method} .\nRewriteRule ^ - [R=204,L]\n",
        );
    }
    text
}

/// A regular expression for this text and no other.
pub(super) fn escaped(text: &str) -> String {
    let is_own = |char: char| char.is_ascii_alphanumeric() || matches!(char, ':' | '/' | '-' | '_');
    text.chars().fold(String::new(), |mut text, char| {
        text.extend((!is_own(char)).then_some('\\').into_iter().chain([char]));
        text
    })
}

/// Tried with Caddy 2.6.2, which sorts directives unless they stand in `route`, and writes
/// its errors where no `header` of the site reaches. The deferred deletion stands inside the
/// deferred setting, so it is done first.
/// <https://caddyserver.com/docs/caddyfile/directives/header>,
/// <https://caddyserver.com/docs/caddyfile/directives/route>
pub(super) fn caddy(grant: &Grant) -> String {
    let mut text = grant.head("#", "outside the site's block");
    text.push_str("(cors) {\n    @cors {\n");
    for origin in &grant.origins {
        let _ = writeln!(text, "        header Origin {origin}");
    }
    text.push_str(
        "    }\n    header Vary Origin\n    header @cors {\n        \
         Access-Control-Allow-Origin {http.request.header.Origin}\n",
    );
    if grant.credentials {
        text.push_str("        Access-Control-Allow-Credentials true\n");
    }
    text.push_str(
        "        defer\n    }\n}\n# in the site's block\nhandle_errors {\n    import cors\n}\nroute {\n    import cors\n    \
         header {\n        -Access-Control-Allow-Origin\n        -Access-Control-Allow-Credentials\n        \
         defer\n    }\n",
    );
    if grant.is_preflighted {
        text.push_str("    @preflight {\n        method OPTIONS\n        header Access-Control-Request-Method *\n    }\n");
        text.push_str("    header @preflight {\n");
        for (name, value) in grant.preflight_fields() {
            let _ = writeln!(text, "        {name} \"{value}\"");
        }
        text.push_str("    }\n    respond @preflight 204\n");
    }
    text.push_str("    # here all that stood in the site's block, authentication too\n}\n");
    text
}

/// By its documentation: the filter answers preflights itself and takes an upstream's fields
/// away, and does not send `Vary`.
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter>
pub(super) fn envoy(grant: &Grant) -> String {
    let mut text =
        grant.head("#", "in the route; the filter envoy.filters.http.cors stands before authentication");
    let origins: Vec<_> = grant.origins.iter().map(|origin| format!("{{ exact: \"{origin}\" }}")).collect();
    let _ = write!(
        text,
        "response_headers_to_add:\n  - header: {{ key: Vary, value: Origin }}\n    \
         append_action: APPEND_IF_EXISTS_OR_ADD\n\
         typed_per_filter_config:\n  envoy.filters.http.cors:\n    \
         \"@type\": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy\n    \
         allow_origin_string_match: [{}]\n",
        origins.join(", ")
    );
    for (key, list) in [
        ("allow_methods", &grant.methods),
        ("allow_headers", &grant.names),
        ("expose_headers", &grant.exposed),
    ] {
        if !list.is_empty() {
            let _ = writeln!(text, "    {key}: \"{}\"", list.join(", "));
        }
    }
    if grant.credentials {
        text.push_str("    allow_credentials: true\n");
    }
    text
}

/// Tried with `HAProxy` 2.6.12. Rules of responses see no field of the request, but variables.
/// <https://docs.haproxy.org/3.0/configuration.html#4.4-return>
pub(super) fn ha_proxy(grant: &Grant) -> String {
    let mut text = grant.head("#", "in the frontend, before authentication");
    let origins: Vec<_> = grant.origins.iter().map(|origin| format!("\"{origin}\"")).collect();
    let _ = writeln!(
        text,
        "http-request set-var(txn.cors_origin) req.fhdr(origin) if {{ req.fhdr(origin) -m str {} }}",
        origins.join(" ")
    );
    if grant.is_preflighted {
        let fields = grant.preflight_fields();
        let fields = fields.iter().map(|(name, value)| format!(" hdr {name} \"{value}\""));
        let _ = writeln!(
            text,
            "http-request return status 204{} if METH_OPTIONS {{ req.fhdr(access-control-request-method) -m found }}",
            fields.collect::<String>()
        );
    }
    let mut set = |name: &str, value: Option<&str>| {
        let _ = writeln!(text, "http-after-response del-header {name}");
        if let Some(value) = value {
            let _ = writeln!(
                text,
                "http-after-response set-header {name} \"{value}\" if {{ var(txn.cors_origin) -m found }}"
            );
        }
    };
    set("Access-Control-Allow-Origin", Some("%[var(txn.cors_origin)]"));
    set("Access-Control-Allow-Credentials", grant.credentials.then_some("true"));
    text.push_str("http-after-response add-header Vary Origin\n");
    text
}

/// By its documentation. <https://doc.traefik.io/traefik/middlewares/http/headers/#cors-headers>
pub(super) fn traefik(grant: &Grant) -> String {
    let mut text = grant.head("#", "dynamic configuration; first in the router's list of middlewares");
    text.push_str("http:\n  middlewares:\n    cors:\n      headers:\n");
    for (key, list) in [
        ("accessControlAllowOriginList", &grant.origins),
        ("accessControlAllowMethods", &grant.methods),
        ("accessControlAllowHeaders", &grant.names),
        ("accessControlExposeHeaders", &grant.exposed),
    ] {
        if !list.is_empty() {
            let _ = writeln!(text, "        {key}: [{}]", quoted(list, '"'));
        }
    }
    if grant.credentials {
        text.push_str("        accessControlAllowCredentials: true\n");
    }
    text.push_str("        addVaryHeader: true\n");
    text
}

/// By its documentation: a rule must list the method of the actual request too.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html>
pub(super) fn s3(grant: &Grant) -> String {
    let mut text = "add this rule to the list of the bucket's CORS configuration:\n".to_owned();
    for other in grant.others() {
        let _ = writeln!(text, "({other})");
    }
    let _ = write!(
        text,
        "{{ \"AllowedOrigins\": [{}], \"AllowedMethods\": [{}]",
        quoted(&grant.origins, '"'),
        quoted(&grant.all_methods(), '"')
    );
    for (key, list) in [("AllowedHeaders", &grant.names), ("ExposeHeaders", &grant.exposed)] {
        if !list.is_empty() {
            let _ = write!(text, ", \"{key}\": [{}]", quoted(list, '"'));
        }
    }
    text.push_str(" }\n");
    text
}

/// `docs/policy-file.md`
pub(super) fn corsac(grant: &Grant) -> String {
    let mut text = grant.head("#", "a policy of the policy file");
    let _ = writeln!(text, "[cors.app]\norigins = [{}]", quoted(&grant.origins, '"'));
    // Those that browsers allow anyway are not listed.
    let methods = grant.methods.iter().filter(|method| !matches!(&***method, "GET" | "HEAD" | "POST"));
    let methods: Vec<_> = methods.cloned().collect();
    for (key, list) in
        [("methods", &methods), ("request_headers", &grant.names), ("exposed_headers", &grant.exposed)]
    {
        if !list.is_empty() {
            let _ = writeln!(text, "{key} = [{}]", quoted(list, '"'));
        }
    }
    if grant.credentials {
        text.push_str("credentials = true\n");
        if grant.origins.iter().any(|origin| is_insecure(origin)) {
            text.push_str(
                "[cors.app.dangerous]\n\
                 # whoever is on the network path to a page over http: can use the user's credentials\n\
                 insecure_origins = true\n",
            );
        }
    }
    text
}
