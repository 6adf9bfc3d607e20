//! The retention table of docs/privacy.md is made from the constants of the code and of the template, so
//! that the page promises what is done.

use std::path::{Path, PathBuf};

use auth::store::invitation;
use auth::store::session as staff_session;
use shared::store::asked_erasure::AskedErasure;
use shared::store::practice::Practice;
use shared::store::{
    self, conversation, customer, delivery, due, erasure, hold, incident, key_row, keyring, live,
    once, report, session, subject, transport_key,
};
use shared::values::policy::{Bounds, DAY_MS, RetentionPolicy};
use template::{Schedule, Table, Template};

const PAGE: &str = "docs/privacy.md";
const BEGIN: &str = "<!-- retention table: begin -->\n";
const END: &str = "<!-- retention table: end -->\n";
const HEAD: &str = "| what | where | kept | a site may set | at its end |\n|---|---|---|---|---|\n";

const SECOND_MS: i64 = 1_000;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Days for which a table can be restored to any second of them; none is zero.
fn recovery_days(table: &Table) -> i64 {
    table.recovery_days().map_or(0, i64::from)
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
    let template = Template::deployed().expect("the template");
    let sweep = template.function_of("sweep").expect("a sweep").schedules();
    let sweep_ms = sweep.iter().find_map(Schedule::every_ms).expect("a schedule");
    let swept = format!(
        "refused from that second on; key destroyed by the next sweep, every {}",
        span(sweep_ms)
    );
    let audit = || format!("{} from then", days(policy.audit_days()));
    let of_audit = || bounds(RetentionPolicy::AUDIT_DAYS);
    let (kept, lost): (Vec<_>, Vec<_>) =
        template.tables().iter().partition(|table| recovery_days(table) > 0);
    let backups =
        kept.iter().map(|table| format!("`{}` {}", table.short_name(), recovery_days(table)));
    let backups: Vec<_> = backups.collect();
    let lost: Vec<_> = lost.iter().map(|table| table.short_name()).collect();
    // A restore of one of these would bring back erased data.
    assert_eq!(lost, ["keys", "profiles", "transport", "watch"]);
    let ttl = "DynamoDB's TTL deletes it";
    let row = |what: &str, place: &str, kept: String, set: String, end: &str| {
        [what.to_owned(), place.to_owned(), kept, set, end.to_owned()]
    };
    let no = || "no".to_owned();
    vec![
        row(
            "what visitors write and are answered, ratings, reasons of a hand-over, what they agreed to, notes and tags of agents, who had it",
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
                customer::LEAST_DAYS,
                days(customer::FULL_DAYS),
            ),
            "with the transcript".to_owned(),
            ttl,
        ),
        row(
            "that an identity was used",
            "`watch`",
            format!("{} beyond its end", span(once::MARGIN_MS)),
            no(),
            ttl,
        ),
        row(
            "who types, what an agent has seen",
            "`watch`",
            format!("{} at most", span(live::SIDE_MS)),
            no(),
            ttl,
        ),
        row(
            "that an agent is there, and their first name",
            "`watch`",
            format!("{} after the last time", span(live::REMEMBERED_MS)),
            no(),
            ttl,
        ),
        row(
            "how long a visitor waited for a person, not who it was",
            "`watch`",
            span(live::WAIT_MS),
            no(),
            ttl,
        ),
        row(
            "what is under a legal hold",
            "as above",
            format!(
                "until the hold is released; then to its old end, and {} at least",
                days(hold::AFTER_RELEASE_DAYS),
            ),
            "by each hold".to_owned(),
            "as above",
        ),
        row(
            "that an erased conversation or contact was there: ids and its end",
            "`keys`",
            format!(
                "until the end that it was promised, and {} from then at least",
                span(key_row::COUNTED_MS),
            ),
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
        row(
            "that somebody was erased of whom nothing was stored, and the receipt",
            "`keys`, `ledger`",
            span(erasure::NOTHING_MS),
            no(),
            ttl,
        ),
        row(
            "the number of the last opening, of who has ten conversations or more",
            "`keys`",
            span(conversation::OPENING_MS),
            no(),
            ttl,
        ),
        row("who has read what of whom, and why", "`ledger`, `events`", audit(), of_audit(), ttl),
        row("security events: who of the staff did what", "`events`", audit(), of_audit(), ttl),
        row(
            "that there was a security event: its id, its end and a salted hash of it",
            "`log`",
            "for good".to_owned(),
            no(),
            "says nothing more when the event is deleted, and its salt with it",
        ),
        row("where a security event is in the audit log", "`log`", audit(), of_audit(), ttl),
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
                span(due::TOUCHED_MS),
                span(due::QUEUED_MS),
            ),
            no(),
            &format!("{ttl}; the sweep"),
        ),
        row(
            "erasures without a case that wait for an approval, with their reason",
            "`ledger`",
            span(AskedErasure::LIFE_MS),
            no(),
            &format!("refused; {ttl}"),
        ),
        row(
            "the visitor's token",
            "the browser's tab",
            format!(
                "{}; renewed for {} more, while a conversation is stored, and {} in all; a customer's {} in all",
                span(session::TOKEN_SECONDS * SECOND_MS),
                span(session::RENEWAL_SECONDS * SECOND_MS),
                span(session::GUEST_SECONDS * SECOND_MS),
                span(session::CUSTOMER_SECONDS * SECOND_MS),
            ),
            no(),
            "refused",
        ),
        row(
            "that a subject's sessions were ended, and when",
            "`keys`",
            format!("{} from then", span(subject::ENDED_MS)),
            no(),
            ttl,
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
                span(staff_session::LONGEST_MS),
                span(invitation::LIFETIME_MS)
            ),
            no(),
            "refused; the TTL deletes them",
        ),
        row(
            "keys that browsers seal to",
            "`transport`",
            span(transport_key::LONGEST_LIFE_MS),
            no(),
            "destroyed by the next sweep or rotation",
        ),
        row(
            "the month's key of transcripts, of contacts",
            "`settings`",
            format!(
                "{} beyond the latest end of what it may wrap",
                days(store::policy::RETIRED_AFTER_DAYS),
            ),
            "with transcript and contact".to_owned(),
            "destroyed by the sweep",
        ),
        row(
            "certificates of the staff, their last attempts at each course, their results of practices, and \
             when an incident about them was judged to be one",
            "`training`",
            format!("until an admin deletes the account, and {}", audit()),
            of_audit(),
            ttl,
        ),
        row(
            "which practices admins have sent, when, and who",
            "`training`",
            span(Practice::LIFE_MS),
            no(),
            &format!("refused; {ttl}"),
        ),
        row("incidents, and what was done about them", "`incidents`", audit(), of_audit(), ttl),
        row(
            "the results of audits, who follows which finding, and their notes",
            "`incidents`",
            audit(),
            of_audit(),
            ttl,
        ),
        row(
            "what the staff did lately, and at what hours",
            "`incidents`",
            format!("{} from the last of it", span(incident::HABIT_MS)),
            no(),
            ttl,
        ),
        row(
            "how often a network or a visitor was over a limit",
            "`incidents`",
            format!("{} from the last of it", span(incident::GUESTS_HABIT_MS)),
            no(),
            ttl,
        ),
        row(
            "which incident further signals join",
            "`incidents`",
            format!("{} from the last of them", span(incident::JOINED_MS)),
            no(),
            ttl,
        ),
        row(
            "which conversations are decoys",
            "`incidents`",
            "until the conversation ends".to_owned(),
            no(),
            ttl,
        ),
        row(
            "how rules were judged, and their thresholds",
            "`incidents`",
            "for good".to_owned(),
            no(),
            "they name nobody",
        ),
        row(
            "what an incident has locked",
            "`settings`",
            "until somebody lifts it; of sessions and networks a day".to_owned(),
            no(),
            "deleted",
        ),
        row(
            "canned answers of agents",
            "`desk`",
            "until an agent deletes them".to_owned(),
            no(),
            "deleted",
        ),
        row(
            "what the bot knows: drafts, and the last 50 publications",
            "`desk`, `settings`",
            "until an admin deletes them, and 49 more have been published".to_owned(),
            no(),
            "speaks of nobody",
        ),
        row(
            "that a contact or an incident is to be sent to the webhook, or was not taken",
            "`desk`",
            span(delivery::KEPT_MS),
            no(),
            "not sent any more; the TTL deletes it",
        ),
        row(
            "what reports count of a conversation, without its id",
            "`desk`",
            span(report::FACTS_MS),
            no(),
            "the TTL deletes it; an erasure leaves it",
        ),
        row(
            "counts of a day",
            "`desk`",
            span(report::TOTALS_MS),
            no(),
            "the TTL deletes them; they name nobody",
        ),
        row(
            "keys in a function's memory: of a conversation, of a month",
            "",
            format!(
                "{}, {} at most",
                span(store::CONVERSATION_LIFETIME_MS),
                span(keyring::LIFETIME_MS),
            ),
            no(),
            "overwritten",
        ),
        row(
            "lines of logs, without content",
            "CloudWatch",
            days(template.default_of("LogRetentionDays").as_i64().expect("a default")),
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
fn a_time_is_told_in_its_largest_whole_unit() {
    assert_eq!(span(90_000), "90 seconds");
    assert_eq!(span(DAY_MS), "1 day");
    assert_eq!(span(36 * 3_600_000), "36 hours");
}
