//! The retention table of docs/privacy.md is made from the constants of the code and of the template, so
//! that the page promises what is done.

use std::path::{Path, PathBuf};

use shared::values::policy::{Bounds, DAY_MS, RetentionPolicy};

const PAGE: &str = "docs/privacy.md";
const BEGIN: &str = "<!-- retention table: begin -->\n";
const END: &str = "<!-- retention table: end -->\n";
const HEAD: &str = "| what | where | kept | a site may set | at its end |\n|---|---|---|---|---|\n";

const STORE: &str = "shared/store/src";
const SECOND_MS: i64 = 1_000;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The value of a constant as its source has it: whole numbers and `DAY_MS`, multiplied.
fn constant(file: &str, name: &str) -> i64 {
    let source = read(file);
    let (_, rest) = source
        .split_once(&format!("const {name}: "))
        .unwrap_or_else(|| panic!("{file} has no {name}"));
    let (_, value) = rest.split(';').next().and_then(|one| one.split_once('=')).expect("a value");
    let factor = |text: &str| match text.trim() {
        "DAY_MS" => DAY_MS,
        digits => digits.replace('_', "").parse().unwrap_or_else(|_| panic!("{name}: {digits}")),
    };
    value.split('*').map(factor).product()
}

/// What the template says of a resource or a parameter.
fn section(name: &str) -> String {
    let template = read("template.yaml");
    let (_, rest) = template
        .split_once(&format!("\n  {name}:\n"))
        .unwrap_or_else(|| panic!("the template has no {name}"));
    let inside = |line: &&str| line.starts_with("    ");
    rest.lines().take_while(inside).collect::<Vec<_>>().join("\n")
}

/// The number behind a mark.
fn number_behind(text: &str, mark: &str) -> Option<i64> {
    let (_, rest) = text.split_once(mark)?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Days for which a table can be restored to any second of them.
fn recovery_days(table: &str) -> i64 {
    let section = section(table);
    assert!(section.contains("PointInTimeRecoverySpecification"), "{table} does not say");
    number_behind(&section, "RecoveryPeriodInDays: ").unwrap_or(0)
}

/// A time in its largest whole unit.
fn span(ms: i64) -> String {
    let units = [(DAY_MS, "day"), (3_600_000, "hour"), (60_000, "minute"), (SECOND_MS, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| ms % unit == 0).expect("whole seconds");
    let count = ms / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

fn days(days: impl Into<i64>) -> String {
    span(days.into() * DAY_MS)
}

fn bounds(bounds: Bounds) -> String {
    format!("{} to {} days", bounds.min, bounds.max)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn rows() -> Vec<[String; 5]> {
    let policy = RetentionPolicy::DEFAULT;
    let sweep = number_behind(&section("SweepFunction"), "rate(").expect("a schedule");
    let swept = format!(
        "refused from that second on; key destroyed by the next sweep, every {sweep} minutes"
    );
    let audit = || format!("{} from then", days(policy.audit_days()));
    let of_audit = || bounds(RetentionPolicy::AUDIT_DAYS);
    let hold = format!("{STORE}/hold.rs");
    let customer = format!("{STORE}/customer.rs");
    let (due, once) = (format!("{STORE}/due.rs"), format!("{STORE}/once.rs"));
    let token = "shared/access/src/token.rs";
    let backups = ["Conversations", "Settings", "Identity", "Events", "Ledger"];
    let backups = backups.map(|name| {
        format!("`{}` {}", name.to_lowercase(), recovery_days(&format!("{name}Table")))
    });
    for table in ["KeysTable", "ProfilesTable", "TransportTable", "WatchTable"] {
        assert_eq!(recovery_days(table), 0, "{table}");
    }
    let ttl = "DynamoDB's TTL deletes it";
    let row = |what: &str, place: &str, kept: String, set: String, end: &str| {
        [what.to_owned(), place.to_owned(), kept, set, end.to_owned()]
    };
    let no = || "no".to_owned();
    vec![
        row(
            "what visitors write and are answered, ratings, reasons of a hand-over, what they agreed to",
            "`keys`, `conversations`",
            format!("{} from the opening", days(policy.transcript_days())),
            bounds(RetentionPolicy::TRANSCRIPT_DAYS),
            &format!("{swept}; ciphertext by the TTL"),
        ),
        row(
            "that a conversation takes messages",
            "",
            format!("{} from the opening", days(policy.conversation_max_days())),
            format!(
                "{}, and no longer than the transcript",
                bounds(RetentionPolicy::CONVERSATION_MAX_DAYS)
            ),
            "refused",
        ),
        row(
            "contact details",
            "`keys`, `profiles`",
            format!("{} from when they were last left", days(policy.lead_days())),
            bounds(RetentionPolicy::LEAD_DAYS),
            &format!("{swept}, and the contact with it"),
        ),
        row(
            "which subject a customer of the site is",
            "`keys`, `profiles`",
            format!(
                "{} to {} longer than a transcript that begins with the sign-in",
                constant(&customer, "LEAST_DAYS"),
                days(constant(&customer, "FULL_DAYS")),
            ),
            "with the transcript".to_owned(),
            ttl,
        ),
        row(
            "that an identity was used",
            "`watch`",
            format!("{} beyond its end", span(constant(&once, "MARGIN_MS"))),
            no(),
            ttl,
        ),
        row(
            "what is under a legal hold",
            "as above",
            format!(
                "until the hold is released; then to its old end, and {} at least",
                days(constant(&hold, "AFTER_RELEASE_DAYS")),
            ),
            "by each hold".to_owned(),
            "as above",
        ),
        row(
            "that an erased conversation or contact was there: ids and its end",
            "`keys`",
            "until the end that it was promised".to_owned(),
            no(),
            ttl,
        ),
        row(
            "that a subject was erased, the entry in the ledger, the receipt",
            "`keys`, `ledger`",
            audit(),
            of_audit(),
            ttl,
        ),
        row("who has read what of whom, and why", "`ledger`, `events`", audit(), of_audit(), ttl),
        row("security events: who of the staff did what", "`events`", audit(), of_audit(), ttl),
        row(
            "requests of subjects, as cases; holds",
            "`ledger`",
            format!("until they are closed or released, and {} more", days(policy.audit_days())),
            of_audit(),
            ttl,
        ),
        row(
            "that an erasure waits for a hold to end",
            "`ledger`",
            format!(
                "until it is carried out, and {} at most",
                days(RetentionPolicy::AUDIT_DAYS.max),
            ),
            no(),
            "deleted by what carries it out",
        ),
        row(
            "which logs the sweep has changed; which it has still to delete",
            "`ledger`",
            format!(
                "{}; until it has, and {} at most",
                span(constant(&due, "TOUCHED_MS")),
                span(constant(&due, "QUEUED_MS")),
            ),
            no(),
            &format!("{ttl}; the sweep"),
        ),
        row(
            "the visitor's token",
            "the browser's tab",
            format!(
                "{}; renewed for {} more, while something is stored",
                span(constant(token, "LIFETIME_SECONDS") * SECOND_MS),
                span(constant(token, "RENEWAL_SECONDS") * SECOND_MS),
            ),
            no(),
            "refused",
        ),
        row(
            "accounts of the staff",
            "`identity`",
            "until an admin deletes them".to_owned(),
            no(),
            "deleted",
        ),
        row(
            "sessions and invitations of the staff",
            "`identity`",
            format!(
                "{}, {} at most",
                span(constant("functions/auth/src/store/session.rs", "LONGEST_MS")),
                span(constant("functions/auth/src/store/invitation.rs", "LIFETIME_MS")),
            ),
            no(),
            "refused; the TTL deletes them",
        ),
        row(
            "keys that browsers seal to",
            "`transport`",
            span(constant(&format!("{STORE}/transport_key.rs"), "LONGEST_LIFE_MS")),
            no(),
            "destroyed by the next sweep or rotation",
        ),
        row(
            "the month's key of transcripts, of contacts",
            "`settings`",
            format!(
                "{} beyond the latest end of what it may wrap",
                days(constant(&format!("{STORE}/settings.rs"), "RETIRED_AFTER_DAYS")),
            ),
            "with transcript and contact".to_owned(),
            "destroyed by the sweep",
        ),
        row(
            "keys in a function's memory: of a conversation, of a month",
            "",
            format!(
                "{}, {} at most",
                span(constant(&format!("{STORE}/mod.rs"), "CONVERSATION_LIFETIME_MS")),
                span(constant("shared/store/src/keyring.rs", "LIFETIME_MS")),
            ),
            no(),
            "overwritten",
        ),
        row(
            "lines of logs, without content",
            "CloudWatch",
            days(number_behind(&section("LogRetentionDays"), "Default: ").expect("a default")),
            "the parameter `LogRetentionDays`".to_owned(),
            "deleted by CloudWatch",
        ),
        row(
            "backups to any second (point-in-time recovery), in days",
            "",
            format!("{}; of the others none", backups.join(", ")),
            no(),
            "replaced by DynamoDB",
        ),
    ]
}

fn table() -> String {
    let rows = rows().into_iter().map(|row| format!("| {} |\n", row.join(" | ")));
    HEAD.to_owned() + &rows.collect::<String>()
}

/// Run with `SOTTO_UPDATE=1` to write the table anew.
#[test]
fn the_retention_table_is_made_of_the_codes_constants() {
    let page = read(PAGE);
    let (before, rest) = page.split_once(BEGIN).expect("the page has the table");
    let (written, after) = rest.split_once(END).expect("the table has an end");
    let made = table();
    if std::env::var_os("SOTTO_UPDATE").is_some() {
        let anew = format!("{before}{BEGIN}{made}{END}{after}");
        std::fs::write(path(PAGE), anew).expect("the page is written");
        return;
    }
    assert!(written == made, "the table of {PAGE} is old: run with SOTTO_UPDATE=1\n{made}");
}

#[test]
fn a_constant_is_read_as_it_is_written() {
    assert_eq!(constant("shared/values/src/policy.rs", "DAY_MS"), DAY_MS);
    assert_eq!(span(90_000), "90 seconds");
    assert_eq!(span(DAY_MS), "1 day");
    assert_eq!(span(36 * 3_600_000), "36 hours");
}
