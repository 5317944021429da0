//! The endpoints together, what every request passes on its way to them, and the document that describes them.

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Object, Ref, RefOr, ResponseBuilder, SecurityRequirement};
use utoipa::{OpenApi, PartialSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::pages::is_for_people;
use crate::problem::{Problem, ProblemBody, ProblemKind};
use crate::routes::{consents, customers, downloads, erasures, health, jobs, opendsr, own, requests};
use crate::service::Service;
use crate::{door, frame, limits};

const DOCUMENT: &str = "/v1/openapi.json";
const SECURITY: &str = "token";
/// Where answers have the shapes of another specification.
pub(crate) const OPENDSR: &str = "/opendsr/";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vermeil",
        description = "One golden profile per customer. Personal values stand in bodies only, never in addresses.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "customers", description = "Who somebody is"),
        (name = "consents", description = "What people allow and refuse"),
        (name = "opendsr", description = "What other controllers hand over: OpenDSR 2.0"),
        (name = "subjects", description = "What people see and do of their own, without an account"),
        (name = "requests", description = "What data subjects ask for, and what becomes of it"),
        (name = "erasures", description = "Erasing people, and proving it"),
        (name = "service", description = "The service itself")
    )
)]
struct Description;

/// The service, ready for a listener.
pub(crate) fn app(service: Service) -> Router {
    let (endpoints, _) = endpoints().split_for_parts();
    let pages: Router<Service> =
        SwaggerUi::new("/docs").config(Config::from(DOCUMENT).validator_url("none")).into();
    endpoints
        .route_layer(from_fn_with_state(service.clone(), door::admit))
        .merge(pages)
        .fallback(|| async { Problem::new(ProblemKind::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::new(ProblemKind::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(service.limits.body))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(service.clone(), limits::confine))
        .layer(from_fn_with_state(service.clone(), frame::frame))
        .with_state(service)
}

/// What the service answers to, as OpenAPI 3.1.
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = endpoints().split_for_parts();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = document.components.get_or_insert_default();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(own::COOKIE)));
    components.security_schemes.insert("subject".to_owned(), cookie.into());
    components.security_schemes.insert(SECURITY.to_owned(), bearer.into());
    document.security = Some(vec![SecurityRequirement::new(SECURITY, Vec::<String>::new())]);
    let problem = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(RefOr::Ref(problem))).build();
    let response = ResponseBuilder::new()
        .description("What went wrong")
        .content("application/problem+json", content)
        .build();
    let page = ContentBuilder::new().schema(Some(String::schema())).build();
    let page = ResponseBuilder::new().description("What went wrong").content("text/html", page).build();
    let shaped = ContentBuilder::new().schema(Some(Object::new())).build();
    let shaped =
        ResponseBuilder::new().description("What went wrong").content("application/json", shaped).build();
    for (path, item) in &mut document.paths.paths {
        let response = match path.as_str() {
            path if is_for_people(path) => &page,
            path if path.starts_with(OPENDSR) => &shaped,
            _ => &response,
        };
        let operations =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.delete, &mut item.patch, &mut item.head];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(response.clone()));
        }
    }
    document
}

fn endpoints() -> OpenApiRouter<Service> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(health::whoami))
        .routes(routes!(described))
        .routes(routes!(customers::find))
        .routes(routes!(customers::resolve))
        .routes(routes!(customers::explain))
        .routes(routes!(consents::record, consents::list))
        .routes(routes!(consents::withdraw))
        .routes(routes!(consents::query))
        .routes(routes!(consents::check))
        .routes(routes!(erasures::plan))
        .routes(routes!(erasures::open, erasures::list))
        .routes(routes!(erasures::flagged))
        .routes(routes!(erasures::get))
        .routes(routes!(erasures::approve))
        .routes(routes!(erasures::cancel))
        .routes(routes!(erasures::run))
        .routes(routes!(erasures::certificate))
        .routes(routes!(requests::open, requests::list))
        .routes(routes!(requests::get))
        .routes(routes!(requests::verify))
        .routes(routes!(requests::change))
        .routes(routes!(requests::approve))
        .routes(routes!(requests::run))
        .routes(routes!(downloads::issue))
        .routes(routes!(opendsr::discovery))
        .routes(routes!(opendsr::certificate))
        .routes(routes!(opendsr::open))
        .routes(routes!(opendsr::status, opendsr::cancel))
        .routes(routes!(opendsr::open_opengdpr))
        .routes(routes!(opendsr::status_opengdpr, opendsr::cancel_opengdpr))
        .routes(routes!(own::invite))
        .routes(routes!(own::door, own::enter))
        .routes(routes!(own::own))
        .routes(routes!(own::correct))
        .routes(routes!(own::consent))
        .routes(routes!(own::ask))
        .routes(routes!(own::end))
        .routes(routes!(downloads::page, downloads::take))
        .routes(routes!(jobs::list))
}

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "service", security(()),
    responses((status = 200, body = Object)))]
async fn described() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}

/// What panicked is told nowhere: it may quote a value.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::new(ProblemKind::Internal).into_response()
}
