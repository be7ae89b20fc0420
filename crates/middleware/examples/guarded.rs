//! An axum application behind all guards, by the same policy file as the gateway would
//! take: `crates/middleware/examples/policy.toml`. Its two API keys are made for this example; they open nothing else.
//!
//! ```sh
//! cargo run -p corsac-middleware --example guarded
//! READER=corsac_675f0fbec33a7571_7a286d581e777e5bec2341315f84c3bddc039263ee98af6814bffd35782016bb_9c849611
//! EDITOR=corsac_b4ab1c0f83f75310_569675d8b89410b3d11c54f5f8a37c62b8c3f30ce8df4067c95cf9d192c26af7_cabc2b52
//! API=http://127.0.0.1:3000
//! APP='Origin: https://app.example.com'
//! JSON='Content-Type: application/json'
//! # Who may read: a page of app.example.com may, another one may not.
//! curl -i -H "$APP" -H "X-API-Key: $READER" $API/items/7
//! curl -i -H 'Origin: https://evil.example' -H "X-API-Key: $READER" $API/items/7
//! # A preflight, and one for a method that is not listed: 204, 403.
//! curl -i -X OPTIONS -H "$APP" -H 'Access-Control-Request-Method: PUT' $API/items/7
//! curl -i -X OPTIONS -H "$APP" -H 'Access-Control-Request-Method: PATCH' $API/items/7
//! # Who it is: 401. Whether they may: 403 for the reader.
//! curl -i -H "$APP" $API/items/7
//! curl -i -X PUT -H "X-API-Key: $READER" -H "$JSON" -d '{"name":"cup"}' $API/items/7
//! # What it may carry: 415, 422, and then 200.
//! curl -i -X PUT -H "X-API-Key: $EDITOR" -H 'Content-Type: text/plain' -d 'cup' $API/items/7
//! curl -i -X PUT -H "X-API-Key: $EDITOR" -H "$JSON" -d '{"name":7}' $API/items/7
//! curl -i -X PUT -H "X-API-Key: $EDITOR" -H "$JSON" -d '{"name":"cup"}' $API/items/7
//! # Whether a page meant it: 403 for a foreign page's form that comes with a cookie.
//! curl -i -X POST -H 'Cookie: sid=1' -H 'Sec-Fetch-Site: cross-site' -H 'Origin: https://evil.example' $API/sign-in
//! # How often: the fourth sign-in of a minute is 429.
//! for n in 1 2 3 4; do curl -si -X POST $API/sign-in | head -1; done
//! # What two programs would read differently: 400.
//! curl -i --path-as-is $API/public/../items/7
//! ```
#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Path};
use axum::routing::{get, post};
use axum::{Extension, Router};
use corsac_credentials::Principal;
use corsac_diagnostics::{Severity, Source};
use corsac_middleware::authn::read_file;
use corsac_middleware::authz::Permit;
use corsac_middleware::stack::{OnTokio, Stack, StackLayer, World, file};
use corsac_origin::PublicSuffixList;
use tower_layer::Layer;

/// Takes the permit that only the route's rules give: behind another stack, or none, axum
/// answers 500 in its place.
async fn read(Path(id): Path<u64>, Extension(permit): Extension<Arc<Permit>>) -> String {
    format!("item {id}, by {permit}\n")
}

async fn write(Path(id): Path<u64>, caller: Extension<Arc<Principal>>, _: Extension<Arc<Permit>>) -> String {
    format!("item {id} saved by {}\n", caller.subject())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policy.toml");
    let text = std::fs::read_to_string(name)?;
    let reading = file::read(Source::new(name, text), None, PublicSuffixList::embedded());
    let errors = reading.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let errors: Vec<_> = errors.map(|finding| finding.message.as_str()).collect();
    let Some(config) = reading.config else { return Err(errors.join("\n").into()) };
    let world = World { read: &read_file, outside: Arc::new(OnTokio::here()) };
    let stack = Stack::compile(&config, &world).map_err(|errors| format!("{errors:?}"))?;
    let layer = StackLayer::new(stack)
        .peer_by(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()));
    tokio::spawn(layer.keep_fresh());
    let app = Router::new()
        .route("/items/{id}", get(read).put(write))
        .route("/sign-in", post(|| async { "welcome\n" }))
        .route("/public/{*rest}", get(|| async { "for everybody\n" }));
    // Around the router, which is to route by the path that the guards have seen; the outer
    // one has no routes.
    let guarded = Router::new().fallback_service(layer.layer(app));
    let service = guarded.into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, service).await?;
    Ok(())
}
