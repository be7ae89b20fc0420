//! tower-http's layer with the same policy.

use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::requests::origins;

pub(crate) fn layer(count: usize) -> CorsLayer {
    let list: Vec<HeaderValue> =
        origins(count).into_iter().filter_map(|origin| origin.try_into().ok()).collect();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(list))
        .allow_methods([Method::PUT])
        .allow_headers([http::header::AUTHORIZATION, http::header::CONTENT_TYPE])
        .expose_headers([HeaderName::from_static("x-request-id")])
        .allow_credentials(true)
}
