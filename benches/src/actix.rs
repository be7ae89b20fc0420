//! actix-cors with the same policy, in its own framework's types.

use std::cell::RefCell;

use actix_cors::Cors;
use actix_service::{Service, Transform, fn_service};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{HttpResponse, test::TestRequest};
use futures_util::FutureExt;

use crate::measure::Case;
use crate::requests::{Head, origins};

/// Measures one head through actix-cors, or through the bare service.
pub(crate) fn case(count: usize, head: &Head, with_cors: bool) -> Option<Case<'static, ServiceRequest>> {
    let inner = fn_service(|request: ServiceRequest| {
        std::future::ready(Ok::<_, actix_web::Error>(request.into_response(HttpResponse::Ok().finish())))
    });
    let head = head.clone();
    let prepare = move || {
        let mut request = TestRequest::default().method(convert(head.method.as_str()));
        for (name, value) in &head.headers {
            request = request.append_header((name.as_str(), value.as_bytes()));
        }
        request.to_srv_request()
    };
    if !with_cors {
        return Some(Case::new(prepare, move |request| drop(run(inner.call(request)))));
    }
    let mut cors = Cors::default()
        .allowed_methods(["GET", "PUT"])
        .allowed_headers(["authorization", "content-type"])
        .expose_headers(["x-request-id"])
        .supports_credentials();
    for origin in origins(count) {
        cors = cors.allowed_origin(&origin);
    }
    let service = RefCell::new(cors.new_transform(inner).now_or_never()?.ok()?);
    Some(Case::new(prepare, move |request| drop(run(service.borrow().call(request)))))
}

fn run<B>(
    future: impl Future<Output = Result<ServiceResponse<B>, actix_web::Error>>,
) -> Option<Result<ServiceResponse<B>, actix_web::Error>> {
    std::hint::black_box(future.now_or_never())
}

fn convert(method: &str) -> actix_web::http::Method {
    method.parse().unwrap_or_default()
}
