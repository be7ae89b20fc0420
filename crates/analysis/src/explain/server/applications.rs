//! Words of applications and their frameworks.
//!
//! Those of Django, Express, `FastAPI` and Flask were run as they are: a preflight is answered
//! before the authentication that refuses with 401; 401, 404 and an unhandled 500 carry the
//! fields; listed origins only get theirs, and `Vary: Origin` is there for all.

use super::grant::{Grant, quoted};
use super::proxies::escaped;

/// Lines, of which those that are not needed are left out.
fn lines(head: String, parts: &[(bool, String)]) -> String {
    let needed = parts.iter().filter(|(is_needed, _)| *is_needed);
    needed.fold(head, |text, (_, line)| text + line + "\n")
}

/// `before`, the list in quotes, `after`; left out where the list is empty.
fn listed(before: &str, list: &[String], quote: char, after: &str) -> (bool, String) {
    (!list.is_empty(), format!("{before}{}{after}", quoted(list, quote)))
}

/// Tried with Express 5.3.0 and cors 2.8.6.
/// <https://expressjs.com/en/resources/middleware/cors.html>
pub(super) fn express(grant: &Grant) -> String {
    lines(
        grant.head("//", "before authentication and every route"),
        &[
            (true, "app.use(cors({".to_owned()),
            listed("  origin: [", &grant.origins, '\'', "],"),
            listed("  methods: [", &grant.methods, '\'', "],"),
            listed("  allowedHeaders: [", &grant.names, '\'', "],"),
            listed("  exposedHeaders: [", &grant.exposed, '\'', "],"),
            (grant.credentials, "  credentials: true,".to_owned()),
            (true, "}));".to_owned()),
        ],
    )
}

/// Tried with `FastAPI` 0.165.0, Starlette 1.10.0 and uvicorn 0.54.0. A middleware that is
/// added with `add_middleware` stands within the one that answers unhandled exceptions.
/// <https://www.starlette.io/middleware/#corsmiddleware>
pub(super) fn fast_api(grant: &Grant) -> String {
    let head = grant.head(
        "#",
        "at the end of the module, behind every route: around the whole app, since\n\
         app.add_middleware(CORSMiddleware, …) leaves unhandled errors (500) without the fields",
    );
    lines(
        head,
        &[
            (true, "app = CORSMiddleware(\n    app,".to_owned()),
            listed("    allow_origins=[", &grant.origins, '"', "],"),
            listed("    allow_methods=[", &grant.methods, '"', "],"),
            listed("    allow_headers=[", &grant.names, '"', "],"),
            listed("    expose_headers=[", &grant.exposed, '"', "],"),
            (grant.credentials, "    allow_credentials=True,".to_owned()),
            (true, ")".to_owned()),
        ],
    )
}

/// Tried with Django 5.2.19 and django-cors-headers 4.9.0.
/// <https://github.com/adamchainz/django-cors-headers>
pub(super) fn django(grant: &Grant) -> String {
    let head = grant.head(
        "#",
        "settings.py; \"corsheaders\" stands in INSTALLED_APPS, and first in MIDDLEWARE\n\
         \"corsheaders.middleware.CorsMiddleware\"",
    );
    lines(
        head,
        &[
            listed("CORS_ALLOWED_ORIGINS = [", &grant.origins, '"', "]"),
            listed("CORS_ALLOW_METHODS = [", &grant.methods, '"', "]"),
            listed("CORS_ALLOW_HEADERS = [", &grant.names, '"', "]"),
            listed("CORS_EXPOSE_HEADERS = [", &grant.exposed, '"', "]"),
            (grant.credentials, "CORS_ALLOW_CREDENTIALS = True".to_owned()),
        ],
    )
}

/// Tried with Flask 3.1.3 and Flask-CORS 6.0.5, which adds its fields to a preflight that
/// authentication has refused, sends no `Vary` for one origin alone, names the first origin to
/// those who send none, and takes an origin with brackets for a regular expression.
/// <https://flask-cors.readthedocs.io/>
pub(super) fn flask(grant: &Grant) -> String {
    let origin = |origin: &String| {
        let (before, text) =
            if origin.contains('[') { ("r\"^", escaped(origin) + "$") } else { ("\"", origin.clone()) };
        format!("{before}{text}\"")
    };
    let origins: Vec<_> = grant.origins.iter().map(origin).collect();
    let preflight = "# before every other before_request: authentication would refuse the preflight\n\
                     @app.before_request\ndef preflight():\n    \
                     if request.method == \"OPTIONS\" and \"Access-Control-Request-Method\" in request.headers:\n        \
                     return \"\", 204\n";
    let vary = "@app.after_request\ndef vary_origin(response):\n    response.vary.add(\"Origin\")\n    \
                return response\n\nCORS(\n    app,";
    lines(
        grant.head("#", "where the app is made"),
        &[
            (grant.is_preflighted, preflight.to_owned()),
            (true, vary.to_owned()),
            (true, format!("    origins=[{}],", origins.join(", "))),
            listed("    methods=[", &grant.methods, '"', "],"),
            listed("    allow_headers=[", &grant.names, '"', "],"),
            listed("    expose_headers=[", &grant.exposed, '"', "],"),
            (grant.credentials, "    supports_credentials=True,".to_owned()),
            (true, "    always_send=False,\n)".to_owned()),
        ],
    )
}

/// By its documentation: it refuses actual requests whose method is not listed.
/// <https://docs.spring.io/spring-security/reference/servlet/integrations/cors.html>
pub(super) fn spring(grant: &Grant) -> String {
    let head = grant.head(
        "//",
        "a CorsConfigurationSource bean; with http.cors(withDefaults()) it answers before\nauthentication",
    );
    lines(
        head,
        &[
            (true, "var cors = new CorsConfiguration();".to_owned()),
            listed("cors.setAllowedOrigins(List.of(", &grant.origins, '"', "));"),
            listed("cors.setAllowedMethods(List.of(", &grant.all_methods(), '"', "));"),
            listed("cors.setAllowedHeaders(List.of(", &grant.names, '"', "));"),
            listed("cors.setExposedHeaders(List.of(", &grant.exposed, '"', "));"),
            (grant.credentials, "cors.setAllowCredentials(true);".to_owned()),
        ],
    )
}

/// By its documentation. <https://learn.microsoft.com/aspnet/core/security/cors>
pub(super) fn asp_net(grant: &Grant) -> String {
    lines(
        grant.head("//", "app.UseCors() stands between UseRouting and UseAuthentication"),
        &[
            (
                true,
                "builder.Services.AddCors(options => options.AddDefaultPolicy(policy => policy".to_owned(),
            ),
            listed("    .WithOrigins(", &grant.origins, '"', ")"),
            listed("    .WithMethods(", &grant.methods, '"', ")"),
            listed("    .WithHeaders(", &grant.names, '"', ")"),
            listed("    .WithExposedHeaders(", &grant.exposed, '"', ")"),
            (grant.credentials, "    .AllowCredentials()".to_owned()),
            (true, "));".to_owned()),
        ],
    )
}

/// By its documentation. <https://docs.rs/tower-http/latest/tower_http/cors/>
pub(super) fn tower_http(grant: &Grant) -> String {
    let each = |list: &[String], before: &str, after: &str| -> Vec<String> {
        list.iter().map(|item| format!("{before}\"{item}\"{after}")).collect()
    };
    let call =
        |name: &str, list: Vec<String>| (!list.is_empty(), format!("    .{name}([{}])", list.join(", ")));
    lines(
        grant.head("//", "the outermost layer"),
        &[
            (true, "CorsLayer::new()".to_owned()),
            call("allow_origin", each(&grant.origins, "HeaderValue::from_static(", ")")),
            call("allow_methods", each(&grant.methods, "Method::from_bytes(b", ")?")),
            call("allow_headers", each(&grant.names, "HeaderName::from_static(", ")")),
            call("expose_headers", each(&grant.exposed, "HeaderName::from_static(", ")")),
            (grant.credentials, "    .allow_credentials(true)".to_owned()),
        ],
    )
}
