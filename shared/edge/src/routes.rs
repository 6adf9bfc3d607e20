//! The table of routes, written once. [`table!`] makes three things of it: the description of the routes
//! (for docs/openapi.json and the tests that compare), their [demands](super::demands) for the same
//! readers, and the router that serves them. The router asks the handlers' annotations for path and
//! method only, because describing every type is an eighth of a function's cold start, and nobody reads
//! it there.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter};
use utoipa::Path;
use utoipa::openapi::HttpMethod;

/// Adds one handler at the path and under the methods of its annotation.
pub fn add<P, H, T, S>(router: Router<S>, handler: &H) -> Router<S>
where
    P: Path,
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let methods = P::methods()
        .into_iter()
        .fold(MethodRouter::new(), |route, method| route.on(filter(&method), handler.clone()));
    router.route(&P::path(), methods)
}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}

/// Makes `api()`, the described routes, `demands()`, and `served()`, the router, of one list of handlers,
/// each with the type that `utoipa::path` has made beside it. In brackets stand the refusals of a route
/// that the types of its parameters do not tell.
#[macro_export]
macro_rules! table {
    ($state:ty: $( $($room:ident)::+ => $handler:ident, $described:ident
        $([$($refusal:ident),+])?; )+) => {
        /// The routes with their descriptions.
        #[must_use]
        pub fn api() -> ::utoipa_axum::router::OpenApiRouter<$state> {
            ::utoipa_axum::router::OpenApiRouter::new()
                $( .routes(::utoipa_axum::routes!($($room)::+::$handler)) )+
        }

        /// The demands of the routes.
        #[must_use]
        pub fn demands() -> Vec<$crate::demands::Route> {
            vec![ $(
                $crate::demands::of::<$($room)::+::$described, $state, _, _>(
                    env!("CARGO_PKG_NAME"),
                    &$($room)::+::$handler,
                    &[$($($crate::demands::Code::$refusal),+)?],
                )
            ),+ ]
        }

        fn served() -> ::axum::Router<$state> {
            let router = ::axum::Router::new();
            $(
                let router = $crate::routes::add::<$($room)::+::$described, _, _, _>(
                    router,
                    &$($room)::+::$handler,
                );
            )+
            router
        }
    };
}
