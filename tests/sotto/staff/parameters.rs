//! The parameters of the sign-in, held to the table in docs/authentication-parameters.md: it has the
//! values of the code, none is weaker than recommended, and the last check is not older than a year.

use std::path::Path;

use auth::client::DEVICE_SECONDS;
use auth::credential::password::{CURRENT, LIMITS, MAX_CHARACTERS, MIN_CHARACTERS};
use auth::credential::recovery::CODES;
use auth::credential::totp::{DIGITS, STEP_SECONDS, STEPS_BACK};
use auth::store::challenge::{LIFETIME_MS as CHALLENGE_MS, TRIES};
use auth::store::factor::PASSKEYS;
use auth::store::invitation::LIFETIME_MS as INVITATION_MS;
use auth::store::session::{IDLE_MS, LONGEST_MS, SESSIONS};
use auth::store::throttle::{LONGEST_WAIT_SECONDS, Of};
use shared::access::staff::{ACCESS_SECONDS, ENROLMENT_SECONDS, MFA_SECONDS, STEP_UP_SECONDS};
use shared::access::staff_keychain::LIFETIME_MS as KEYCHAIN_MS;
use shared::clock::{Clock, rfc3339};
use toml::{Table, Value};

/// Year, month, day.
type Date = (u16, u8, u8);

fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().ok().expect("a number of an ordinary size")
}

/// Every parameter as the code has it. Times are in seconds.
fn constants() -> Vec<(&'static str, i64)> {
    vec![
        ("password.memory_kib", whole(CURRENT.memory_kib)),
        ("password.iterations", whole(CURRENT.iterations)),
        ("password.parallelism", whole(CURRENT.parallelism)),
        ("password.most_memory_kib", whole(LIMITS.memory_kib)),
        ("password.most_iterations", whole(LIMITS.iterations)),
        ("password.most_parallelism", whole(LIMITS.parallelism)),
        ("password.min_characters", whole(MIN_CHARACTERS)),
        ("password.max_characters", whole(MAX_CHARACTERS)),
        ("totp.step_seconds", whole(STEP_SECONDS)),
        ("totp.steps_back", whole(STEPS_BACK)),
        ("totp.digits", whole(DIGITS)),
        ("recovery.codes", whole(CODES)),
        ("recovery.bits", recovery_bits()),
        ("passkey.most", whole(PASSKEYS)),
        ("challenge.lifetime_seconds", CHALLENGE_MS / 1000),
        ("second_factor.tries", whole(TRIES)),
        ("token.access_seconds", ACCESS_SECONDS),
        ("token.mfa_seconds", MFA_SECONDS),
        ("token.enrolment_seconds", ENROLMENT_SECONDS),
        ("token.step_up_seconds", STEP_UP_SECONDS),
        ("token.revocation_seconds", KEYCHAIN_MS / 1000),
        ("session.idle_seconds", IDLE_MS / 1000),
        ("session.longest_seconds", LONGEST_MS / 1000),
        ("session.most", whole(SESSIONS)),
        ("invitation.lifetime_seconds", INVITATION_MS / 1000),
        ("throttle.free_account", whole(Of::Account.free())),
        ("throttle.free_device", whole(Of::Device.free())),
        ("throttle.free_address", whole(Of::Address.free())),
        ("throttle.free_network", whole(Of::Network.free())),
        ("throttle.longest_wait_seconds", LONGEST_WAIT_SECONDS),
        ("device.lifetime_seconds", DEVICE_SECONDS),
    ]
}

/// Random bits of a recovery code: five a character, as they are handed out.
fn recovery_bits() -> i64 {
    let codes = auth::credential::recovery::generate().expect("randomness");
    5 * whole(codes[0].reveal().chars().filter(|sign| *sign != '-').count())
}

/// The one table of parameters in the page, and the date of its last check, as TOML.
fn record(page: &str) -> Table {
    assert_eq!(page.matches("| parameter |").count(), 1, "one table");
    let mut record = Table::new();
    let checked = page.lines().find_map(|line| line.strip_prefix("Checked: "));
    if let Some(checked) = checked.and_then(|date| date.parse().ok()) {
        record.insert("checked".to_owned(), Value::Datetime(checked));
    }
    let rows = page.lines().skip_while(|line| !line.starts_with("| parameter |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    record.insert("parameter".to_owned(), Value::Array(rows.map(entry).collect()));
    record
}

/// A row of the table. An empty cell is no field, and a limit that is no number stays text.
fn entry(row: &str) -> Value {
    let cells = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
    let fields = ["name", "code", "at_least", "at_most", "source"];
    let fields = fields.into_iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
    let fields = fields.map(|(field, cell)| {
        let value = cell.parse().map_or_else(|_| Value::from(cell), Value::Integer);
        (field.to_owned(), value)
    });
    Value::Table(fields.collect())
}

/// The faults of a record, in sentences.
fn faults(record: &Table, constants: &[(&str, i64)], today: Date) -> Vec<String> {
    let mut faults = Vec::new();
    match record.get("checked").and_then(Value::as_datetime).and_then(|at| at.date) {
        None => faults.push("checked is no date".to_owned()),
        Some(checked) => {
            let until = (checked.year + 1, checked.month, checked.day);
            if today > until {
                faults.push(format!("checked on {checked}: look at the sources again"));
            }
            if (checked.year, checked.month, checked.day) > today {
                faults.push(format!("checked on {checked}, which has not come yet"));
            }
        }
    }
    let entries = record.get("parameter").and_then(Value::as_array).cloned().unwrap_or_default();
    let named = |name: &str| {
        let is_it = |entry: &&Value| entry.get("name").and_then(Value::as_str) == Some(name);
        entries.iter().filter(is_it).collect::<Vec<_>>()
    };
    for (name, value) in constants {
        match named(name)[..] {
            [entry] => faults.extend(faults_of(entry, name, *value)),
            [] => faults.push(format!("{name} has no entry")),
            _ => faults.push(format!("{name} has two entries")),
        }
    }
    for entry in &entries {
        let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
        if !constants.iter().any(|(known, _)| *known == name) {
            faults.push(format!("{name:?} is no parameter of the code"));
        }
    }
    faults
}

fn faults_of(entry: &Value, name: &str, value: i64) -> Vec<String> {
    let number = |field: &str| entry.get(field).and_then(Value::as_integer);
    let mut faults = Vec::new();
    if number("code") != Some(value) {
        faults.push(format!("{name} is {value} in the code"));
    }
    let (least, most) = (number("at_least"), number("at_most"));
    if least.is_none() && most.is_none() {
        faults.push(format!("{name} has no recommendation"));
    }
    if let Some(least) = least.filter(|least| value < *least) {
        faults.push(format!("{name} is {value}, and {least} at least is recommended"));
    }
    if let Some(most) = most.filter(|most| value > *most) {
        faults.push(format!("{name} is {value}, and {most} at most is recommended"));
    }
    if entry.get("source").and_then(Value::as_str).is_none_or(str::is_empty) {
        faults.push(format!("{name} has no source"));
    }
    faults
}

fn date(text: &str) -> Date {
    let mut parts = text[..10].split('-');
    let mut part = || parts.next().expect("a part");
    let year = part().parse().expect("a year");
    (year, part().parse().expect("a month"), part().parse().expect("a day"))
}

#[test]
fn every_parameter_is_recorded_recommended_and_checked_within_a_year() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/authentication-parameters.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let today = date(&rfc3339(Clock::system().now_ms()));
    let faults = faults(&record(&page), &constants(), today);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_row_of_the_page_is_an_entry_with_its_gaps() {
    let page = "Checked: 2026-11-25\n\n| parameter | code | at least | at most | source |\n\
                |---|---|---|---|---|\n| `a` | 5 | 5 | | x |\n| `b` | seven | | 7 | y |\n\nText.\n";
    let same = "checked = 2026-11-25\n\
                [[parameter]]\nname = \"a\"\ncode = 5\nat_least = 5\nsource = \"x\"\n\
                [[parameter]]\nname = \"b\"\ncode = \"seven\"\nat_most = 7\nsource = \"y\"\n";
    assert_eq!(record(page), same.parse().expect("TOML"));
    assert!(!record(&page.replace("2026-11-25", "lately")).contains_key("checked"));
}

#[test]
fn a_weaker_value_an_old_date_and_a_gap_are_found() {
    let good = "checked = 2026-11-25\n\
                [[parameter]]\nname = \"a\"\ncode = 5\nat_least = 5\nsource = \"x\"\n\
                [[parameter]]\nname = \"b\"\ncode = 7\nat_most = 7\nsource = \"y\"\n";
    let constants = [("a", 5), ("b", 7)];
    let today = (2026, 12, 1);
    let judged = |text: &str, constants: &[(&str, i64)], today| {
        faults(&text.parse().expect("TOML"), constants, today).len()
    };
    assert_eq!(judged(good, &constants, today), 0);
    assert_eq!(judged(good, &constants, (2027, 11, 25)), 0, "to the day");
    for later in [(2027, 11, 26), (2027, 12, 1), (2030, 1, 1)] {
        assert_eq!(judged(good, &constants, later), 1, "{later:?}");
    }
    assert_eq!(judged(good, &constants, (2026, 11, 24)), 1, "from the future");
    // The code is weaker than what is recommended, whether the record says so or not.
    assert_eq!(judged(&good.replace("code = 5", "code = 4"), &[("a", 4), ("b", 7)], today), 1);
    assert_eq!(judged(good, &[("a", 4), ("b", 7)], today), 2, "and it says something else");
    assert_eq!(judged(&good.replace("at_most = 7", "at_most = 6"), &constants, today), 1);
    assert_eq!(judged(&good.replace("at_least = 5", "at_least = 6"), &constants, today), 1);
    for (from, to) in [
        ("checked = 2026-11-25\n", ""),
        ("2026-11-25", "\"2026-11-25\""),
        ("at_least = 5\n", ""),
        ("source = \"x\"\n", ""),
        ("source = \"x\"", "source = \"\""),
        ("code = 5", "code = 6"),
        ("code = 5", "code = \"5\""),
    ] {
        assert_eq!(judged(&good.replace(from, to), &constants, today), 1, "{from} -> {to}");
    }
    assert_eq!(judged(good, &[("a", 5)], today), 1, "an entry too many");
    assert_eq!(judged(good, &[("a", 5), ("b", 7), ("c", 1)], today), 1, "a constant too many");
    let twice =
        format!("{good}[[parameter]]\nname = \"b\"\ncode = 7\nat_most = 7\nsource = \"y\"\n");
    assert_eq!(judged(&twice, &constants, today), 1, "an entry twice");
}
