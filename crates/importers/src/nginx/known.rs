//! Directives that cannot change a response's CORS fields, and files that hold none.

/// Names of files that come with nginx and hold types and parameters only.
const STOCK_INCLUDES: &[&str] = &[
    "fastcgi.conf",
    "fastcgi_params",
    "koi-utf",
    "koi-win",
    "mime.types",
    "options-ssl-nginx.conf",
    "proxy_params",
    "scgi_params",
    "uwsgi_params",
    "win-utf",
];

/// Beginnings of the names of harmless directives.
const HARMLESS_FAMILIES: &[&str] = &[
    "access_log",
    "acme_",
    "aio",
    "auth_",
    "balancer_by_lua",
    "body_filter_by_lua",
    "autoindex",
    "brotli",
    "charset",
    "client_",
    "connection_pool",
    "directio",
    "error_log",
    "fancyindex",
    "fastcgi_",
    "geoip",
    "grpc_",
    "gunzip",
    "gzip",
    "hash_",
    "http2",
    "http3",
    "image_filter",
    "init_by_lua",
    "init_worker_by_lua",
    "js_",
    "keepalive_",
    "limit_",
    "lingering_",
    "log_",
    "lua_",
    "map_hash_",
    "memcached_",
    "mirror",
    "modsecurity",
    "more_",
    "mp4",
    "msie_",
    "open_file_cache",
    "opentelemetry",
    "opentracing",
    "otel_",
    "passenger_",
    "perl_",
    "proxy_",
    "quic_",
    "real_ip_",
    "resolver",
    "scgi_",
    "secure_link",
    "send_",
    "sendfile",
    "server_name",
    "ssi",
    "ssl_",
    "sub_filter",
    "subs_filter",
    "tcp_",
    "types",
    "userid",
    "uwsgi_",
    "variables_hash_",
    "vhost_traffic_status",
    "worker_",
    "xslt_",
    "zstd",
];

/// Names of harmless directives.
const HARMLESS: &[&str] = &[
    "absolute_redirect",
    "add_after_body",
    "add_before_body",
    "add_trailer",
    "addition_types",
    "alias",
    "chunked_transfer_encoding",
    "daemon",
    "dav_access",
    "dav_methods",
    "create_full_put_path",
    "default_type",
    "delay",
    "disable_symlinks",
    "env",
    "etag",
    "events",
    "expires",
    "fs",
    "geo",
    "if_modified_since",
    "ignore_invalid_headers",
    "index",
    "internal",
    "keyval",
    "keyval_zone",
    "large_client_header_buffers",
    "listen",
    "load_module",
    "lock_file",
    "mail",
    "master_process",
    "max_ranges",
    "merge_slashes",
    "min_delete_depth",
    "multi_accept",
    "output_buffers",
    "override_charset",
    "pcre_jit",
    "pid",
    "port_in_redirect",
    "post_action",
    "postpone_output",
    "random_index",
    "read_ahead",
    "recursive_error_pages",
    "request_pool_size",
    "reset_timedout_connection",
    "rewrite_log",
    "root",
    "server_tokens",
    "set_real_ip_from",
    "slice",
    "split_clients",
    "status_zone",
    "stream",
    "subrequest_output_buffer_size",
    "thread_pool",
    "timer_resolution",
    "try_files",
    "underscores_in_headers",
    "uninitialized_variable_warn",
    "upstream",
    "use",
    "user",
    "valid_referers",
    "zone",
];

/// Whether a file of this path holds nothing that matters here.
pub(super) fn is_stock_include(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    STOCK_INCLUDES.contains(&name) || path.contains("modules-enabled/")
}

/// Whether a directive that no reader takes cannot change who may read.
pub(super) fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name) || HARMLESS_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Whether a directive runs code that may change a response's fields.
pub(super) fn is_code(name: &str) -> bool {
    let phase = name
        .strip_suffix("_by_lua")
        .or_else(|| name.strip_suffix("_by_lua_block").or_else(|| name.strip_suffix("_by_lua_file")));
    match phase {
        Some(phase) => matches!(phase, "access" | "header_filter" | "rewrite" | "server_rewrite"),
        None => name == "js_header_filter",
    }
}

/// Whether a directive makes something else answer, and what.
pub(super) fn handler(name: &str) -> Option<Handler> {
    match name {
        "fastcgi_pass" | "grpc_pass" | "passenger_enabled" | "proxy_pass" | "scgi_pass" | "uwsgi_pass" => {
            Some(Handler::Upstream)
        }
        "content_by_lua"
        | "content_by_lua_block"
        | "content_by_lua_file"
        | "dav_ext_methods"
        | "js_content"
        | "perl" => Some(Handler::Code),
        "api" | "empty_gif" | "flv" | "memcached_pass" | "mp4" | "stub_status" => Some(Handler::Server),
        _ => None,
    }
}

/// What makes the content of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handler {
    /// Code inside of nginx, which may send any field.
    Code,
    /// nginx itself, which refuses `OPTIONS`.
    Server,
    /// Another program, which may send any field.
    Upstream,
}
