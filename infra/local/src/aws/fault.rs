//! The fault injector: what goes wrong at the listener, and how often.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A service behind the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// DynamoDB and its streams.
    DynamoDb,
    /// KMS.
    Kms,
}

/// A way to fail. Listed in the order in which they are drawn: the first that hits decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is closed without an answer and nothing is done.
    Gone,
    /// Nothing is done and no answer comes until the client gives up.
    TimeoutBeforeCommit,
    /// It is done, but no answer comes until the client gives up.
    TimeoutAfterCommit,
    /// 400, `ProvisionedThroughputExceededException` or `ThrottlingException`; nothing is done.
    Throttle,
    /// 500, `InternalServerError` or `KMSInternalException`; nothing is done.
    Internal,
    /// It is done and answered, only later.
    Latency,
}

/// How often each fault happens, and the generator that draws them. Shared by every connection.
#[derive(Debug)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rates: BTreeMap<(Service, Fault), f64>,
    latency: Duration,
    generator: u64,
}

/// A name or a rate that the injector does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultError {
    /// The rate is not between 0 and 1.
    Rate,
    /// No service of that name.
    Service,
    /// No fault of that name.
    Kind,
}

impl Faults {
    pub(super) fn seeded(seed: u64) -> Self {
        Self {
            state: Mutex::new(State {
                rates: BTreeMap::new(),
                latency: Duration::from_millis(200),
                generator: seed,
            }),
        }
    }

    /// From now on `fault` happens to this share of the service's requests; 0 ends it.
    ///
    /// # Errors
    /// When the rate is not between 0 and 1.
    pub fn set(&self, service: Service, fault: Fault, rate: f64) -> Result<(), FaultError> {
        if !(0.0..=1.0).contains(&rate) {
            return Err(FaultError::Rate);
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if rate > 0.0 {
            state.rates.insert((service, fault), rate);
        } else {
            state.rates.remove(&(service, fault));
        }
        Ok(())
    }

    /// How long [`Fault::Latency`] holds an answer back; 200 ms unless set.
    pub fn set_latency(&self, latency: Duration) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).latency = latency;
    }

    /// Ends every fault.
    pub fn clear(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).rates.clear();
    }

    /// The fault of the next request, if it has one.
    pub(super) fn draw(&self, service: Service) -> Option<Fault> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { rates, generator, .. } = &mut *state;
        rates
            .iter()
            .filter(|((of, _), _)| *of == service)
            .find(|(_, rate)| unit(generator) < **rate)
            .map(|((_, fault), _)| *fault)
    }

    pub(super) fn latency(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).latency
    }
}

impl FromStr for Service {
    type Err = FaultError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "dynamodb" => Ok(Self::DynamoDb),
            "kms" => Ok(Self::Kms),
            _ => Err(FaultError::Service),
        }
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "gone" => Ok(Self::Gone),
            "timeout_before_commit" => Ok(Self::TimeoutBeforeCommit),
            "timeout_after_commit" => Ok(Self::TimeoutAfterCommit),
            "throttle" => Ok(Self::Throttle),
            "500" => Ok(Self::Internal),
            "latency" => Ok(Self::Latency),
            _ => Err(FaultError::Kind),
        }
    }
}

impl std::fmt::Display for FaultError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Rate => "`rate` must be a number between 0 and 1",
            Self::Service => "`service` must be `dynamodb` or `kms`",
            Self::Kind => {
                "`kind` must be `throttle`, `500`, `timeout_before_commit`, \
                 `timeout_after_commit`, `latency` or `gone`"
            }
        })
    }
}

impl std::error::Error for FaultError {}

/// The next number in [0, 1) of the `SplitMix64` sequence: small, good enough to draw faults, and the
/// same for the same seed.
fn unit(generator: &mut u64) -> f64 {
    *generator = generator.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *generator;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    // 32 bits are exact in an f64.
    let high = u32::try_from(z >> 32).unwrap_or(u32::MAX);
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence_at_about_the_rate() {
        let draw = |seed| {
            let faults = Faults::seeded(seed);
            faults.set(Service::Kms, Fault::Throttle, 0.3).unwrap();
            (0..10_000).map(|_| faults.draw(Service::Kms).is_some()).collect::<Vec<_>>()
        };
        let first = draw(7);
        assert_eq!(first, draw(7));
        assert_ne!(first, draw(8));
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
    }

    #[test]
    fn a_fault_stays_with_its_service_and_ends_at_rate_zero() {
        let faults = Faults::seeded(1);
        faults.set(Service::DynamoDb, Fault::Gone, 1.0).unwrap();
        assert_eq!(faults.draw(Service::Kms), None);
        assert_eq!(faults.draw(Service::DynamoDb), Some(Fault::Gone));
        faults.set(Service::DynamoDb, Fault::Gone, 0.0).unwrap();
        assert_eq!(faults.draw(Service::DynamoDb), None);
        for rate in [-0.1, 1.1, f64::NAN] {
            let refused = faults.set(Service::Kms, Fault::Gone, rate);
            assert_eq!(refused, Err(FaultError::Rate));
        }
    }
}
