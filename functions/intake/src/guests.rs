//! Limits for guests by their network, and the work by which somebody over the limit is served all the
//! same. A guest is anybody whom no site's server has named: another subject costs them nothing, another
//! network does.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use shared::clock::{UnixMillis, rfc3339};
use shared::http::app::App;
use shared::http::demands::{Demanding, Demands};
use shared::http::gateway::Gateway;
use shared::problem::{Cause, Code, FieldCode, Problem, ProofOfWork};
use shared::seal::network::Source;
use shared::seal::puzzle::{Answer, Solved};
use shared::store::StoreError;
use shared::store::guests::{Act, next_window_ms};
use shared::store::once::Kind;
use shared::values::site::Site;

/// The header of an answer to a challenge.
const PROOF: &str = "sotto-proof";
/// How long a challenge may be answered, in milliseconds.
const CHALLENGE_MS: i64 = 2 * 60 * 1000;
/// Zero bits of the first challenges: a phone tries so many nonces in one or two seconds.
const LEAST_BITS: u32 = 18;
/// Zero bits of the hardest ones, from 16 times the limit on.
const MOST_BITS: u32 = 22;

/// A guest, as far as their network and their proof say.
pub(crate) struct Guest {
    source: Source,
    answer: Option<Answer>,
}

impl FromRequestParts<App> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(gateway) = Gateway::from_request_parts(parts, app).await;
        Ok(Self { source: gateway.source.into(), answer: answer_in(&parts.headers)? })
    }
}

impl Demanding for Guest {
    fn add_to(demands: &mut Demands) {
        demands.refusals.extend([Code::RateLimited, Code::Invalid]);
    }
}

/// A header that is no answer at all is a fault of the client, and a new challenge would not mend it.
fn answer_in(headers: &HeaderMap) -> Result<Option<Answer>, Problem> {
    let Some(header) = headers.get(PROOF) else { return Ok(None) };
    let answer = header.to_str().ok().and_then(Answer::read);
    let refused = || Problem::invalid("/headers/sotto-proof", FieldCode::BadFormat);
    answer.map(Some).ok_or_else(refused)
}

impl Guest {
    /// Lets the guest go on, or refuses with work to do.
    ///
    /// # Errors
    /// [`Code::RateLimited`] when the network is over its limit, or [`StoreError`].
    pub(crate) async fn may(&self, app: &App, act: Act) -> Result<(), Problem> {
        let Some(limit) = app.guest_limit.scale(act.per_minute()) else { return Ok(()) };
        let keys = app.keys.get().await?;
        let now_ms = app.clock.now_ms();
        let at = (act.as_str(), self.source.network());
        let answer = self.answer.as_ref();
        if let Some(solved) =
            answer.and_then(|answer| keys.guests.puzzles.judge(at, answer, now_ms))
            && is_new(app, &solved).await?
        {
            return Ok(());
        }
        let name = keys.guests.networks.name(now_ms, self.source.network());
        let count = app.store.count_guest(act, &name).await?;
        let is_slowed = app.locks.get().await?.slows(&name);
        if count <= limit && !is_slowed {
            return Ok(());
        }
        record_flood(app, &name, count.saturating_sub(limit)).await;
        let until_ms = now_ms + CHALLENGE_MS;
        let bits = bits(count, limit);
        let challenge = keys.guests.puzzles.issue(at, bits, until_ms.div_euclid(1000));
        let problem = Problem::new(
            Code::RateLimited,
            "Many guests come from this network. Answer the challenge in Sotto-Proof, or wait.",
        );
        Err(problem
            .retry_after(seconds_to(next_window_ms(now_ms), now_ms))
            .because(Cause::NetworkOverLimit)
            .unless(ProofOfWork {
                algorithm: "sha256",
                challenge: challenge.map_err(StoreError::from)?,
                bits,
                expires_at: rfc3339(until_ms.div_euclid(1000) * 1000),
            }))
    }
}

/// Uses a challenge up: true for one request.
async fn is_new(app: &App, solved: &Solved) -> Result<bool, StoreError> {
    app.store.once.consume(Kind::GuestProof, &[&solved.challenge], solved.until_ms).await
}

/// Zero bits that grow by one each time that the guests of a network double.
fn bits(count: u32, limit: u32) -> u8 {
    let doublings = (count / limit.max(1)).max(1).ilog2();
    u8::try_from((LEAST_BITS + doublings).min(MOST_BITS)).unwrap_or(u8::MAX)
}

fn seconds_to(then_ms: UnixMillis, now_ms: UnixMillis) -> u32 {
    u32::try_from((then_ms - now_ms).saturating_add(999).div_euclid(1000)).unwrap_or(1)
}

/// Records that the network went over. A later refusal tries again in case the first one failed; what is
/// recorded already is not recorded again. A guest is refused in any case.
async fn record_flood(app: &App, network: &str, over: u32) {
    if !over.is_power_of_two() {
        return;
    }
    if let Ok(policy) = app.store.settings.retention_policy(Site::SHIPPED).await {
        app.audit_days.follow(&policy.policy);
    }
    if let Err(error) = app.store.record_flood(&app.events, network).await {
        tracing::error!(?error, "that a network is over its limit was not recorded");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_grows_with_the_guests_of_a_network_up_to_a_cap() {
        let bits: Vec<_> = [31, 59, 60, 119, 120, 240, 479, 480, 48_000, u32::MAX]
            .map(|count| bits(count, 30))
            .into();
        assert_eq!(bits, [18, 18, 19, 19, 20, 21, 21, 22, 22, 22]);
    }

    #[test]
    fn a_wait_ends_with_the_minute() {
        assert_eq!(seconds_to(next_window_ms(0), 0), 60);
        assert_eq!(seconds_to(next_window_ms(59_999), 59_999), 1);
        assert_eq!(seconds_to(next_window_ms(60_000), 60_000), 60);
    }
}
