//! Audits of the deployment: their results, and how far people have come with what was found.
//!
//! Items of the table `incidents`:
//! - `p` = `audits`, `k` = the id of an audit: `t` when it was asked for (ms), `a` who asked, if somebody did, `b` the
//!   audit before it; from its end on `e` when it ended (ms), `c` the checkpoint of the audit log, `f` the id of the
//!   security event of its end; `expires_at`.
//! - `p` = `audits`, `k` = `last`: `i` the audit that has begun last, `d` the one that has ended last, `expires_at`.
//!   They differ while an audit is running.
//! - `p` = `audits`, `k` = `next`: `t` when the next one is due (ms).
//! - `p` = `audit#<id>`, `k` = a control: `r` its result, `j` the evidence as JSON, `w` the reason of the result; and
//!   where people follow it `q` the state, `s` when somebody said so (ms), `u` until when it is to be done, `t` when
//!   it was changed (ms), `o` the owner, `v` the note, `a` who changed it; `expires_at`.
//! - `p` = `audit#<id>`, `k` = `configuration`: `j` what was configured, as JSON, `expires_at`.
//!
//! A result is written once, by the job. Afterwards only the attributes of the state change. The security event of
//! the end commits to all results and to the configuration ([`finished_object`]).

mod carried;

pub use carried::carry_over;

use aws_sdk_dynamodb::Client;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::attributes::{
    EXPIRES_AT, Item, corrupt, expiry, in_table, number, optional, read_number, string, take_string,
};
use super::bundle::sum;
use super::table::{Key, Page, Table};
use super::write::{NEW, Write, check, put, put_if, update};
use values::clock::{Clock, UnixMillis, rfc3339};
use values::control::{Control, Outcome, State};
use values::ids::{AuditId, EventId, StaffId};
use values::policy::{AuditDays, DAY_MS};

const TABLE: &str = "incidents";
const AUDITS: &str = "audits";
/// Behind every id, so that a page from the end can begin there.
const LAST: &str = "last";
const NEXT: &str = "next";
const CONFIGURATION: &str = "configuration";
/// How long people have for a control by hand.
pub const BY_HAND_MS: UnixMillis = 30 * DAY_MS;
/// Rows that are read at once where only a few attributes are wanted.
const ROWS: i32 = 100;

/// A question that was asked, and the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The call, and what it was about.
    pub asked: String,
    /// The answer, in words.
    pub answered: String,
    /// When.
    pub at_ms: UnixMillis,
}

/// A control as the machine has judged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The control.
    pub control: Control,
    /// The result.
    pub outcome: Outcome,
    /// The questions and answers that bear it out.
    pub evidence: Vec<Evidence>,
    /// Why, where the result does not say it all.
    pub reason: Option<String>,
}

impl Judged {
    /// Whether the control does not hold.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.outcome == Outcome::Failed
    }
}

/// How far people have come with a control. No `Debug`: the note is somebody's words.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Followed {
    /// How far they have come.
    pub state: State,
    /// When the state was said last. From then on the days of a control by hand are counted.
    pub stated_ms: UnixMillis,
    /// The person who is at it.
    pub owner: Option<StaffId>,
    /// Until when it is to be done, `2027-01-31`.
    pub due: String,
    /// Their note.
    pub note: Option<String>,
    /// When any of it was changed last; a change is conditional on it.
    pub changed_ms: UnixMillis,
    /// The person who changed it; nobody where an audit did.
    pub by: Option<StaffId>,
}

impl Followed {
    /// A control that nobody has looked at.
    #[must_use]
    pub fn open(control: Control, now_ms: UnixMillis) -> Self {
        let within_ms = if control.is_by_hand() { BY_HAND_MS } else { control.mend_within_ms() };
        Self {
            state: State::Open,
            stated_ms: now_ms,
            owner: None,
            due: date(now_ms.saturating_add(within_ms)),
            note: None,
            changed_ms: now_ms,
            by: None,
        }
    }

    /// Whether it is still to be done, and was to be done by the day before.
    #[must_use]
    pub fn is_overdue(&self, now_ms: UnixMillis) -> bool {
        is_overdue((self.state, &self.due), now_ms)
    }

    /// Until when a control by hand counts as done, if it is.
    #[must_use]
    pub fn done_until_ms(&self, control: Control) -> Option<UnixMillis> {
        let days = control.nature().by_hand_days.filter(|_| self.state == State::Fixed)?;
        Some(self.stated_ms.saturating_add(i64::from(days) * DAY_MS))
    }
}

/// A control with its result, and how far people have come with it, if there is anything to do.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Examined {
    /// The result.
    pub judged: Judged,
    /// How far people have come.
    pub followed: Option<Followed>,
}

/// The same without evidence and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The control.
    pub control: Control,
    /// The result.
    pub outcome: Outcome,
    /// How far people have come, and until when it is to be done.
    pub followed: Option<(State, String)>,
}

impl Standing {
    /// Whether it is still to be done, and was to be done by the day before.
    #[must_use]
    pub fn is_overdue(&self, now_ms: UnixMillis) -> bool {
        let followed = self.followed.as_ref();
        followed.is_some_and(|(state, due)| is_overdue((*state, due), now_ms))
    }
}

/// An audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Its id.
    pub id: AuditId,
    /// When it was asked for, or began by itself.
    pub asked_ms: UnixMillis,
    /// The person who asked; nobody where it began by itself.
    pub by: Option<StaffId>,
    /// When it ended; `None` while it is running.
    pub ended_ms: Option<UnixMillis>,
    /// The audit that had ended last when this one began: [`Audits::last_finished`].
    pub previous: Option<AuditId>,
    /// The checkpoint of the audit log when it was looked at.
    pub checkpoint: Option<String>,
    /// The id of the security event of its end.
    pub finished_event: Option<EventId>,
}

impl Audit {
    /// An audit that begins.
    #[must_use]
    pub const fn begun(
        id: AuditId,
        asked_ms: UnixMillis,
        by: Option<StaffId>,
        previous: Option<AuditId>,
    ) -> Self {
        Self { id, asked_ms, by, ended_ms: None, previous, checkpoint: None, finished_event: None }
    }
}

/// A page of audits, the newest first.
pub struct AuditPage {
    /// The audits.
    pub items: Vec<Audit>,
    /// Where the next page begins.
    pub next: Option<AuditId>,
}

/// The audits of a deployment.
#[derive(Clone)]
pub struct Audits {
    table: Table,
    clock: Clock,
    kept: AuditDays,
}

impl Audits {
    /// The audits in the table of incidents. They are kept as long as security events.
    #[must_use]
    pub fn new(dynamo: Client, table: String, clock: Clock, kept: AuditDays) -> Self {
        Self { table: Table::new(dynamo, table), clock, kept }
    }

    /// Begins an audit together with its event; false while another is running, and where another has ended
    /// since `previous` was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&self, audit: &Audit, event: Write) -> Result<bool, StoreError> {
        let end_ms = self.kept.end_ms(audit.asked_ms);
        let head = put_if(&self.table, audit.item(end_ms), NEW, [])?;
        let last = last_item(audit.id, audit.previous, end_ms);
        let last = if let Some(previous) = audit.previous {
            let condition = "attribute_not_exists(p) OR (i = :d AND d = :d)";
            put_if(&self.table, last, condition, [(":d", string(previous))])?
        } else {
            // The TTL has taken the audit that it names, and not yet the row.
            let condition = "attribute_not_exists(p) OR expires_at <= :t";
            put_if(&self.table, last, condition, [(":t", number(self.clock.now_seconds()))])?
        };
        let writes = self.table.transaction().and(head).and(last).and(event);
        Ok(writes.commit_patiently("begin_audit").await?.is_whole())
    }

    /// The audit that is running.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn running(&self) -> Result<Option<Audit>, StoreError> {
        let Some((begun, ended)) = self.last().await? else { return Ok(None) };
        if ended == Some(begun) {
            return Ok(None);
        }
        Ok(self.find(begun).await?.filter(|audit| audit.ended_ms.is_none()))
    }

    /// The audit that has ended last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_finished(&self) -> Result<Option<Audit>, StoreError> {
        match self.last().await? {
            Some((_, Some(ended))) => self.find(ended).await,
            _ => Ok(None),
        }
    }

    /// Audits, the newest first, behind `after`. A damaged row hides itself alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(&self, after: Option<AuditId>, limit: i32) -> Result<AuditPage, StoreError> {
        let after = Key::new(AUDITS, after.map_or_else(|| LAST.to_owned(), String::from));
        let page = Page { partition: AUDITS, after: Some(after), limit, only: None };
        let (found, is_cut) = self.table.page_back("find_audits", page).await?;
        let last = found.last().and_then(|item| take_string(&mut item.clone(), "k").ok());
        let next = last.filter(|_| is_cut).and_then(|id| AuditId::parse(&id));
        Ok(AuditPage { items: readable(found.into_iter().map(Audit::read)), next })
    }

    /// An audit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, id: AuditId) -> Result<Option<Audit>, StoreError> {
        let found = self.table.get("find_audit", &Key::new(AUDITS, id)).await?;
        found.map(Audit::read).transpose().map_err(in_table(TABLE))
    }

    /// All that an audit has examined, in the order of [`Control::ALL`]. A control that this release does not
    /// know is left out; a damaged row hides nothing and is an error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn examined(&self, id: AuditId) -> Result<Vec<Examined>, StoreError> {
        let found = self.table.query("find_examined", &partition_of(id)).await?;
        let known = found.into_iter().filter_map(|item| Some((control_of(&item)?, item)));
        let read = known.map(|(control, item)| Examined::read(control, item));
        let mut all: Vec<_> = read.collect::<Result<_, _>>().map_err(in_table(TABLE))?;
        all.sort_by_key(|one| one.judged.control);
        Ok(all)
    }

    /// One control of an audit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_examined(
        &self,
        id: AuditId,
        control: Control,
    ) -> Result<Option<Examined>, StoreError> {
        let found = self.table.get("find_control", &control_key(id, control)).await?;
        let read = |item| Examined::read(control, item);
        found.map(read).transpose().map_err(in_table(TABLE))
    }

    /// Results and states of an audit, without evidence, in the order of [`Control::ALL`]. A damaged row hides
    /// itself alone: only counts and comparisons are made of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standings(&self, id: AuditId) -> Result<Vec<Standing>, StoreError> {
        let partition = partition_of(id);
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let only = Some("k, r, q, u");
            let page = Page { partition: &partition, after, limit: ROWS, only };
            let (found, is_cut) = self.table.page_back("find_standings", page).await?;
            let last = found.last().and_then(|item| take_string(&mut item.clone(), "k").ok());
            let known = found.into_iter().filter_map(|item| Some((control_of(&item)?, item)));
            all.extend(readable(known.map(|(control, item)| Standing::read(control, item))));
            let Some(last) = last.filter(|_| is_cut) else { break };
            after = Some(Key::new(&*partition, last));
        }
        all.sort_by_key(|one: &Standing| one.control);
        Ok(all)
    }

    /// The configuration that an audit has seen, as JSON.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn configuration(&self, id: AuditId) -> Result<Option<String>, StoreError> {
        let key = Key::new(partition_of(id), CONFIGURATION);
        let found = self.table.get("find_configuration", &key).await?;
        let json = found.map(|mut item| take_string(&mut item, "j"));
        json.transpose().map_err(in_table(TABLE))
    }

    /// Ends a running audit with its results, all at once, with its event; false if it is not running any more.
    /// States that were changed after [`Audits::examined`] gave those of the audit before stay behind, so that
    /// is read right before.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Failed`] for an audit without an end.
    pub async fn finish(
        &self,
        audit: &Audit,
        examined: &[Examined],
        configuration: &str,
        event: Write,
    ) -> Result<bool, StoreError> {
        if audit.ended_ms.is_none() {
            return Err(StoreError::Failed);
        }
        let (id, end_ms) = (audit.id, self.kept.end_ms(audit.asked_ms));
        let running = "attribute_exists(p) AND attribute_not_exists(e)";
        let mut writes = self.table.transaction();
        writes.push(put_if(&self.table, audit.item(end_ms), running, [])?);
        let last = last_item(id, Some(id), end_ms);
        writes.push(put_if(&self.table, last, "i = :i", [(":i", string(id))])?);
        for one in examined {
            writes.push(put(&self.table, one.item(id, end_ms)?)?);
        }
        let mut item = Key::new(partition_of(id), CONFIGURATION).item();
        item.insert("j".to_owned(), string(configuration));
        item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
        writes.push(put(&self.table, item)?);
        let written = writes.and(event).commit_patiently("finish_audit").await?;
        Ok(written.is_whole())
    }

    /// Changes how far people have come, with its event; false if somebody else was faster, or if a newer audit
    /// has ended meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn follow(
        &self,
        id: AuditId,
        control: Control,
        before: Option<&Followed>,
        after: &Followed,
        event: Write,
    ) -> Result<bool, StoreError> {
        let Followed { state, stated_ms, owner, due, note, changed_ms, by } = after.clone();
        let mut values = vec![
            (":q", string(state.as_str())),
            (":s", number(stated_ms)),
            (":u", string(due)),
            (":t", number(changed_ms)),
        ];
        let mut change = "SET q = :q, s = :s, u = :u, t = :t".to_owned();
        let mut removed = Vec::new();
        for (name, set, named, value) in [
            ("o", ", o = :o", ":o", owner.map(String::from)),
            ("v", ", v = :v", ":v", note),
            ("a", ", a = :a", ":a", by.map(String::from)),
        ] {
            match value {
                Some(value) => {
                    change.push_str(set);
                    values.push((named, string(value)));
                }
                None => removed.push(name),
            }
        }
        if !removed.is_empty() {
            change.push_str(" REMOVE ");
            change.push_str(&removed.join(", "));
        }
        let condition = match before {
            Some(before) => {
                values.push((":b", number(before.changed_ms)));
                "t = :b"
            }
            None => "attribute_exists(p) AND attribute_not_exists(t)",
        };
        let key = control_key(id, control);
        let changed = update(&self.table, &key, (&*change, condition), values)?;
        let last = Key::new(AUDITS, LAST);
        let newest = check(&self.table, &last, "d = :d", [(":d", string(id))])?;
        let writes = self.table.transaction().and(changed).and(newest).and(event);
        Ok(writes.commit_patiently("follow_control").await?.is_whole())
    }

    /// When the next audit begins by itself, if that is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_due_ms(&self) -> Result<Option<UnixMillis>, StoreError> {
        let found = self.table.get("find_next_audit", &Key::new(AUDITS, NEXT)).await?;
        let at_ms = found.map(|item| read_number(&item, "t"));
        at_ms.transpose().map_err(in_table(TABLE))
    }

    /// Says when the next audit begins by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_next_due(&self, at_ms: UnixMillis) -> Result<(), StoreError> {
        let mut item = Key::new(AUDITS, NEXT).item();
        item.insert("t".to_owned(), number(at_ms));
        self.table.put("put_next_audit", item).await
    }

    /// The audit that has begun last, and the one that has ended last.
    async fn last(&self) -> Result<Option<(AuditId, Option<AuditId>)>, StoreError> {
        let found = self.table.get("find_last_audit", &Key::new(AUDITS, LAST)).await?;
        let read = |mut item: Item| {
            let begun = id(AuditId::parse)(&mut item, "i")?;
            Ok((begun, optional(&mut item, "d", id(AuditId::parse))?))
        };
        found.map(read).transpose().map_err(in_table::<StoreError>(TABLE))
    }
}

/// A result, as the event of an audit's end commits to it.
#[derive(Serialize)]
struct Bound<'a> {
    control: &'static str,
    result: &'static str,
    reason: Option<&'a str>,
    evidence: &'a [Evidence],
}

/// The results without the states, as JSON in the order of [`Control::ALL`]. The same results are the same bytes, in
/// every release that knows these controls.
#[must_use]
pub fn results(examined: &[Examined]) -> Vec<u8> {
    let mut judged: Vec<_> = examined.iter().map(|one| &one.judged).collect();
    judged.sort_by_key(|one| one.control);
    let bound: Vec<_> = judged
        .into_iter()
        .map(|one| Bound {
            control: one.control.as_str(),
            result: one.outcome.as_str(),
            reason: one.reason.as_deref(),
            evidence: &one.evidence,
        })
        .collect();
    // Texts and numbers are always written; no bytes at all would be those of no audit.
    serde_json::to_vec(&bound).unwrap_or_default()
}

/// The object of the security event of an audit's end: its id, and a sum of its results and its configuration.
#[must_use]
pub fn finished_object(id: AuditId, examined: &[Examined], configuration: &str) -> String {
    finished_object_of(&id.to_string(), &results(examined), configuration.as_bytes())
}

/// The same of the bytes of [`results`]. A zero byte, which JSON never has, parts them from the configuration.
#[must_use]
pub fn finished_object_of(id: &str, results: &[u8], configuration: &[u8]) -> String {
    format!("{id}/{}", sum(&[results, &[0], configuration].concat()))
}

/// The date of an instant in UTC, `2027-01-31`.
#[must_use]
pub fn date(at_ms: UnixMillis) -> String {
    rfc3339(at_ms).get(..10).unwrap_or_default().to_owned()
}

/// Dates of one length are in the order of their text.
fn is_overdue((state, due): (State, &str), now_ms: UnixMillis) -> bool {
    state == State::Open && due < &*date(now_ms)
}

impl Audit {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(AuditId::parse)(&mut item, "k")?,
            asked_ms: read_number(&item, "t")?,
            by: optional(&mut item, "a", id(StaffId::parse))?,
            ended_ms: optional(&mut item, "e", |item, name| read_number(item, name))?,
            previous: optional(&mut item, "b", id(AuditId::parse))?,
            checkpoint: optional(&mut item, "c", take_string)?,
            finished_event: optional(&mut item, "f", id(EventId::parse))?,
        })
    }

    fn item(&self, end_ms: UnixMillis) -> Item {
        let Self { id, asked_ms, by, ended_ms, previous, checkpoint, finished_event } = self;
        let mut item = Key::new(AUDITS, *id).item();
        item.insert("t".to_owned(), number(*asked_ms));
        item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
        item.extend(ended_ms.map(|ended_ms| ("e".to_owned(), number(ended_ms))));
        for (name, value) in [
            ("a", by.map(String::from)),
            ("b", previous.map(String::from)),
            ("c", checkpoint.clone()),
            ("f", finished_event.map(String::from)),
        ] {
            item.extend(value.map(|value| (name.to_owned(), string(value))));
        }
        item
    }
}

impl Examined {
    fn read(control: Control, mut item: Item) -> Result<Self, StoreError> {
        let evidence = take_string(&mut item, "j")?;
        let judged = Judged {
            control,
            outcome: outcome_of(&mut item)?,
            evidence: serde_json::from_str(&evidence).map_err(|_| corrupt("j"))?,
            reason: optional(&mut item, "w", take_string)?,
        };
        let followed = if item.contains_key("q") {
            Some(Followed {
                state: state_of(&mut item)?,
                stated_ms: read_number(&item, "s")?,
                owner: optional(&mut item, "o", id(StaffId::parse))?,
                due: take_string(&mut item, "u")?,
                note: optional(&mut item, "v", take_string)?,
                changed_ms: read_number(&item, "t")?,
                by: optional(&mut item, "a", id(StaffId::parse))?,
            })
        } else {
            None
        };
        Ok(Self { judged, followed })
    }

    fn item(&self, id: AuditId, end_ms: UnixMillis) -> Result<Item, StoreError> {
        let Self { judged, followed } = self;
        let mut item = control_key(id, judged.control).item();
        let evidence = serde_json::to_string(&judged.evidence).map_err(|_| StoreError::Failed)?;
        item.insert("r".to_owned(), string(judged.outcome.as_str()));
        item.insert("j".to_owned(), string(evidence));
        item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
        let mut texts = vec![("w", judged.reason.clone())];
        if let Some(followed) = followed.clone() {
            let Followed { state, stated_ms, owner, due, note, changed_ms, by } = followed;
            item.insert("q".to_owned(), string(state.as_str()));
            item.insert("s".to_owned(), number(stated_ms));
            item.insert("u".to_owned(), string(due));
            item.insert("t".to_owned(), number(changed_ms));
            texts.extend([
                ("o", owner.map(String::from)),
                ("v", note),
                ("a", by.map(String::from)),
            ]);
        }
        for (name, value) in texts {
            item.extend(value.map(|value| (name.to_owned(), string(value))));
        }
        Ok(item)
    }
}

impl Standing {
    fn read(control: Control, mut item: Item) -> Result<Self, StoreError> {
        let outcome = outcome_of(&mut item)?;
        let followed = if item.contains_key("q") {
            Some((state_of(&mut item)?, take_string(&mut item, "u")?))
        } else {
            None
        };
        Ok(Self { control, outcome, followed })
    }
}

impl From<&Examined> for Standing {
    fn from(Examined { judged, followed }: &Examined) -> Self {
        let followed = followed.as_ref().map(|followed| (followed.state, followed.due.clone()));
        Self { control: judged.control, outcome: judged.outcome, followed }
    }
}

fn partition_of(id: AuditId) -> String {
    format!("audit#{id}")
}

fn control_key(id: AuditId, control: Control) -> Key {
    Key::new(partition_of(id), control.as_str())
}

fn last_item(begun: AuditId, ended: Option<AuditId>, end_ms: UnixMillis) -> Item {
    let mut item = Key::new(AUDITS, LAST).item();
    item.insert("i".to_owned(), string(begun));
    item.extend(ended.map(|ended| ("d".to_owned(), string(ended))));
    item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
    item
}

/// The control of a row; `None` for the configuration, and for a control that this release does not know.
fn control_of(item: &Item) -> Option<Control> {
    item.get("k").and_then(|word| word.as_s().ok()).and_then(|word| Control::find(word))
}

fn outcome_of(item: &mut Item) -> Result<Outcome, StoreError> {
    Outcome::find(&take_string(item, "r")?).ok_or(corrupt("r"))
}

fn state_of(item: &mut Item) -> Result<State, StoreError> {
    State::find(&take_string(item, "q")?).ok_or(corrupt("q"))
}

/// Reads the id of an attribute.
fn id<T>(
    parse: fn(&str) -> Option<T>,
) -> impl FnOnce(&mut Item, &'static str) -> Result<T, StoreError> {
    move |item, name| parse(&take_string(item, name)?).ok_or(corrupt(name))
}

/// Those that can be read; the others are told of.
fn readable<T>(items: impl Iterator<Item = Result<T, StoreError>>) -> Vec<T> {
    let told = |item: Result<T, StoreError>| match item.map_err(in_table(TABLE)) {
        Ok(item) => Some(item),
        Err(error) => {
            tracing::error!(%error, "a row of an audit cannot be read");
            None
        }
    };
    items.filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const NOW_MS: UnixMillis = 1_793_610_000_000;
    /// Whom a machine asks, and whom people.
    pub(super) const BY_MACHINE: Control = Control::TableExpiry;
    pub(super) const BY_HAND: Control = Control::RestoreDrill;

    pub(super) fn judged(control: Control, outcome: Outcome) -> Judged {
        let evidence = vec![Evidence {
            asked: "dynamodb:DescribeTimeToLive keys".to_owned(),
            answered: "TTL is off".to_owned(),
            at_ms: NOW_MS,
        }];
        Judged { control, outcome, evidence, reason: Some("it could not be read".to_owned()) }
    }

    fn staff() -> StaffId {
        StaffId::at(NOW_MS, [7; 32])
    }

    /// A state that somebody has said so many days ago.
    pub(super) fn said(state: State, days_ago: i64) -> Followed {
        let at_ms = NOW_MS - days_ago * DAY_MS;
        Followed {
            state,
            stated_ms: at_ms,
            owner: Some(staff()),
            due: "2026-10-01".to_owned(),
            note: Some("as noted".to_owned()),
            changed_ms: at_ms,
            by: Some(staff()),
        }
    }

    #[test]
    fn what_is_worse_is_due_sooner() {
        assert_eq!(date(NOW_MS), "2026-11-02");
        for (control, due) in [
            (Control::KeyState, "2026-11-04"),
            (Control::TableExpiry, "2026-11-09"),
            (Control::KeyRotation, "2026-12-02"),
            (Control::RoleUnused, "2027-01-31"),
            (Control::RestoreDrill, "2026-12-02"),
            // By hand it is a month, however much it matters.
            (Control::OutsideTest, "2026-12-02"),
            (Control::ProcessorReview, "2026-12-02"),
        ] {
            assert_eq!(Followed::open(control, NOW_MS).due, due, "{control:?}");
        }
    }

    #[test]
    fn what_is_open_is_overdue_on_the_day_after_it_was_due() {
        let due_ms = NOW_MS + DAY_MS;
        for (state, late_ms, expected) in [
            (State::Open, 0, false),
            (State::Open, DAY_MS, true),
            (State::Accepted, DAY_MS, false),
            (State::Fixed, DAY_MS, false),
        ] {
            let followed = Followed { due: date(due_ms), ..said(state, 0) };
            assert_eq!(followed.is_overdue(due_ms + late_ms), expected, "{state:?} {late_ms}");
            let judged = judged(BY_MACHINE, Outcome::Failed);
            let standing = Standing::from(&Examined { judged, followed: Some(followed) });
            assert_eq!(standing.is_overdue(due_ms + late_ms), expected, "{state:?} {late_ms}");
        }
    }

    #[test]
    fn a_control_by_hand_counts_from_when_its_state_was_said() {
        let noted_later = Followed { changed_ms: NOW_MS, ..said(State::Fixed, 180) };
        assert_eq!(noted_later.done_until_ms(BY_HAND), Some(NOW_MS + 2 * DAY_MS));
        assert_eq!(said(State::Open, 1).done_until_ms(BY_HAND), None);
        assert_eq!(said(State::Fixed, 1).done_until_ms(BY_MACHINE), None);
    }

    #[test]
    fn an_audit_is_read_as_it_was_written() {
        let clock = Clock::manual(NOW_MS);
        let running = Audit::begun(AuditId::generate(&clock).unwrap(), NOW_MS, None, None);
        let finished = Audit {
            by: Some(staff()),
            ended_ms: Some(NOW_MS + 1),
            previous: Some(AuditId::generate(&clock).unwrap()),
            checkpoint: Some("origin\n1\nhash\n".to_owned()),
            finished_event: Some(EventId::generate(&clock).unwrap()),
            ..running.clone()
        };
        for audit in [running, finished] {
            assert_eq!(Audit::read(audit.item(NOW_MS)), Ok(audit));
        }
    }

    #[test]
    fn a_result_is_read_as_it_was_written() {
        let id = AuditId::generate(&Clock::manual(NOW_MS)).unwrap();
        let bare =
            Judged { evidence: Vec::new(), reason: None, ..judged(BY_MACHINE, Outcome::Passed) };
        let open = Followed::open(BY_MACHINE, NOW_MS);
        for (judged, followed) in [
            (bare, None),
            (judged(BY_MACHINE, Outcome::NotExamined), Some(open)),
            (judged(BY_MACHINE, Outcome::Failed), Some(said(State::Accepted, 3))),
        ] {
            let examined = Examined { judged, followed };
            let item = examined.item(id, NOW_MS).unwrap();
            assert_eq!(control_of(&item), Some(BY_MACHINE));
            let standing = Standing::read(BY_MACHINE, item.clone());
            assert_eq!(standing, Ok(Standing::from(&examined)));
            assert_eq!(Examined::read(BY_MACHINE, item), Ok(examined));
        }
    }

    #[test]
    fn the_event_of_the_end_commits_to_results_and_configuration_and_to_no_state() {
        let id = AuditId::at(NOW_MS, [7; 32]);
        let one = |judged| Examined { judged, followed: None };
        let failed = one(judged(BY_MACHINE, Outcome::Failed));
        let by_hand =
            one(Judged { evidence: Vec::new(), reason: None, ..judged(BY_HAND, Outcome::Manual) });
        let text = String::from_utf8(results(&[by_hand.clone(), failed.clone()])).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"[{"control":"table_expiry","result":"failed","reason":"it could not be read","#,
                r#""evidence":[{"asked":"dynamodb:DescribeTimeToLive keys","#,
                r#""answered":"TTL is off","at_ms":1793610000000}]},"#,
                r#"{"control":"restore_drill","result":"manual","reason":null,"evidence":[]}]"#,
            )
        );
        let all = [failed.clone(), by_hand.clone()];
        let object = finished_object(id, &all, "{}");
        assert_eq!(object, format!("{id}/{}", sum(format!("{text}\0{{}}").as_bytes())));
        assert_eq!(object.len(), 36 + 1 + 64);

        let followed = Examined { followed: Some(said(State::Accepted, 1)), ..failed.clone() };
        assert_eq!(finished_object(id, &[by_hand.clone(), followed], "{}"), object);
        let passed = one(Judged { outcome: Outcome::Passed, ..failed.judged.clone() });
        let unreasoned = one(Judged { reason: None, ..failed.judged.clone() });
        let unseen = one(Judged { evidence: Vec::new(), ..failed.judged.clone() });
        for changed in [passed, unreasoned, unseen] {
            assert_ne!(finished_object(id, &[changed, by_hand.clone()], "{}"), object);
        }
        assert_ne!(finished_object(id, &[failed], "{}"), object);
        assert_ne!(finished_object(id, &all, "[]"), object);
    }

    #[test]
    fn all_results_fit_into_one_transaction_and_no_control_is_called_as_another_row() {
        // The head, the last one, the configuration and the event.
        assert!(Control::ALL.len() + 4 <= 100, "DynamoDB takes a hundred writes");
        assert_eq!(Control::find(CONFIGURATION), None);
        let greatest = AuditId::at((1 << 48) - 1, [0xff; 32]).to_string();
        assert!(&*greatest < LAST && LAST < NEXT, "{greatest}");
    }
}
