//! Demands of this crate's extractors on a caller, for the description of the API.

use edge::demands::{Backing, Demanding, Demands, Token};
use values::problem::Code;

use crate::app::App;
use crate::request::{
    self, AttemptPath, AuditPath, ControlPath, ConversationPath, EventPath, IdempotencyKey,
    IncidentPath, Json, MaybeIdempotencyKey, MaybeJson, MaybePlainJson, PageQuery, PathId,
    PlainJson, PollQuery, PracticePath, Sealable, SubjectPath, TranscriptPath,
};
use crate::requirement::{Allowed, Requirement, SteppedUp};
use crate::token::Visitor;

impl Backing for App {}

/// Extractors that add refusals and nothing else.
macro_rules! refusing {
    ($( $name:ident $(<$generic:ident>)? => [$($code:ident)*]; )+) => { $(
        impl $(<$generic>)? Demanding for $name $(<$generic>)? {
            fn add_to(demands: &mut Demands) {
                demands.refusals.extend::<&[Code]>(&[$(Code::$code),*]);
            }
        }
    )+ };
}

refusing! {
    ConversationPath => [NotFound];
    TranscriptPath => [NotFound];
    SubjectPath => [NotFound];
    AttemptPath => [NotFound];
    AuditPath => [NotFound];
    ControlPath => [NotFound];
    EventPath => [NotFound];
    IncidentPath => [NotFound];
    PracticePath => [NotFound];
    PathId => [NotFound];
    PageQuery => [Invalid];
    PollQuery => [Invalid];
    PlainJson<T> => [MalformedJson UnknownField UnsupportedMediaType BodyTooLarge Invalid];
    MaybePlainJson<T> => [MalformedJson UnknownField UnsupportedMediaType BodyTooLarge];
}

impl Demanding for Visitor {
    fn add_to(demands: &mut Demands) {
        demands.tokens.push((Token::Visitor, None));
        demands.refusals.extend([
            Code::TokenMissing,
            Code::TokenInvalid,
            Code::TokenExpired,
            Code::TokenRevoked,
            Code::SealedRequired,
        ]);
        sealable(demands);
    }
}

impl Demanding for request::Anybody {
    fn add_to(demands: &mut Demands) {
        sealable(demands);
    }
}

impl<E: Demanding> Demanding for Sealable<E> {
    fn add_to(demands: &mut Demands) {
        E::add_to(demands);
        demands.refusals.push(Code::SealedRequired);
        sealable(demands);
    }
}

impl<T> Demanding for Json<T> {
    fn add_to(demands: &mut Demands) {
        PlainJson::<T>::add_to(demands);
        sealable(demands);
    }
}

impl<T> Demanding for MaybeJson<T> {
    fn add_to(demands: &mut Demands) {
        PlainJson::<T>::add_to(demands);
        sealable(demands);
    }
}

impl Demanding for IdempotencyKey {
    fn add_to(demands: &mut Demands) {
        demands.idempotent = true;
        demands.refusals.extend([Code::Invalid, Code::IdempotencyMismatch]);
    }
}

impl Demanding for MaybeIdempotencyKey {
    fn add_to(demands: &mut Demands) {
        demands.refusals.extend([Code::Invalid, Code::IdempotencyMismatch]);
    }
}

impl<R: Requirement> Demanding for Allowed<R> {
    fn add_to(demands: &mut Demands) {
        staff::<R>(demands, Token::Staff);
    }
}

impl<R: Requirement> Demanding for SteppedUp<R> {
    fn add_to(demands: &mut Demands) {
        staff::<R>(demands, Token::SteppedUp);
        demands.refusals.push(Code::StepUpRequired);
    }
}

fn staff<R: Requirement>(demands: &mut Demands, token: Token) {
    if !R::WHILE_COOLING {
        demands.refusals.push(Code::CoolingDown);
    }
    demands.refusals.extend([
        Code::TokenMissing,
        Code::TokenInvalid,
        Code::TokenExpired,
        Code::TokenRevoked,
        Code::MfaRequired,
    ]);
    if R::ROLES.is_empty() {
        demands.tokens.push((token, None));
    } else {
        demands.refusals.push(Code::Forbidden);
        demands.tokens.extend(R::ROLES.iter().map(|role| (token, Some(role.as_str()))));
    }
}

fn sealable(demands: &mut Demands) {
    demands.sealable = true;
    demands.refusals.extend([Code::UnknownKey, Code::UnsealingFailed]);
}
