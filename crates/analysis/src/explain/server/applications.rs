//! Words of applications and their frameworks.

use super::{Grant, quoted};

/// Lines, of which those that are not needed are left out.
fn lines(parts: &[(bool, String)]) -> String {
    let needed = parts.iter().filter(|(is_needed, _)| *is_needed);
    needed.fold(String::new(), |text, (_, line)| text + line + "\n")
}

/// <https://expressjs.com/en/resources/middleware/cors.html>
pub(super) fn express(grant: &Grant) -> String {
    lines(&[
        (true, "// before authentication and every route\napp.use(cors({".to_owned()),
        (true, format!("  origin: ['{}'],", grant.origin)),
        (true, format!("  methods: [{}],", quoted(&grant.methods, '\''))),
        (!grant.names.is_empty(), format!("  allowedHeaders: [{}],", quoted(&grant.names, '\''))),
        (grant.credentials, "  credentials: true,".to_owned()),
        (true, "}));".to_owned()),
    ])
}

/// <https://www.starlette.io/middleware/#corsmiddleware>
pub(super) fn fast_api(grant: &Grant) -> String {
    lines(&[
        (true, "# added last, so that it stands around every other middleware".to_owned()),
        (true, "app.add_middleware(\n    CORSMiddleware,".to_owned()),
        (true, format!("    allow_origins=[\"{}\"],", grant.origin)),
        (true, format!("    allow_methods=[{}],", quoted(&grant.methods, '"'))),
        (!grant.names.is_empty(), format!("    allow_headers=[{}],", quoted(&grant.names, '"'))),
        (grant.credentials, "    allow_credentials=True,".to_owned()),
        (true, ")".to_owned()),
    ])
}

/// <https://github.com/adamchainz/django-cors-headers>
pub(super) fn django(grant: &Grant) -> String {
    lines(&[
        (
            true,
            "# settings.py; \"corsheaders.middleware.CorsMiddleware\" stands first in MIDDLEWARE".to_owned(),
        ),
        (true, format!("CORS_ALLOWED_ORIGINS = [\"{}\"]", grant.origin)),
        (true, format!("CORS_ALLOW_METHODS = [{}]", quoted(&grant.methods, '"'))),
        (!grant.names.is_empty(), format!("CORS_ALLOW_HEADERS = [{}]", quoted(&grant.names, '"'))),
        (grant.credentials, "CORS_ALLOW_CREDENTIALS = True".to_owned()),
    ])
}

/// <https://flask-cors.readthedocs.io/>
pub(super) fn flask(grant: &Grant) -> String {
    lines(&[
        (true, "CORS(\n    app,".to_owned()),
        (true, format!("    origins=[\"{}\"],", grant.origin)),
        (true, format!("    methods=[{}],", quoted(&grant.methods, '"'))),
        (!grant.names.is_empty(), format!("    allow_headers=[{}],", quoted(&grant.names, '"'))),
        (grant.credentials, "    supports_credentials=True,".to_owned()),
        (true, ")".to_owned()),
    ])
}

/// <https://docs.spring.io/spring-security/reference/servlet/integrations/cors.html>
pub(super) fn spring(grant: &Grant) -> String {
    lines(&[
        (
            true,
            "// a CorsConfigurationSource bean; with http.cors(withDefaults()) it answers before".to_owned(),
        ),
        (true, "// authentication\nvar cors = new CorsConfiguration();".to_owned()),
        (true, format!("cors.setAllowedOrigins(List.of(\"{}\"));", grant.origin)),
        (true, format!("cors.setAllowedMethods(List.of({}));", quoted(&grant.methods, '"'))),
        (!grant.names.is_empty(), format!("cors.setAllowedHeaders(List.of({}));", quoted(&grant.names, '"'))),
        (grant.credentials, "cors.setAllowCredentials(true);".to_owned()),
    ])
}

/// <https://learn.microsoft.com/aspnet/core/security/cors>
pub(super) fn asp_net(grant: &Grant) -> String {
    lines(&[
        (true, "// app.UseCors() stands between UseRouting and UseAuthentication".to_owned()),
        (true, "builder.Services.AddCors(options => options.AddDefaultPolicy(policy => policy".to_owned()),
        (true, format!("    .WithOrigins(\"{}\")", grant.origin)),
        (true, format!("    .WithMethods({})", quoted(&grant.methods, '"'))),
        (!grant.names.is_empty(), format!("    .WithHeaders({})", quoted(&grant.names, '"'))),
        (grant.credentials, "    .AllowCredentials()".to_owned()),
        (true, "));".to_owned()),
    ])
}

/// <https://docs.rs/tower-http/latest/tower_http/cors/>
pub(super) fn tower_http(grant: &Grant) -> String {
    let methods: Vec<_> =
        grant.methods.iter().map(|method| format!("Method::from_bytes(b\"{method}\")?")).collect();
    let names: Vec<_> =
        grant.names.iter().map(|name| format!("HeaderName::from_static(\"{name}\")")).collect();
    lines(&[
        (true, "// the outermost layer\nCorsLayer::new()".to_owned()),
        (true, format!("    .allow_origin([HeaderValue::from_static(\"{}\")])", grant.origin)),
        (!methods.is_empty(), format!("    .allow_methods([{}])", methods.join(", "))),
        (!names.is_empty(), format!("    .allow_headers([{}])", names.join(", "))),
        (grant.credentials, "    .allow_credentials(true)".to_owned()),
    ])
}
