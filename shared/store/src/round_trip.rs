//! Writing and reading each record is the identity. A contact has its own test, beside it.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::StoreError;
use super::attributes::{Item, Value};
use super::body::{
    Agent, Body, Claim, Closing, Consent, Feedback, Rating, Release, Target, Why, Words,
};
use super::case::{Case, Kind as CaseKind, Step, What};
use super::erasure::{OfNothing, Request};
use super::erasure_request::{ErasureRequest, Waiting};
use super::event::{Answered, Kind, Spoken};
use super::hold::{Hold, Released, Rest as HoldRest};
use super::ledger::{Basis, Entry, Rest as EntryRest};
use super::policy::StoredPolicy;
use super::progress::Progress;
use super::read_record::{ReadPurpose, ReadRecord, ReadScope};
use super::subject::{ENDED_MS, Erased, Subject};
use seal::envelope::Sealed;
use values::clock::{Clock, UnixMillis, rfc3339};
use values::deadline::Law;
use values::ids::{CaseId, ConversationId, EventId, HoldId, ReceiptId, StaffId, SubjectId};
use values::policy::{RetentionPolicy, Shown};
use values::role::Role;
use values::secret::Plaintext;
use values::site::Site;

/// Times that an id can carry.
fn time() -> impl Strategy<Value = UnixMillis> {
    0_i64..1 << 41
}

/// Ends are stored in whole seconds.
fn end() -> impl Strategy<Value = UnixMillis> {
    (0_i64..1 << 31).prop_map(|seconds| seconds * 1000)
}

pub(super) fn text() -> impl Strategy<Value = String> {
    "\\PC{0,40}|[\"\\\\\n\u{0}-\u{1f}]{0,10}"
}

fn sealed() -> impl Strategy<Value = Sealed> {
    vec(any::<u8>(), 0..60).prop_map(Sealed::from_stored)
}

macro_rules! ids {
    ($($name:ident: $id:ty),+ $(,)?) => {
        $(fn $name() -> impl Strategy<Value = $id> {
            time().prop_map(|at_ms| <$id>::generate(&Clock::manual(at_ms)).unwrap())
        })+
    };
}

ids! {
    subject: SubjectId, conversation: ConversationId, staff: StaffId, hold_id: HoldId,
    receipt: ReceiptId, case_id: CaseId, event: EventId,
}

prop_compose! {
    fn consent()(
        locale in text(), notice_version in text(), purposes in vec(text(), 0..4),
    ) -> Consent {
        Consent { locale, notice_version, purposes }
    }
}

prop_compose! {
    fn agent()(id in staff(), name in text()) -> Agent {
        Agent { id, name }
    }
}

prop_compose! {
    fn words()(agent in agent(), text in text()) -> Words {
        Words { agent, text }
    }
}

fn body() -> impl Strategy<Value = Body> {
    let answered = (text(), vec(text(), 0..3), vec(text(), 0..3))
        .prop_map(|(text, sources, choices)| Answered { text, sources, choices });
    let said = (text(), option::of(answered));
    prop_oneof![
        consent().prop_map(Body::Opened),
        said.prop_map(|(message, reply)| Body::Said(Spoken { message, reply })),
        text().prop_map(Body::Handover),
        (option::of(text()), 1_u8..=5)
            .prop_map(|(comment, score)| Body::Rated(Rating { comment, score })),
        option::of((agent(), text(), vec(text(), 0..3))).prop_map(|closing| {
            Body::Closed(closing.map(|(agent, reason, tags)| Closing { agent, reason, tags }))
        }),
        (agent(), option::of(text()), option::of(agent())).prop_map(
            |(agent, note, transferred_by)| Body::Claimed(Claim { agent, note, transferred_by })
        ),
        (any::<bool>(), select(vec![Why::Released, Why::Silent, Why::Away, Why::Nobody])).prop_map(
            |(queue, why)| {
                Body::Released(Release { to: if queue { Target::Queue } else { Target::Bot }, why })
            }
        ),
        words().prop_map(Body::AgentMessage),
        words().prop_map(Body::Annotated),
        (any::<bool>(), any::<u64>())
            .prop_map(|(helpful, seq)| Body::Feedback(Feedback { helpful, seq })),
        Just(Body::LeadOffered),
        Just(Body::Erased),
    ]
}

prop_compose! {
    fn released()(
        at_ms in time(), by in option::of(staff()), reason in option::of(sealed()), end_ms in end(),
    ) -> (Released, UnixMillis) {
        (Released { at_ms, by, reason }, end_ms)
    }
}

prop_compose! {
    fn hold()(
        id in hold_id(), subject in subject(), conversation in option::of(conversation()),
        reason in sealed(), placed_by in staff(), placed_ms in time(), review_ms in time(),
        ends_ms in option::of(time()), released in option::of(released()),
        rest in select(vec![HoldRest::Freeze, HoldRest::Thaw, HoldRest::Done]),
    ) -> Hold {
        let end_ms = released.as_ref().map_or(0, |(_, end_ms)| *end_ms);
        let released = released.map(|(released, _)| released);
        let site = Site::SHIPPED;
        Hold {
            id, subject, conversation, site, reason, placed_by, placed_ms, review_ms, ends_ms,
            released, end_ms, rest,
        }
    }
}

prop_compose! {
    /// A case after some steps, those that are not to be taken left out.
    fn case()(
        id in case_id(), kind in select(vec![CaseKind::Access, CaseKind::Erasure]),
        law in select(vec![Law::Gdpr, Law::Ccpa]), subject in option::of(subject()),
        received_ms in time(), by in staff(), receipt in receipt(),
        steps in vec((0_usize..8, any::<bool>(), time()), 0..8),
    ) -> Case {
        let mut case = Case::opened(id, (kind, law), subject, received_ms, (by, received_ms));
        for (step, by_staff, at_ms) in steps {
            let step = [
                Step::Verify, Step::Confirm, Step::TellOfHold, Step::Extend, Step::Answer,
                Step::Note(What::Exported), Step::Note(What::Waiting),
                Step::Note(What::Erased(receipt)),
            ][step];
            let before = case.clone();
            case = case.after(step, by_staff.then_some(by), at_ms).unwrap_or(before);
        }
        case
    }
}

prop_compose! {
    fn policy()(
        days in (1_u64..=365, 1_u64..=730, 365_u64..=3650, 1_u64..=30),
        ended in (time(), time()), shown in (any::<u16>(), any::<u16>(), time()),
        version in 1_u64.., changed_ms in time(), longest in any::<(u16, u16)>(),
    ) -> StoredPolicy {
        let policy = RetentionPolicy::new(days.0.max(days.3), days.1, days.2, days.3).unwrap();
        let (transcript_days, lead_days, until_ms) = shown;
        StoredPolicy {
            policy: policy
                .with_ended(ended.0, ended.1)
                .with_shown(Shown { transcript_days, lead_days, until_ms }),
            version,
            changed_ms: Some(changed_ms),
            longest_transcript_days: longest.0,
            longest_lead_days: longest.1,
        }
    }
}

fn basis() -> impl Strategy<Value = Basis> {
    select(vec![Basis::Gdpr17, Basis::CcpaDelete, Basis::Other])
}

prop_compose! {
    fn entry()(
        number: u64, subject in subject(), receipt in receipt(), basis in basis(),
        times in (time(), time(), end()), idempotency: [u8; 32], counts in any::<(u64, u64)>(),
        kept in vec(conversation(), 0..3),
        rest in select(vec![EntryRest::Purge, EntryRest::Kept, EntryRest::Nothing]),
    ) -> Entry {
        let (requested_ms, destroyed_ms, end_ms) = times;
        let (conversations, keys_destroyed) = counts;
        let site = Site::SHIPPED;
        Entry {
            number, subject, receipt, site, basis, requested_ms, destroyed_ms, idempotency,
            conversations, keys_destroyed, kept, rest, end_ms,
        }
    }
}

prop_compose! {
    fn erasure_request()(
        subject in subject(), kept in option::of(any::<u64>()), basis in basis(),
        requested_ms in time(), idempotency: [u8; 32], by in option::of(staff()),
    ) -> ErasureRequest {
        let site = Site::SHIPPED;
        let of_nothing = OfNothing::Entered;
        let request = Request { subject, site, basis, requested_ms, idempotency, of_nothing };
        ErasureRequest { subject, what: kept.map_or(Waiting::Whole(request, by), Waiting::Kept) }
    }
}

fn read_scope() -> impl Strategy<Value = ReadScope> {
    prop_oneof![
        Just(ReadScope::Everything),
        Just(ReadScope::Contact),
        conversation().prop_map(ReadScope::Conversation),
    ]
}

prop_compose! {
    fn read_record()(
        event in event(), at_ms in time(), staff in staff(),
        role in select(vec![Role::Agent, Role::Privacy, Role::Security, Role::Admin]),
        purpose in select(vec![ReadPurpose::Support, ReadPurpose::Quality, ReadPurpose::Legal]),
        words in option::of(sealed()), scope in read_scope(),
    ) -> ReadRecord {
        ReadRecord { event, at: rfc3339(at_ms), staff, role, purpose, words, scope }
    }
}

prop_compose! {
    fn progress()(
        hour in option::of(text()), aligned_version: Option<u64>, aligning: Option<u64>,
        after: Option<(Vec<u8>, Vec<u8>)>, looked_at: u64, stamp in option::of(time()),
    ) -> Progress {
        Progress { hour, aligned_version, aligning, after, looked_at, stamp }
    }
}

/// An attribute that is not what was stored is told by its table and its name, and by nothing that is
/// stored.
fn damage_is_named<T>(
    table: &'static str,
    item: &Item,
    read: impl Fn(Item) -> Result<T, StoreError>,
) {
    for name in item.keys() {
        let mut damaged = item.clone();
        damaged.insert(name.clone(), Value::Null(true));
        if let Err(error) = read(damaged) {
            let said = format!("an item of the table {table} is damaged: attribute {name}");
            assert_eq!(error.to_string(), said);
        }
    }
}

proptest! {
    #[test]
    fn damage_is_told_by_table_and_attribute(
        hold in hold(), case in case(), policy in policy(), entry in entry(),
        erasure_request in erasure_request(), record in read_record(), subject in subject(), progress in progress(), number: u64,
    ) {
        damage_is_named("ledger", &hold.to_item(), Hold::from_item);
        damage_is_named("ledger", &case.to_item(None).unwrap(), Case::from_item);
        let stored = policy.to_item(Site::SHIPPED);
        damage_is_named("settings", &stored, |item| StoredPolicy::from_item(&item));
        damage_is_named("ledger", &entry.to_item(), Entry::from_item);
        damage_is_named("ledger", &erasure_request.to_item(0), ErasureRequest::from_item);
        damage_is_named("ledger", &record.to_item(subject, 0), ReadRecord::from_item);
        let erased = Erased { receipt: entry.receipt, number: Some(number) };
        let erased = Subject { erased: Some(erased), ..Subject::default() };
        damage_is_named("keys", &erased.to_item(subject, 0), Subject::from_item);
        let held = Subject { holds: vec![hold.id], ..Subject::default() };
        damage_is_named("keys", &held.to_item(subject, 0), Subject::from_item);
        damage_is_named("ledger", &progress.to_item(), Progress::from_item);
    }

    #[test]
    fn what_an_event_says(body in body()) {
        let read = Body::decode(body.kind(), &body.encode().unwrap());
        prop_assert!(read == Ok(body));
    }

    #[test]
    fn no_bytes_in_the_place_of_an_event_make_it_panic(bytes: Vec<u8>, kind in 0_usize..4) {
        let kind = [Kind::Opened, Kind::Message, Kind::Handover, Kind::Rated][kind];
        let _read = Body::decode(kind, &Plaintext::new(bytes));
    }

    #[test]
    fn a_hold(hold in hold()) {
        prop_assert!(Hold::from_item(hold.to_item()) == Ok(hold));
    }

    #[test]
    fn a_case(case in case()) {
        prop_assert_eq!(Case::from_item(case.to_item(None).unwrap()), Ok(case));
    }

    #[test]
    fn a_policy(policy in policy()) {
        prop_assert_eq!(StoredPolicy::from_item(&policy.to_item(Site::SHIPPED)), Ok(policy));
    }

    #[test]
    fn an_erasure(entry in entry()) {
        prop_assert_eq!(Entry::from_item(entry.to_item()), Ok(entry));
    }

    #[test]
    fn an_erasure_that_waits(erasure_request in erasure_request()) {
        prop_assert_eq!(ErasureRequest::from_item(erasure_request.to_item(0)), Ok(erasure_request));
    }

    #[test]
    fn a_reading(record in read_record(), subject in subject()) {
        prop_assert!(ReadRecord::from_item(record.to_item(subject, 0)) == Ok(record));
    }

    #[test]
    fn a_subject_who_is_held(
        subject in subject(), holds in vec(hold_id(), 1..3), ended in option::of(0..1_i64 << 40),
    ) {
        let held = Subject { erased: None, holds, ended, kept_until: None };
        prop_assert_eq!(Subject::from_item(held.to_item(subject, 0)), Ok(held));
    }

    #[test]
    fn a_subject_whose_sessions_are_ended(subject in subject(), ended in 0..1_i64 << 40) {
        let kept_until = Some(ended + ENDED_MS / 1_000);
        let row = Subject { ended: Some(ended), kept_until, ..Subject::default() };
        prop_assert_eq!(Subject::from_item(row.to_item(subject, 0)), Ok(row));
    }

    #[test]
    fn a_subject_who_was_erased(
        subject in subject(), receipt in receipt(), number in option::of(any::<u64>()),
    ) {
        let erased = Some(Erased { receipt, number });
        let erased = Subject { erased, kept_until: Some(7), ..Subject::default() };
        prop_assert_eq!(Subject::from_item(erased.to_item(subject, 7_000)), Ok(erased));
    }

    #[test]
    fn how_far_the_sweep_is(progress in progress()) {
        prop_assert_eq!(Progress::from_item(progress.to_item()), Ok(progress));
    }
}
