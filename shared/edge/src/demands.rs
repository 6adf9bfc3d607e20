//! Demands of a route on its callers, and the refusals that follow from them. Both are read from the
//! types of the handler's parameters: a handler that takes `SteppedUp<Admin>` is described as one that an
//! admin calls after a step-up, and by nothing else. Only the tests and docs/openapi.json use this; no
//! function calls it.

use std::sync::Arc;

use axum::extract::{Path as RawPath, RawQuery, State};
use axum::handler::Handler;
use http::HeaderMap;
use utoipa::Path;
use utoipa::openapi::HttpMethod;

pub use values::problem::Code;

/// A kind of bearer token, by its name among the security schemes of docs/openapi.json.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A visitor's.
    Visitor,
    /// An access token of the staff.
    Staff,
    /// The same, issued after a second factor was shown in the last five minutes.
    SteppedUp,
    /// The token that an accepted invitation gives.
    Enrolment,
}

impl Token {
    /// The name of the scheme.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Staff => "staff",
            Self::SteppedUp => "staff_stepped_up",
            Self::Enrolment => "enrolment",
        }
    }
}

/// Demands of one route. Empty for one that everybody may call and that stores nothing.
#[derive(Debug, Default)]
pub struct Demands {
    /// The tokens of which one is needed, each with the role that it must have.
    pub tokens: Vec<(Token, Option<&'static str>)>,
    /// Whether a request and its response may be sealed.
    pub sealable: bool,
    /// Whether an idempotency key is needed.
    pub idempotent: bool,
    /// The refusals, in no order.
    pub refusals: Vec<Code>,
}

/// A route with its demands.
#[derive(Debug)]
pub struct Route {
    /// The crate of the function.
    pub function: &'static str,
    /// The method, in lower case.
    pub method: &'static str,
    /// The path, with its parameters.
    pub path: String,
    /// The demands.
    pub demands: Demands,
}

/// Something that a handler takes.
pub trait Demanding {
    /// Adds its demands.
    fn add_to(demands: &mut Demands);
}

/// The parts of a function. The default refusals are those of a function that stores something.
pub trait Backing {
    /// The refusals of a function whose storage does not do as it should.
    const REFUSALS: &'static [Code] = &[Code::IntegrityFailed, Code::OtherVersion];
}

/// Pages that are compiled in.
impl<P> Backing for Arc<P> {
    const REFUSALS: &'static [Code] = &[];
}

/// The demands of a handler at the path and method of its annotation. `own` are the refusals that
/// its parameters do not tell.
pub fn of<P, S, H, T>(function: &'static str, _handler: &H, own: &[Code]) -> Route
where
    P: Path,
    H: Handler<T, S>,
    T: Demanding,
{
    // The deadline and the form of a response are every route's.
    let mut demands =
        Demands { refusals: vec![Code::Internal, Code::Unavailable], ..Demands::default() };
    T::add_to(&mut demands);
    demands.refusals.extend(own);
    let method = P::methods().first().map_or("", name);
    Route { function, method, path: P::path(), demands }
}

const fn name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "get",
        HttpMethod::Post => "post",
        HttpMethod::Put => "put",
        HttpMethod::Patch => "patch",
        HttpMethod::Delete => "delete",
        HttpMethod::Head => "head",
        HttpMethod::Options => "options",
        HttpMethod::Trace => "trace",
    }
}

/// The parameters of a handler as axum names them: a mark, then the types.
macro_rules! parameters {
    ($($type:ident)*) => {
        impl<Mark, $($type: Demanding),*> Demanding for (Mark, $($type,)*) {
            fn add_to(demands: &mut Demands) {
                $( $type::add_to(demands); )*
                let _unused_without_parameters = demands;
            }
        }
    };
}

parameters! {}
parameters! { A }
parameters! { A B }
parameters! { A B C }
parameters! { A B C D }
parameters! { A B C D E }
parameters! { A B C D E F }

impl Demanding for HeaderMap {
    fn add_to(_: &mut Demands) {}
}

impl Demanding for RawQuery {
    fn add_to(_: &mut Demands) {}
}

impl<T> Demanding for RawPath<T> {
    fn add_to(_: &mut Demands) {}
}

impl<B: Backing> Demanding for State<B> {
    fn add_to(demands: &mut Demands) {
        demands.refusals.extend(B::REFUSALS);
    }
}
