//! The staff's sign-in: calls in sequence.

use std::time::Duration;

use tests::world::World;

use super::counted::{slow_down, stopwatch};

/// Long beside the work of a request, a hash on a busy machine included, so that time divided by it
/// gives the calls in sequence.
const LATENCY: Duration = Duration::from_millis(400);

/// Calls in sequence of the two halves of a sign-in, on a warm function.
pub(crate) struct InSequence {
    /// Of `POST /v1/auth/login`.
    pub(crate) password: u64,
    /// Of `POST /v1/auth/totp`.
    pub(crate) second_factor: u64,
}

/// Counts the calls in sequence of a sign-in; the least of several, since a busy machine only adds.
pub(crate) async fn in_sequence() -> InSequence {
    let world = World::new().await;
    let staff = world.admin().await;
    let mut least = InSequence { password: u64::MAX, second_factor: u64::MAX };
    for _ in 0..3 {
        staff.signed_in(&world).await;
        slow_down(&world, LATENCY);
        let clock = stopwatch();
        let token = staff.mfa_token().await;
        least.password = least.password.min(waits(clock.elapsed()));
        world.aws.faults().clear();
        let code = world.fresh_code(&staff.secret);
        slow_down(&world, LATENCY);
        let clock = stopwatch();
        let shown = staff.show(&token, &code).await;
        least.second_factor = least.second_factor.min(waits(clock.elapsed()));
        world.aws.faults().clear();
        assert_eq!(shown.status, 200, "{}", shown.json());
    }
    least
}

fn waits(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis() / LATENCY.as_millis()).expect("a few")
}

/// Calls to AWS of verifying 1,000 access tokens.
pub(crate) async fn verify_calls() -> u64 {
    let world = World::new().await;
    let staff = world.admin().await;
    let keys = shared::http::staff::KnowsStaff::staff_keys(&world.auth).get().await.expect("keys");
    let before = world.aws.counts();
    for _ in 0..1_000 {
        shared::access::staff::verify(&keys, &world.clock, "world", &staff.token).expect("ours");
    }
    let calls = world.aws.counts().since(&before);
    calls.operations().map(|(_, _, count)| count).sum()
}
