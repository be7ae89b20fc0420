//! Words of proxies, gateways and static servers.

use std::fmt::Write as _;

use super::{Grant, quoted};

/// <https://nginx.org/en/docs/http/ngx_http_headers_module.html>; `add_header` is inherited
/// only where a level has none of its own, so both places have them all.
pub(super) fn nginx(grant: &Grant) -> String {
    let add = |indent: &str, fields: Vec<(&'static str, String)>| {
        fields.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "{indent}add_header {name} \"{value}\" always;");
            text
        })
    };
    let mut text = "# in the location; `always` means errors too\n".to_owned();
    if grant.is_preflighted {
        let fields: Vec<_> = grant.fields().into_iter().chain(grant.preflight_fields()).collect();
        let _ = write!(
            text,
            "if ($request_method = OPTIONS) {{\n{}    add_header Vary Origin always;\n    return 204;\n}}\n",
            add("    ", fields)
        );
    }
    let _ = write!(
        text,
        "{}add_header Vary Origin always;\n# an upstream's own: two values are refused\n\
         proxy_hide_header Access-Control-Allow-Origin;\n",
        add("", grant.fields())
    );
    if grant.credentials {
        text.push_str("proxy_hide_header Access-Control-Allow-Credentials;\n");
    }
    text
}

/// <https://httpd.apache.org/docs/2.4/mod/mod_headers.html>
pub(super) fn apache(grant: &Grant) -> String {
    let mut text = "# in the <Directory> or <VirtualHost>; `always` means errors too\n".to_owned();
    for (name, value) in grant.fields().into_iter().chain(grant.preflight_fields()) {
        let _ = writeln!(text, "Header always set {name} \"{value}\"");
        let _ = writeln!(text, "Header onsuccess unset {name}");
    }
    text.push_str("Header always merge Vary Origin\n");
    if grant.is_preflighted {
        text.push_str(
            "RewriteEngine On\nRewriteCond %{REQUEST_METHOD} =OPTIONS\nRewriteRule ^ - [R=204,L]\n",
        );
    }
    text
}

/// <https://caddyserver.com/docs/caddyfile/directives/header>
pub(super) fn caddy(grant: &Grant) -> String {
    let mut text = "# in the site's block; `>` sets what an upstream has set again\nheader {\n".to_owned();
    for (name, value) in grant.fields() {
        let _ = writeln!(text, "    >{name} \"{value}\"");
    }
    text.push_str("    +Vary Origin\n}\n");
    if grant.is_preflighted {
        text.push_str("@preflight method OPTIONS\nhandle @preflight {\n");
        for (name, value) in grant.preflight_fields() {
            let _ = writeln!(text, "    header {name} \"{value}\"");
        }
        text.push_str("    respond 204\n}\n");
    }
    text
}

/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter>
pub(super) fn envoy(grant: &Grant) -> String {
    let mut text = format!(
        "# in the route; the filter envoy.filters.http.cors stands before authentication\n\
         typed_per_filter_config:\n  envoy.filters.http.cors:\n    \
         \"@type\": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy\n    \
         allow_origin_string_match: [{{ exact: \"{}\" }}]\n",
        grant.origin
    );
    for (key, list) in [("allow_methods", &grant.methods), ("allow_headers", &grant.names)] {
        if !list.is_empty() {
            let _ = writeln!(text, "    {key}: \"{}\"", list.join(", "));
        }
    }
    if grant.credentials {
        text.push_str("    allow_credentials: true\n");
    }
    text
}

/// <https://docs.haproxy.org/3.0/configuration.html#4.4-return>
pub(super) fn ha_proxy(grant: &Grant) -> String {
    let mut text = "# in the frontend\n".to_owned();
    if grant.is_preflighted {
        let fields = grant.preflight_fields();
        let fields = fields.iter().map(|(name, value)| format!(" hdr {name} \"{value}\""));
        let _ =
            writeln!(text, "http-request return status 204{} if METH_OPTIONS", fields.collect::<String>());
    }
    for (name, value) in grant.fields() {
        let _ = writeln!(text, "http-after-response set-header {name} \"{value}\"");
    }
    text.push_str("http-after-response add-header Vary Origin\n");
    text
}

/// <https://doc.traefik.io/traefik/middlewares/http/headers/#cors-headers>
pub(super) fn traefik(grant: &Grant) -> String {
    let mut text = format!(
        "# dynamic configuration; first in the router's list of middlewares\nhttp:\n  middlewares:\n    cors:\n      \
         headers:\n        accessControlAllowOriginList: [\"{}\"]\n",
        grant.origin
    );
    for (key, list) in
        [("accessControlAllowMethods", &grant.methods), ("accessControlAllowHeaders", &grant.names)]
    {
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

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html>
pub(super) fn s3(grant: &Grant) -> String {
    let mut text = format!(
        "[{{ \"AllowedOrigins\": [\"{}\"], \"AllowedMethods\": [{}]",
        grant.origin,
        quoted(&grant.methods, '"')
    );
    if !grant.names.is_empty() {
        let _ = write!(text, ", \"AllowedHeaders\": [{}]", quoted(&grant.names, '"'));
    }
    text.push_str(" }]\n");
    text
}

/// `docs/policy-file.md`
pub(super) fn corsac(grant: &Grant) -> String {
    let mut text = format!("[cors.app]\norigins = [\"{}\"]\n", grant.origin);
    // Those that browsers allow anyway are not listed.
    let methods = grant.methods.iter().filter(|method| !matches!(&***method, "GET" | "HEAD" | "POST"));
    let methods: Vec<_> = methods.cloned().collect();
    for (key, list) in [("methods", &methods), ("request_headers", &grant.names)] {
        if !list.is_empty() {
            let _ = writeln!(text, "{key} = [{}]", quoted(list, '"'));
        }
    }
    if grant.credentials {
        text.push_str("credentials = true\n");
    }
    text
}
