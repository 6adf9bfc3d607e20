//! Audits: they are asked for, listed and read, and people say how far they have come with each finding. Results are
//! stored here without the job, which has tests of its own.

use serde_json::{Value, json};
use shared::clock::{from_rfc3339, rfc3339};
use shared::ids::{AuditId, StaffId};
use shared::store::attributes::{Item, string};
use shared::store::audit::{Audit, Evidence, Followed, Judged, carry_over, date};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::write::Write;
use shared::values::control::{Control, Outcome, State};
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::world::World;

const AUDITS: &str = "/v1/audits";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
const DAY: u64 = 24 * 60 * 60;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

struct Team {
    world: World,
    admin: Staff,
    guard: Staff,
}

impl Team {
    async fn new() -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let guard = world.member(&admin, "guard@example.org", &["security"]).await;
        Self { world, admin, guard }
    }

    /// Asks for an audit, and gives its id.
    async fn begin(&self) -> String {
        let begun = self.guard.post(AUDITS, &json!({})).await;
        assert_eq!(begun.status, 201, "{}", begun.json());
        assert_eq!(begun.json()["status"], "running");
        begun.json()["id"].as_str().expect("an id").to_owned()
    }

    async fn event(&self, action: Action, id: AuditId) -> Write {
        let told = SecurityEvent::of(action, id);
        self.world.monitor.staff.events.put(told).await.expect("an event")
    }

    /// Ends the audit that is running, a moment later, with these results; all else has passed.
    async fn end(&self, results: &[(Control, Outcome)]) {
        self.world.advance_seconds(1);
        let audits = self.world.audits();
        let mut audit = audits.running().await.expect("a table").expect("one is running");
        let before = match audit.previous {
            Some(previous) => audits.examined(previous).await.expect("a table"),
            None => Vec::new(),
        };
        let now_ms = self.world.clock.now_ms();
        let judged = Control::ALL.iter().map(|control| judged(*control, results, now_ms));
        let examined = carry_over(judged.collect(), &before, now_ms);
        audit.ended_ms = Some(now_ms);
        let event = self.event(Action::AuditFinished, audit.id).await;
        let configuration = json!({ "stack": "world" }).to_string();
        let ended = audits.finish(&audit, &examined, &configuration, event).await;
        assert!(ended.expect("a table"), "it was running");
    }

    /// A whole audit.
    async fn audit(&self, results: &[(Control, Outcome)]) -> String {
        let id = self.begin().await;
        self.end(results).await;
        id
    }

    async fn read(&self, id: &str) -> Value {
        let audit = self.guard.get(&path(id)).await;
        assert_eq!(audit.status, 200, "{}", audit.json());
        audit.json()
    }

    async fn change(&self, id: &str, control: Control, body: &Value) -> Response {
        self.guard.patch(&finding(id, control.as_str()), body).await
    }

    /// The same, which is taken.
    async fn changed(&self, id: &str, control: Control, body: &Value) -> Value {
        let changed = self.change(id, control, body).await;
        assert_eq!(changed.status, 200, "{body} {}", changed.json());
        changed.json()
    }

    async fn told(&self, action: &str) -> Vec<(Item, String)> {
        let items = self.world.all_items().await.into_iter();
        let those = items.filter(|(table, item)| {
            table.ends_with("events") && item.get("w") == Some(&string(action))
        });
        let named = those.map(|(_, item)| {
            let object = item["o"].as_s().expect("an object").clone();
            (item, object)
        });
        named.collect()
    }
}

fn path(id: &str) -> String {
    format!("{AUDITS}/{id}")
}

fn finding(id: &str, control: &str) -> String {
    format!("{AUDITS}/{id}/findings/{control}")
}

fn judged(control: Control, results: &[(Control, Outcome)], at_ms: i64) -> Judged {
    let usual = if control.is_by_hand() { Outcome::Manual } else { Outcome::Passed };
    let found = results.iter().find(|(named, _)| *named == control);
    let outcome = found.map_or(usual, |(_, outcome)| *outcome);
    let evidence = Evidence {
        asked: control.nature().asked.to_owned(),
        answered: format!("<script>{}</script>", control.as_str()),
        at_ms,
    };
    let reason = (outcome == Outcome::NotExamined).then(|| "It could not be read.".to_owned());
    let evidence = if control.is_by_hand() { Vec::new() } else { vec![evidence] };
    Judged { control, outcome, evidence, reason }
}

/// A control of an audit.
fn of(audit: &Value, control: Control) -> &Value {
    let mut all = audit["controls"].as_array().expect("controls").iter();
    all.find(|one| one["control"] == control.as_str()).expect("the control")
}

fn by_hand() -> usize {
    Control::ALL.iter().filter(|control| control.is_by_hand()).count()
}

fn conflict() -> (u16, String) {
    (409, "conflict".to_owned())
}

fn not_found() -> (u16, String) {
    (404, "not_found".to_owned())
}

#[tokio::test]
async fn an_audit_is_asked_for_and_read_when_it_has_ended() {
    let team = Team::new().await;
    let none = json!({ "items": [], "next_cursor": null, "next_at": null });
    assert_eq!(team.guard.get(AUDITS).await.json(), none);
    let at_ms = team.world.clock.now_ms();
    let id = team.begin().await;
    for body in [Some(json!({})), None] {
        let request = Request::new("POST", AUDITS);
        let request = body.iter().fold(request, Request::json);
        assert_eq!(team.guard.send(request).await.refusal(), conflict(), "one at a time");
    }
    let running = team.read(&id).await;
    let nothing = json!({
        "passed": 0, "failed": 0, "not_examined": 0, "not_applicable": 0, "manual": 0, "open": 0,
        "overdue": 0,
    });
    assert_eq!(
        running,
        json!({
            "id": id, "at": rfc3339(at_ms), "status": "running", "previous": null,
            "counts": nothing, "controls": [],
        })
    );
    assert_eq!(team.guard.get(AUDITS).await.json()["items"], json!([running]));

    team.end(&[
        (Control::TableExpiry, Outcome::Failed),
        (Control::Tls, Outcome::NotExamined),
        (Control::KeyList, Outcome::NotApplicable),
    ])
    .await;
    let audit = team.read(&id).await;
    assert_eq!((&audit["status"], &audit["previous"]), (&json!("finished"), &Value::Null));
    let controls = audit["controls"].as_array().expect("controls");
    let words: Vec<_> = controls.iter().map(|one| one["control"].as_str()).collect();
    let all: Vec<_> = Control::ALL.iter().map(|control| Some(control.as_str())).collect();
    assert_eq!(words, all, "in their order");
    assert_eq!(
        audit["counts"],
        json!({
            "passed": Control::ALL.len() - by_hand() - 3, "failed": 1, "not_examined": 1,
            "not_applicable": 1, "manual": by_hand(), "open": by_hand() + 2, "overdue": 0,
        })
    );
    let failed = of(&audit, Control::TableExpiry);
    let nature = Control::TableExpiry.nature();
    let evidence = &failed["evidence"][0];
    assert_eq!(evidence["asked"], nature.asked);
    assert_eq!(evidence["at"], rfc3339(team.world.clock.now_ms()));
    let requirement = failed["requirement"].as_object().expect("texts");
    let texts: Vec<_> = requirement.keys().collect();
    assert_eq!(texts, ["ai_act", "asvs", "ccpa", "gdpr", "soc2"]);
    let mut rest = failed.clone();
    for name in ["evidence", "requirement"] {
        rest.as_object_mut().expect("a control").remove(name);
    }
    assert_eq!(
        rest,
        json!({
            "control": "table_expiry", "title": nature.title, "result": "failed", "before": null,
            "severity": "high", "reason": null, "remedy": nature.remedy, "page": nature.page,
            "state": "open", "owner": null, "due": date(team.world.clock.now_ms() + 7 * DAY_MS),
            "overdue": false, "counts_until": null, "note": null,
        })
    );
    let unknown = of(&audit, Control::Tls);
    assert_eq!(
        (&unknown["state"], &unknown["reason"]),
        (&json!("open"), &json!("It could not be read."))
    );
    for control in [Control::KeyState, Control::KeyList] {
        let fine = of(&audit, control);
        for name in ["state", "owner", "due", "note"] {
            assert_eq!(fine[name], Value::Null, "{control:?} {name}");
        }
    }
    let mut brief = audit.clone();
    brief["controls"] = json!([]);
    assert_eq!(team.guard.get(AUDITS).await.json()["items"], json!([brief]));

    let begun = team.told("audit_begun").await;
    let [(event, object)] = &*begun else { panic!("one event: {begun:?}") };
    assert_eq!((&event["a"], object), (&string(&*team.guard.id), &id));
    let next = team.begin().await;
    assert_eq!(team.read(&next).await["previous"], json!(id));
}

#[tokio::test]
async fn audits_come_in_pages_the_newest_first() {
    let team = Team::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, team.audit(&[]).await);
    }
    let next_ms = team.world.clock.now_ms() + 91 * DAY_MS;
    team.world.audits().set_next_due(next_ms).await.expect("a table");
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = team.guard.get(&format!("{AUDITS}{query}")).await.json();
        assert_eq!(page["next_at"], rfc3339(next_ms));
        let items = page["items"].as_array().expect("a list").clone();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|one| one["id"].as_str().expect("an id").to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ids);
    for (query, at) in [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("cursor=next", "/query/cursor"),
        ("cursor=last", "/query/cursor"),
    ] {
        let refused = team.guard.get(&format!("{AUDITS}?{query}")).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{query}");
        assert_eq!(refused.json()["errors"][0]["pointer"], at);
    }
}

#[tokio::test]
async fn an_audit_is_a_page_to_print_in_which_nobodys_text_is_markup() {
    let team = Team::new().await;
    let id = team.begin().await;
    let as_page = || Request::new("GET", &path(&id)).header("accept", "text/html");
    let running = team.guard.send(as_page()).await;
    assert!(String::from_utf8_lossy(&running.body).contains("There are no results yet."));
    team.end(&[(Control::RoleUnused, Outcome::Failed), (Control::Tls, Outcome::Failed)]).await;
    let note = json!({ "note": "<b>Seen</b>\nsha256:00 report.pdf" });
    team.changed(&id, Control::Tls, &note).await;
    let page = team.guard.send(as_page()).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let text = String::from_utf8(page.body.clone()).expect("text");
    assert!(text.starts_with("<!doctype html>"));
    assert!(!text.contains("<script") && !text.contains("<b>"), "{text}");
    assert!(text.contains("&lt;b&gt;Seen&lt;/b&gt;<br>sha256:00 report.pdf"));
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words} in {text}"));
    let order = ["<h2>Findings</h2>", ">tls<", ">role_unused<", "<h2>Not examined</h2>"];
    let rest = ["<h2>Checklist by hand</h2>", ">restore_drill<", "<h2>Passed</h2>", ">key_state<"];
    let places: Vec<_> = order.iter().chain(&rest).map(|words| place(words)).collect();
    assert!(places.is_sorted(), "{places:?}");
    // A caller who names both gets JSON.
    let both = Request::new("GET", &path(&id)).header("accept", "text/html, application/json");
    assert_eq!(team.guard.send(both).await.json()["id"], json!(id));
}

#[tokio::test]
async fn people_say_how_far_they_have_come_and_each_change_is_an_event() {
    let team = Team::new().await;
    let id = team.audit(&[(Control::TableExpiry, Outcome::Failed)]).await;
    let due = date(team.world.clock.now_ms() + 40 * DAY_MS);
    let note = "Somebody looks at it.\nsha256:0f0f report.pdf";
    let body = json!({ "state": "accepted", "owner": team.admin.id, "due": due, "note": note });
    let changed = team.changed(&id, Control::TableExpiry, &body).await;
    assert_eq!(changed, *of(&team.read(&id).await, Control::TableExpiry));
    for name in ["state", "owner", "due", "note"] {
        assert_eq!(changed[name], body[name], "{name}");
    }
    assert_eq!(changed["result"], "failed");
    assert!(!changed["evidence"].as_array().expect("evidence").is_empty(), "it stays");
    let counts = team.read(&id).await["counts"].clone();
    assert_eq!((&counts["failed"], &counts["open"]), (&json!(1), &json!(by_hand())));

    // The same again changes nothing, and is no event.
    team.changed(&id, Control::TableExpiry, &body).await;
    let taken = json!({ "owner": null, "note": "" });
    let changed = team.changed(&id, Control::TableExpiry, &taken).await;
    assert_eq!((&changed["owner"], &changed["note"]), (&Value::Null, &Value::Null));
    assert_eq!((&changed["state"], &changed["due"]), (&json!("accepted"), &json!(due)));
    let done = team.changed(&id, Control::RestoreDrill, &json!({ "state": "fixed" })).await;
    let until = date(team.world.clock.now_ms() + 182 * DAY_MS);
    assert_eq!((&done["result"], &done["counts_until"]), (&json!("manual"), &json!(until)));

    let mut told: Vec<_> =
        team.told("finding_changed").await.into_iter().map(|(_, object)| object).collect();
    told.sort();
    let object = |control: &str| format!("{id}/{control}");
    assert_eq!(told, [object("restore_drill"), object("table_expiry"), object("table_expiry")]);
}

#[tokio::test]
async fn what_no_finding_takes_is_refused_and_changes_nothing() {
    let team = Team::new().await;
    let id = team.audit(&[(Control::TableExpiry, Outcome::Failed)]).await;
    let before = team.read(&id).await;
    let now_ms = team.world.clock.now_ms();
    for (body, at, code) in [
        (json!({}), "", "missing"),
        (json!({ "state": null, "due": null }), "", "missing"),
        (json!({ "state": "closed" }), "/state", "not_allowed"),
        (json!({ "state": "" }), "/state", "not_allowed"),
        (json!({ "owner": "guard@example.org" }), "/owner", "bad_format"),
        (json!({ "owner": "" }), "/owner", "bad_format"),
        (json!({ "due": "soon" }), "/due", "bad_format"),
        (json!({ "due": "2026-02-30" }), "/due", "bad_format"),
        (json!({ "due": rfc3339(now_ms + DAY_MS) }), "/due", "bad_format"),
        (json!({ "due": date(now_ms - DAY_MS) }), "/due", "too_small"),
        (json!({ "due": date(now_ms + 733 * DAY_MS) }), "/due", "too_large"),
        (json!({ "note": "x".repeat(2_001) }), "/note", "too_long"),
        (json!({ "note": "a\u{0}b" }), "/note", "bad_format"),
        (json!({ "note": "a\tb" }), "/note", "bad_format"),
        (json!({ "note": "\u{202e}b" }), "/note", "bad_format"),
        (json!({ "note": " " }), "/note", "bad_format"),
    ] {
        let refused = team.change(&id, Control::TableExpiry, &body).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{body}");
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(at), &json!(code)), "{body}");
    }
    for (body, code) in [
        (json!({ "result": "passed" }), "unknown_field"),
        (json!({ "state": "fixed", "by": NOBODY }), "unknown_field"),
        (json!({ "state": 1 }), "malformed_json"),
        (json!({ "owner": [] }), "malformed_json"),
        (json!({ "note": {} }), "malformed_json"),
        (json!(["fixed", null, null, null]), "malformed_json"),
        (Value::Null, "malformed_json"),
    ] {
        let refused = team.change(&id, Control::TableExpiry, &body).await;
        assert_eq!(refused.refusal(), (400, code.to_owned()), "{body}");
    }
    let request = Request::new("PATCH", &finding(&id, "table_expiry"));
    let form = request.clone().bytes("application/x-www-form-urlencoded", "state=fixed");
    let form = team.guard.send(form).await;
    assert_eq!(form.refusal(), (415, "unsupported_media_type".to_owned()));
    let long = request.json(&json!({ "note": "x".repeat(70_000) }));
    assert_eq!(team.guard.send(long).await.refusal(), (413, "body_too_large".to_owned()));

    let body = json!({ "state": "accepted" });
    for (id, control) in [
        (NOBODY, "table_expiry"),
        ("none", "table_expiry"),
        (&*id, "none"),
        (&*id, "TABLE_EXPIRY"),
        (&*id, "configuration"),
        (&*id, "next"),
    ] {
        let refused = team.guard.patch(&finding(id, control), &body).await;
        assert_eq!(refused.refusal(), not_found(), "{id} {control}");
    }
    let passed = team.change(&id, Control::KeyState, &body).await;
    assert_eq!(passed.refusal(), conflict(), "it has passed");
    assert!(passed.json()["detail"].as_str().is_some_and(|detail| detail.contains("passed")));
    for nowhere in [NOBODY, "none", "last", "next"] {
        assert_eq!(team.guard.get(&path(nowhere)).await.refusal(), not_found(), "{nowhere}");
    }
    for body in [json!({ "controls": [] }), json!([])] {
        assert_eq!(team.guard.post(AUDITS, &body).await.status, 400, "{body}");
    }
    assert_eq!(team.read(&id).await, before);
    assert!(team.told("finding_changed").await.is_empty());
}

#[tokio::test]
async fn only_the_newest_audit_that_has_ended_is_followed() {
    let team = Team::new().await;
    let failed = [(Control::TableExpiry, Outcome::Failed)];
    let body = json!({ "note": "later" });
    let first = team.begin().await;
    let early = team.change(&first, Control::TableExpiry, &body).await;
    assert_eq!(early.refusal(), conflict(), "it is running");
    team.end(&failed).await;
    let second = team.begin().await;
    // While another one is running, people go on.
    team.changed(&first, Control::TableExpiry, &json!({ "note": "meanwhile" })).await;
    team.end(&failed).await;
    let before = team.read(&first).await;
    let late = team.change(&first, Control::TableExpiry, &body).await;
    assert_eq!(late.refusal(), conflict());
    let detail = late.json()["detail"].as_str().expect("a sentence").to_owned();
    assert!(detail.contains("newest"), "{detail}");
    assert_eq!(team.read(&first).await, before);
    let carried = team.read(&second).await;
    assert_eq!(of(&carried, Control::TableExpiry)["note"], "meanwhile");
    team.changed(&second, Control::TableExpiry, &body).await;
}

#[tokio::test]
async fn states_are_carried_over_to_the_next_audit() {
    let mut team = Team::new().await;
    let failed = [
        (Control::TableExpiry, Outcome::Failed),
        (Control::KeyRotation, Outcome::Failed),
        (Control::Headers, Outcome::Failed),
        (Control::Cors, Outcome::Failed),
    ];
    let first = team.audit(&failed).await;
    let owned = json!({ "state": "fixed", "owner": team.guard.id, "note": "TTL is on again." });
    team.changed(&first, Control::TableExpiry, &owned).await;
    let accepted = json!({ "state": "accepted", "note": "It is changed by hand." });
    let accepted = team.changed(&first, Control::KeyRotation, &accepted).await;
    for control in [Control::RestoreDrill, Control::AccessReview] {
        team.changed(&first, control, &json!({ "state": "fixed", "note": "done" })).await;
    }
    let begun = team.read(&first).await;

    team.world.advance_seconds(100 * DAY);
    team.world.rotate_keys().await;
    team.guard = team.guard.signed_in(&team.world).await;
    let second = team.audit(&failed[..3]).await;
    let audit = team.read(&second).await;
    assert_eq!(audit["previous"], json!(first));
    let today_ms = team.world.clock.now_ms();

    // It was said to be fixed, and is not.
    let again = of(&audit, Control::TableExpiry);
    assert_eq!((&again["state"], &again["before"]), (&json!("open"), &json!("failed")));
    assert_eq!(again["due"], date(today_ms + 7 * DAY_MS));
    assert_eq!((&again["owner"], &again["note"]), (&owned["owner"], &owned["note"]));
    let still = of(&audit, Control::KeyRotation);
    for name in ["state", "owner", "due", "note"] {
        assert_eq!(still[name], accepted[name], "{name}");
    }
    // Nobody has done anything.
    let late = of(&audit, Control::Headers);
    assert_eq!(late["due"], of(&begun, Control::Headers)["due"]);
    assert_eq!((&late["state"], &late["overdue"]), (&json!("open"), &json!(true)));
    let mended = of(&audit, Control::Cors);
    let result = (&mended["result"], &mended["before"], &mended["state"]);
    assert_eq!(result, (&json!("passed"), &json!("failed"), &Value::Null));
    // By hand: one counts for 182 days, the other one for 91.
    assert_eq!(of(&audit, Control::RestoreDrill)["state"], "fixed");
    let again = of(&audit, Control::AccessReview);
    assert_eq!((&again["state"], &again["note"]), (&json!("open"), &json!("done")));
    assert_eq!(again["due"], date(today_ms + 30 * DAY_MS));
    let counts = &audit["counts"];
    let expected = (json!(by_hand() - 1 + 2), json!(by_hand() - 2 + 1));
    assert_eq!((counts["open"].clone(), counts["overdue"].clone()), expected);

    // A control that has passed in between begins anew.
    team.world.advance_seconds(DAY);
    team.world.rotate_keys().await;
    team.guard = team.guard.signed_in(&team.world).await;
    let third = team.audit(&[]).await;
    assert_eq!(of(&team.read(&third).await, Control::KeyRotation)["state"], Value::Null);
    let fourth = team.audit(&failed).await;
    let anew = team.read(&fourth).await;
    let anew = of(&anew, Control::KeyRotation);
    assert_eq!((&anew["state"], &anew["note"]), (&json!("open"), &Value::Null));
}

/// Two people change one finding at the same instant: neither change is lost.
#[tokio::test]
async fn of_two_changes_at_once_both_are_there() {
    let team = Team::new().await;
    let id = team.audit(&[(Control::TableExpiry, Outcome::Failed)]).await;
    let (note, owner) = (json!({ "note": "one" }), json!({ "owner": team.admin.id }));
    let (one, other) = tokio::join!(
        team.change(&id, Control::TableExpiry, &note),
        team.change(&id, Control::TableExpiry, &owner),
    );
    assert_eq!((one.status, other.status), (200, 200));
    let audit = team.read(&id).await;
    let both = of(&audit, Control::TableExpiry);
    assert_eq!((&both["note"], &both["owner"]), (&json!("one"), &json!(team.admin.id)));
    assert_eq!(team.told("finding_changed").await.len(), 2);
}

#[tokio::test]
async fn an_audit_ends_once_and_a_change_of_something_else_is_refused() {
    let team = Team::new().await;
    let audits = team.world.audits();
    let control = Control::TableExpiry;
    let id = team.audit(&[(control, Outcome::Failed)]).await;
    let id = AuditId::parse(&id).expect("an id");
    let ended = audits.find(id).await.expect("a table").expect("an audit");
    assert_eq!(audits.running().await.expect("a table"), None);
    assert_eq!(audits.last_finished().await.expect("a table"), Some(ended.clone()));
    let configuration = audits.configuration(id).await.expect("a table").expect("it is stored");
    assert_eq!(configuration, r#"{"stack":"world"}"#);
    let event = || team.event(Action::AuditFinished, id);
    let twice = audits.finish(&ended, &[], "{}", event().await).await;
    assert_eq!(twice, Ok(false), "its results stay");
    assert_eq!(audits.examined(id).await.expect("a table").len(), Control::ALL.len());

    let by = StaffId::parse(&team.guard.id);
    let before = audits.find_examined(id, control).await.expect("a table").expect("a control");
    let before = before.followed.expect("a state");
    let changed_ms = before.changed_ms + 1;
    let after = Followed { state: State::Accepted, changed_ms, by, ..before.clone() };
    let follow = async |known: Option<&Followed>| {
        audits.follow(id, control, known, &after, event().await).await.expect("a table")
    };
    assert!(!follow(None).await, "there is a state");
    assert!(follow(Some(&before)).await);
    assert!(!follow(Some(&before)).await, "it was changed meanwhile");

    // Another one has ended since its beginner looked.
    team.world.advance_seconds(1);
    let next = AuditId::generate(&team.world.clock).expect("randomness");
    for previous in [None, Some(next)] {
        let audit = Audit::begun(next, team.world.clock.now_ms(), None, previous);
        assert_eq!(audits.begin(&audit, event().await).await, Ok(false), "{previous:?}");
    }
    let audit = Audit::begun(next, team.world.clock.now_ms(), None, Some(id));
    assert_eq!(audits.begin(&audit, event().await).await, Ok(true));
    assert_eq!(audits.running().await.expect("a table"), Some(audit));
}

#[tokio::test]
async fn audits_are_kept_as_long_as_security_events() {
    let team = Team::new().await;
    let id = team.begin().await;
    team.end(&[]).await;
    let at_ms = from_rfc3339(team.read(&id).await["at"].as_str().expect("a time")).expect("a time");
    team.world.audits().set_next_due(at_ms).await.expect("a table");
    let end = ((at_ms + 731 * DAY_MS + 999) / 1000).to_string();
    let mut rows = 0;
    for (table, item) in team.world.all_items().await {
        if !table.ends_with("incidents") {
            continue;
        }
        rows += 1;
        let ends = item.get("expires_at").map(|end| end.as_n().expect("a time").clone());
        let is_next = item["k"] == string("next");
        assert_eq!(ends, (!is_next).then(|| end.clone()), "{:?}", item["k"]);
    }
    assert_eq!(rows, Control::ALL.len() + 4, "head, last, next and configuration");
}

/// A row that somebody has damaged hides no other audit, and no control of its own.
#[tokio::test]
async fn a_damaged_row_is_told_of() {
    let team = Team::new().await;
    let first = team.audit(&[]).await;
    let second = team.audit(&[]).await;
    let rows = team.world.all_items().await;
    let row = |p: &str, k: &str| {
        let is_it = |(_, item): &&(String, Item)| {
            item.get("p") == Some(&string(p)) && item.get("k") == Some(&string(k))
        };
        rows.iter().find(is_it).expect("a row").clone()
    };
    let put = async |(table, item): (String, Item)| {
        let put = team.world.dynamo().put_item().table_name(table).set_item(Some(item));
        put.send().await.expect("it is written");
    };
    let (table, whole) = row(&format!("audit#{second}"), "key_state");
    for (name, value) in [("r", "fine"), ("j", "[{}]")] {
        let mut damaged = whole.clone();
        damaged.insert(name.to_owned(), string(value));
        put((table.clone(), damaged)).await;
        let refused = team.guard.get(&path(&second)).await;
        assert_eq!(refused.refusal(), (500, "integrity_failed".to_owned()), "{name}");
        let list = team.guard.get(AUDITS).await.json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
    }
    put((table, whole)).await;
    let (table, head) = row("audits", &second);
    let mut damaged = head.clone();
    damaged.remove("t");
    put((table.clone(), damaged)).await;
    let list = team.guard.get(AUDITS).await.json();
    let ids: Vec<_> =
        list["items"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!(first)]);
    put((table, head)).await;
    assert_eq!(team.read(&second).await["previous"], json!(first));
}

#[tokio::test]
async fn security_begins_and_changes_and_an_auditor_reads() {
    let team = Team::new().await;
    let id = team.audit(&[(Control::TableExpiry, Outcome::Failed)]).await;
    let admin = team.admin.signed_in(&team.world).await;
    let auditor = team.world.auditor(&admin, "expert@example.org", 60 * 60).await;
    let agent = team.world.member(&admin, "agent@example.org", &["agent"]).await;
    let officer = team.world.member(&admin, "officer@example.org", &["privacy"]).await;
    let forbidden = (403, "forbidden".to_owned());
    let admin = admin.signed_in(&team.world).await;
    let body = json!({ "state": "fixed" });
    for staff in [&agent, &officer, &admin] {
        for path in [AUDITS, &*path(&id)] {
            assert_eq!(staff.get(path).await.refusal(), forbidden, "{path}");
        }
    }
    for staff in [&agent, &officer, &admin, &auditor] {
        assert_eq!(staff.post(AUDITS, &json!({})).await.refusal(), forbidden);
        let changed = staff.patch(&finding(&id, "table_expiry"), &body).await;
        assert_eq!(changed.refusal(), forbidden);
    }
    let (list, audit) = (auditor.get(AUDITS).await, auditor.get(&path(&id)).await);
    assert_eq!((list.status, audit.status), (200, 200));
    assert_eq!(of(&audit.json(), Control::TableExpiry)["state"], "open", "nobody has changed it");
}
