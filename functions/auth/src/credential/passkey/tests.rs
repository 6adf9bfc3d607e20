//! Passkeys against an authenticator in software (security.md, A3).

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;
use shared::values::encoding::base64url;

use super::authenticator::Authenticator;
use super::*;

const ORIGIN: &str = "https://chat.example.org";
const ADA: [u8; 16] = [0xad; 16];
const BEN: [u8; 16] = [0xbe; 16];

fn party() -> RelyingParty {
    RelyingParty::new(ORIGIN, "Sotto").unwrap()
}

/// Registers a passkey for `user`; states and passkeys go through what is sealed.
fn registered(party: &RelyingParty, device: &mut Authenticator, user: [u8; 16]) -> StoredPasskey {
    let (options, state) = party.start_registration(user, "ada@example.org", "Ada", &[]).unwrap();
    let response = device.register(&options).unwrap();
    stored(&party.finish_registration(&response, stored(&state)).unwrap())
}

fn stored<T: Sealable>(value: &T) -> T {
    T::from_plaintext(&value.to_plaintext().unwrap()).unwrap()
}

fn used(
    party: &RelyingParty,
    device: &mut Authenticator,
    passkeys: &[StoredPasskey],
) -> Result<UsedPasskey, Refused> {
    let (options, state) = party.start_login().unwrap();
    let response = device.sign_in(&options).unwrap();
    party.finish_login(&response, stored(&state), passkeys)
}

fn refused<T>(result: Result<T, Refused>) -> Option<Refused> {
    result.err()
}

#[test]
fn the_options_ask_for_a_discoverable_key_and_a_verified_user() {
    let party = party();
    let (options, _) = party.start_registration(ADA, "ada@example.org", "Ada", &[]).unwrap();
    let options = &options["publicKey"];
    assert_eq!(options["rp"], json!({ "id": "chat.example.org", "name": "Sotto" }));
    assert_eq!(options["user"]["id"], base64url(&ADA));
    assert_eq!(options["user"]["name"], "ada@example.org");
    assert_eq!(options["user"]["displayName"], "Ada");
    assert_eq!(
        options["authenticatorSelection"],
        json!({
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "required",
        })
    );
    assert_eq!(options["attestation"], "none");
    assert_eq!(from_base64url(options["challenge"].as_str().unwrap()).unwrap().len(), 32);

    let (options, _) = party.start_login().unwrap();
    assert_eq!(options.as_object().unwrap().len(), 1, "no mediation");
    let options = &options["publicKey"];
    assert_eq!(options["rpId"], "chat.example.org");
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"], json!([]));
}

#[test]
fn a_passkey_is_registered_and_used_again_and_again() {
    let (party, mut device) = (party(), Authenticator::new(ORIGIN));
    let mut passkey = registered(&party, &mut device, ADA);
    assert_eq!(passkey.user_handle(), &ADA);
    for count in 1..4 {
        let (options, state) = party.start_login().unwrap();
        let response = device.sign_in(&options).unwrap();
        let challenge = options["publicKey"]["challenge"].as_str().unwrap();
        assert_eq!(challenge_of(&response), from_base64url(challenge));
        assert_eq!(identify(&response), Some((ADA, passkey.credential_id().to_vec())));
        let used = party.finish_login(&response, state, &[passkey]).unwrap();
        assert_eq!((used.user_handle, used.counter, used.changed), (ADA, count, true));
        assert_eq!(used.credential_id, used.updated.credential_id());
        passkey = stored(&used.updated);
    }
}

#[test]
fn a_synchronised_passkey_has_no_counter_and_is_taken_as_well() {
    let (party, mut device) = (party(), Authenticator::new(ORIGIN));
    device.synchronised = true;
    let passkeys = [registered(&party, &mut device, ADA)];
    for _ in 0..2 {
        let used = used(&party, &mut device, &passkeys).unwrap();
        assert_eq!((used.counter, used.changed), (0, false));
    }
}

#[test]
fn one_person_has_several_and_a_device_only_one() {
    let (party, mut phone) = (party(), Authenticator::new(ORIGIN));
    let first = registered(&party, &mut phone, ADA);
    let (options, state) =
        party.start_registration(ADA, "ada", "Ada", std::slice::from_ref(&first)).unwrap();
    assert!(phone.register(&options).is_none(), "the device sees that it has one");
    let mut key = Authenticator::new(ORIGIN);
    let second = party.finish_registration(&key.register(&options).unwrap(), state).unwrap();
    let passkeys = [first, second];
    assert_eq!(
        used(&party, &mut phone, &passkeys).unwrap().credential_id,
        passkeys[0].credential_id()
    );
    assert_eq!(
        used(&party, &mut key, &passkeys).unwrap().credential_id,
        passkeys[1].credential_id()
    );
}

#[test]
fn a_response_to_another_challenge_is_refused() {
    let (party, mut device) = (party(), Authenticator::new(ORIGIN));
    let (options, _) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
    let (_, other) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
    let response = device.register(&options).unwrap();
    assert_eq!(refused(party.finish_registration(&response, other)), Some(Refused::Response));

    let passkeys = [registered(&party, &mut device, ADA)];
    let (options, _) = party.start_login().unwrap();
    let (_, other) = party.start_login().unwrap();
    let response = device.sign_in(&options).unwrap();
    assert_eq!(refused(party.finish_login(&response, other, &passkeys)), Some(Refused::Response));
}

#[test]
fn a_response_is_good_for_its_own_state_only_so_that_it_is_used_once() {
    let (party, mut device) = (party(), Authenticator::new(ORIGIN));
    let (options, state) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
    let response = device.register(&options).unwrap();
    let passkey = party.finish_registration(&response, state).unwrap();
    // The state is gone with its challenge; a new one does not take the old response.
    let (_, state) = party.start_registration(BEN, "ben", "Ben", &[]).unwrap();
    assert_eq!(refused(party.finish_registration(&response, state)), Some(Refused::Response));

    // A registration is no sign-in, and a sign-in no registration.
    let (options, state) = party.start_login().unwrap();
    let sign_in = device.sign_in(&options).unwrap();
    assert_eq!(
        refused(party.finish_login(&response, state, std::slice::from_ref(&passkey))),
        Some(Refused::Response)
    );
    let (_, state) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
    assert_eq!(refused(party.finish_registration(&sign_in, state)), Some(Refused::Response));
    assert_eq!(identify(&response), None);
}

#[test]
fn a_response_from_another_origin_is_refused() {
    let party = party();
    for origin in [
        "https://evil.example.net",
        "https://chat.example.org.evil.example.net",
        "https://login.chat.example.org",
        "https://example.org",
        "https://chat.example.org:8443",
        "http://chat.example.org",
        "null",
    ] {
        let mut device = Authenticator::new(origin);
        let (options, state) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
        let response = device.register(&options).unwrap();
        let result = party.finish_registration(&response, state);
        assert_eq!(refused(result), Some(Refused::Response), "{origin}");

        let mut device = Authenticator::new(ORIGIN);
        let passkeys = [registered(&party, &mut device, ADA)];
        device.origin = origin.to_owned();
        let result = used(&party, &mut device, &passkeys);
        assert_eq!(refused(result), Some(Refused::Response), "{origin}");
    }
}

#[test]
fn a_response_for_another_relying_party_is_refused() {
    let (party, mut device) = (party(), Authenticator::new(ORIGIN));
    let passkeys = [registered(&party, &mut device, ADA)];
    device.rp_id = Some("example.org".to_owned());
    assert_eq!(refused(used(&party, &mut device, &passkeys)), Some(Refused::Response));
    let (options, state) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
    let response = device.register(&options).unwrap();
    assert_eq!(refused(party.finish_registration(&response, state)), Some(Refused::Response));
}

#[test]
fn somebody_elses_passkey_is_refused() {
    let party = party();
    let (mut adas, mut bens) = (Authenticator::new(ORIGIN), Authenticator::new(ORIGIN));
    let ada = registered(&party, &mut adas, ADA);
    let ben = registered(&party, &mut bens, BEN);
    assert_eq!(
        refused(used(&party, &mut bens, std::slice::from_ref(&ada))),
        Some(Refused::Response)
    );
    assert_eq!(refused(used(&party, &mut bens, &[])), Some(Refused::Response));

    // Ben's key under Ada's name, be it that the store finds her passkeys by it or his.
    let (options, state) = party.start_login().unwrap();
    let (_, again) = (options.clone(), stored(&state));
    let mut response = bens.sign_in(&options).unwrap();
    response["response"]["userHandle"] = json!(base64url(&ADA));
    for (state, passkeys) in [(state, [ada]), (again, [ben])] {
        assert_eq!(
            refused(party.finish_login(&response, state, &passkeys)),
            Some(Refused::Response)
        );
    }
}

#[test]
fn a_user_who_was_not_verified_is_refused() {
    let (party, mut device) = (party(), Authenticator::new(ORIGIN));
    let passkeys = [registered(&party, &mut device, ADA)];
    device.verifies = false;
    assert_eq!(refused(used(&party, &mut device, &passkeys)), Some(Refused::Response));
    let (options, state) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
    let response = device.register(&options).unwrap();
    assert_eq!(refused(party.finish_registration(&response, state)), Some(Refused::Response));
}

#[test]
fn a_key_that_cannot_be_discovered_is_refused() {
    let (party, mut device) = (party(), Authenticator::new(ORIGIN));
    device.discoverable = false;
    let (options, state) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
    let response = device.register(&options).unwrap();
    assert_eq!(refused(party.finish_registration(&response, state)), Some(Refused::Response));
}

#[test]
fn a_counter_that_does_not_go_on_is_refused_and_told_apart() {
    let (party, mut device) = (party(), Authenticator::new(ORIGIN));
    let passkey = registered(&party, &mut device, ADA);
    device.counter = 6;
    let passkeys = [used(&party, &mut device, &[passkey]).unwrap().updated];
    for before in [6, 5, 0, u32::MAX] {
        device.counter = before;
        let result = used(&party, &mut device, &passkeys);
        assert_eq!(refused(result), Some(Refused::CounterWentBack), "{before}");
    }
    // Only a right signature says so.
    device.counter = 3;
    device.verifies = false;
    assert_eq!(refused(used(&party, &mut device, &passkeys)), Some(Refused::Response));
    device.verifies = true;
    device.counter = 7;
    assert!(used(&party, &mut device, &passkeys).is_ok());
}

#[test]
fn no_byte_of_a_response_can_be_changed() {
    let (party, mut device) = (party(), Authenticator::new(ORIGIN));
    let passkeys = [registered(&party, &mut device, ADA)];
    let (options, state) = party.start_login().unwrap();
    let response = device.sign_in(&options).unwrap();
    let mut tested = 0;
    for field in ["authenticatorData", "clientDataJSON", "signature"] {
        let bytes = from_base64url(response["response"][field].as_str().unwrap()).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            let mut response = response.clone();
            response["response"][field] = json!(base64url(&altered));
            assert!(party.finish_login(&response, stored(&state), &passkeys).is_err());
            tested += 1;
        }
    }
    assert!(tested > 200);
    assert!(party.finish_login(&response, state, &passkeys).is_ok());
}

#[test]
fn what_is_no_response_is_refused_alike() {
    let party = party();
    for value in [
        json!(null),
        json!(1),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "response": { "clientDataJSON": "!" } }),
        json!({ "response": { "clientDataJSON": base64url(b"{\"challenge\":1}") } }),
        json!({ "response": { "clientDataJSON": base64url(b"{\"challenge\":\"!\"}") } }),
        json!({ "response": { "clientDataJSON": "A".repeat(8_196) } }),
    ] {
        assert_eq!(challenge_of(&value), None);
        assert_eq!(identify(&value), None);
        let (_, state) = party.start_login().unwrap();
        assert_eq!(refused(party.finish_login(&value, state, &[])), Some(Refused::Response));
        let (_, state) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
        assert_eq!(refused(party.finish_registration(&value, state)), Some(Refused::Response));
    }
}

#[test]
fn only_https_or_this_machine_by_name_is_an_origin() {
    for origin in ["https://chat.example.org", "https://x.example:8443", "http://localhost:3000"] {
        assert!(RelyingParty::new(origin, "Sotto").is_ok(), "{origin}");
    }
    for origin in
        ["http://chat.example.org", "http://127.0.0.1:3000", "https://10.0.0.1", "", "chat"]
    {
        assert_eq!(RelyingParty::new(origin, "Sotto").err(), Some(UnsuitableOrigin), "{origin}");
    }
}

#[test]
fn nothing_of_a_response_is_logged() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let (party, mut device) = (party(), Authenticator::new(ORIGIN));
        let passkeys = [registered(&party, &mut device, ADA)];
        used(&party, &mut device, &passkeys).unwrap();
        let (options, _) = party.start_login().unwrap();
        let mut response = device.sign_in(&options).unwrap();
        for garbage in [&b"canary"[..], &[0xff; 40], &[0x40; 120]] {
            response["response"]["authenticatorData"] = json!(base64url(garbage));
            let (_, state) = party.start_login().unwrap();
            assert!(party.finish_login(&response, state, &passkeys).is_err());
            let (options, state) = party.start_registration(ADA, "ada", "Ada", &[]).unwrap();
            let mut response = device.register(&options).unwrap();
            response["response"]["attestationObject"] = json!(base64url(garbage));
            assert!(party.finish_registration(&response, state).is_err());
        }
        tracing::info!("heard");
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("heard"), "the log is listened to");
    assert_eq!(log.lines().count(), 1, "{log}");
}
