//! The cost of a password: over the bare hash, and with and without an account.

use auth::credential::password::{CURRENT, Hasher, Password};
use serde_json::{Value, json};
use shared::secret::Secret;
use tests::api::{Request, Response, invoke};
use tests::staff::{PASSWORD, Staff};
use tests::world::World;

use crate::counted::stopwatch;

const WRONG: &str = "not the password 123";

/// Failed sign-ins taken in turns: medians, in microseconds.
pub(crate) struct Failed {
    /// Of an account that is there.
    pub(crate) known: f64,
    /// Of one that is not.
    pub(crate) unknown: f64,
    /// Of the second over the first in each pair: a slow machine slows both.
    pub(crate) ratio: f64,
}

/// Failed sign-ins to an account that is there and to one that is not, `times` each, in turns. No
/// attempt has to wait: each comes from an address of its own, a quarter of an hour after the last.
pub(crate) async fn failed(times: usize) -> Failed {
    let world = World::new().await;
    let staff: Staff = world.admin().await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for at in 0..times {
        world.advance_seconds(901);
        // The keys are past their five minutes: the first request would wait for them.
        from(&world, times + at, &json!({ "email": "x@example.org", "password": WRONG })).await;
        let mut pair = [(&*staff.email, &mut known), ("nobody@example.org", &mut unknown)];
        if at % 2 == 1 {
            pair.reverse();
        }
        for (email, taken) in pair {
            let body = json!({ "email": email, "password": WRONG });
            let clock = stopwatch();
            let answer = from(&world, at, &body).await;
            taken.push(clock.elapsed().as_secs_f64() * 1e6);
            assert_eq!(answer.code(), "credentials_invalid");
        }
    }
    let ratios = unknown.iter().zip(&known).map(|(unknown, known)| unknown / known).collect();
    Failed { ratio: median(ratios), known: median(known), unknown: median(unknown) }
}

async fn from(world: &World, at: usize, body: &Value) -> Response {
    let mut event = Request::new("POST", "/v1/auth/login").json(body).to_event();
    event["requestContext"]["http"]["sourceIp"] = json!(format!("10.{}.{}.7", at / 250, at % 250));
    invoke(auth::router(world.auth.clone()), &event).await
}

/// The time of verifying a password over the bare hash of the same parameters, medians in turns.
pub(crate) fn over_bare(times: usize) -> f64 {
    let hasher = Hasher::new().expect("memory");
    let pepper = Secret::from_slice(&[7; 32]).expect("32 bytes");
    let raw = serde_json::from_value(json!(PASSWORD)).expect("text");
    let password = Password::received(raw).expect("a password");
    let stored = hasher.hash(&pepper, &password).expect("a hash");
    let parameters =
        argon2::Params::new(CURRENT.memory_kib, CURRENT.iterations, CURRENT.parallelism, Some(32))
            .expect("parameters");
    let mut blocks = vec![argon2::Block::default(); parameters.block_count()];
    let bare = argon2::Argon2::new_with_secret(
        pepper.expose_secret(),
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        parameters,
    )
    .expect("Argon2id");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let clock = stopwatch();
        assert!(hasher.verify(&pepper, &password, &stored).expect("a verdict").matches);
        ours.push(clock.elapsed().as_secs_f64());
        let clock = stopwatch();
        let mut out = [0; 32];
        bare.hash_password_into_with_memory(PASSWORD.as_bytes(), &[1; 16], &mut out, &mut blocks)
            .expect("a hash");
        theirs.push(clock.elapsed().as_secs_f64());
    }
    median(ours) / median(theirs)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().expect("a figure")
}
