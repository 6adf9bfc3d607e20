//! The staff learn: courses, attempts, certificates, and the gate before what visitors write.

use std::collections::BTreeSet;

use doctor::certificate;
use serde_json::{Value, json};
use shared::clock::from_rfc3339;
use shared::seal::sign::{Verifier, named_key};
use shared::store::attributes::{Item, string};
use shared::store::training::CERTIFICATE_TYPE;
use shared::values::encoding::from_base64url;
use shared::values::training::{CERTIFICATE_MS, COURSES};
use tests::api::{Request, Response};
use tests::staff::{Staff, answers};
use tests::world::World;
use training::courses::right_options;

const DAY: u64 = 24 * 60 * 60;
const COURSE: &str = "phishing";
const ATTEMPTS: &str = "/v1/training/courses/phishing/attempts";

struct School {
    world: World,
    admin: Staff,
    agent: Staff,
    officer: Staff,
    conversation: String,
}

impl School {
    async fn open() -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let agent = world.member(&admin, "agent@example.org", &["agent"]).await;
        let officer = world.member(&admin, "officer@example.org", &["privacy"]).await;
        let conversation = waiting(&world).await;
        Self { world, admin, agent, officer, conversation }
    }

    /// The same people, so many days later.
    async fn after(mut self, days: u64) -> Self {
        self.world.advance_seconds(days * DAY);
        self.world.rotate_keys().await;
        self.agent = self.agent.signed_in(&self.world).await;
        self.officer = self.officer.signed_in(&self.world).await;
        self.admin = self.admin.signed_in(&self.world).await;
        self.conversation = waiting(&self.world).await;
        self
    }

    async fn claim(&self) -> Response {
        self.agent.post(&format!("/v1/inbox/{}/claim", self.conversation), &json!({})).await
    }

    async fn read(&self) -> Response {
        let request = Request::new("GET", &format!("/v1/transcripts/{}", self.conversation))
            .header("sotto-purpose", "quality")
            .header("sotto-reason", "a look at answers");
        self.officer.send(request).await
    }

    /// The actors of the events of that kind.
    async fn told_by(&self, action: &str) -> Vec<String> {
        self.events(action, "a").await
    }

    /// The objects of the events of that kind.
    async fn told(&self, action: &str) -> Vec<String> {
        self.events(action, "o").await
    }

    async fn events(&self, action: &str, attribute: &str) -> Vec<String> {
        let items = self.world.all_items().await.into_iter();
        let of_kind = items.filter(|(table, item)| {
            table.ends_with("events") && item["w"].as_s().is_ok_and(|word| word == action)
        });
        of_kind.map(|(_, item)| item[attribute].as_s().expect("an id").clone()).collect()
    }
}

async fn waiting(world: &World) -> String {
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "where is my parcel?").await;
    visitor.post(&format!("{conversation}/handover"), &json!({})).await;
    conversation.rsplit('/').next().expect("an id").to_owned()
}

fn refused(response: &Response) -> bool {
    response.refusal() == (403, "training_required".to_owned())
}

async fn begin(staff: &Staff) -> Value {
    let begun = staff.post(ATTEMPTS, &json!({})).await;
    assert_eq!(begun.status, 201, "{}", begun.json());
    begun.json()
}

async fn answer(staff: &Staff, attempt: &Value, answers: &Value) -> Response {
    let path = format!("{ATTEMPTS}/{}", attempt["attempt_id"].as_str().expect("an id"));
    staff.post(&path, &json!({ "answers": answers })).await
}

#[tokio::test]
async fn after_a_week_claims_and_transcripts_need_every_course() {
    let school = School::open().await;
    assert_eq!(school.claim().await.status, 200, "the first days");
    assert_eq!(school.read().await.status, 200, "the first days");
    let school = school.after(6).await;
    assert_eq!(school.claim().await.status, 200, "the seventh day");
    let school = school.after(1).await;
    assert!(refused(&school.claim().await));
    assert!(refused(&school.read().await));
    assert_eq!(school.told("training_required").await, [&*school.conversation; 2]);

    let (last, others) = COURSES.split_last().expect("courses");
    for course in others {
        assert_eq!(school.agent.take_course(course.id, 0).await.status, 200);
    }
    assert!(refused(&school.claim().await), "one is missing");
    assert_eq!(school.agent.take_course(last.id, 0).await.status, 200);
    assert_eq!(school.claim().await.status, 200, "with the token that was refused");
    assert!(refused(&school.read().await), "the officer has passed none");
    assert_eq!(school.told("training_passed").await.len(), COURSES.len());
}

#[tokio::test]
async fn nobody_is_given_a_conversation_without_a_training() {
    let school = School::open().await;
    let school = School { agent: school.agent.trained().await, ..school };
    let untrained = school.world.member(&school.admin, "late@example.org", &["agent"]).await;
    let other = school.world.member(&school.admin, "other@example.org", &["agent"]).await;
    let school = school.after(8).await;
    let untrained = untrained.signed_in(&school.world).await;
    let other = other.signed_in(&school.world).await;
    assert_eq!(school.claim().await.status, 200);
    let there = untrained.put("/v1/presence", &json!({ "state": "available" })).await;
    assert_eq!(there.status, 204);
    let path = format!("/v1/inbox/{}/transfer", school.conversation);
    let to = json!({ "agent_id": untrained.id });
    assert!(refused(&school.agent.post(&path, &to).await));
    assert_eq!(school.told("conversation_received").await.len(), 0);
    // Only somebody who has it learns that, and it is told as theirs.
    let told = school.told("training_required").await.len();
    assert_eq!(other.post(&path, &to).await.refusal(), (409, "not_claimed".into()));
    assert_eq!(school.told("training_required").await.len(), told);
    assert_eq!(school.told_by("training_required").await, [&*school.agent.id]);
    untrained.trained().await;
    assert_eq!(school.agent.post(&path, &to).await.status, 200);
}

#[tokio::test]
async fn a_certificate_ends_after_a_year_and_is_due_a_month_before() {
    let school = School::open().await;
    let school = School { agent: school.agent.trained().await, ..school };
    let me = school.agent.get("/v1/training/me").await.json();
    assert_eq!((&me["due"], me["certificates"].as_array().map(Vec::len)), (&json!([]), Some(5)));
    let school = school.after(300).await;
    assert_eq!(school.agent.get("/v1/training/me").await.json()["due"], json!([]));
    let school = school.after(50).await;
    assert_eq!(school.claim().await.status, 200);
    let me = school.agent.get("/v1/training/me").await.json();
    assert_eq!(me["due"].as_array().map(Vec::len), Some(COURSES.len()), "{me}");
    assert_eq!(me["due"][0]["by"], me["certificates"][0]["expires_at"]);
    let school = school.after(16).await;
    assert!(refused(&school.claim().await));
    let school = School { agent: school.agent.trained().await, ..school };
    assert_eq!(school.claim().await.status, 200, "a refresher");
}

#[tokio::test]
async fn eight_of_ten_are_enough_and_seven_are_not() {
    let school = School::open().await;
    let agent = &school.agent;
    let failed = agent.take_course(COURSE, 3).await.json();
    assert_eq!((&failed["score"], &failed["passed"]), (&json!(0.7), &json!(false)));
    assert_eq!(failed["certificate"], Value::Null);
    let results = failed["results"].as_array().expect("results");
    let correct: Vec<_> = results.iter().map(|result| result["correct"] == true).collect();
    assert_eq!(correct, [vec![false; 3], vec![true; 7]].concat());
    assert!(results.iter().all(|result| !result["reason"].as_str().expect("why").is_empty()));
    assert!(
        agent.get("/v1/training/me").await.json()["certificates"]
            .as_array()
            .expect("a list")
            .is_empty()
    );

    let early = agent.post(ATTEMPTS, &json!({})).await;
    assert_eq!(early.refusal(), (429, "rate_limited".into()));
    assert_eq!(early.header("retry-after"), "600");
    school.world.advance_seconds(500);
    let agent = &agent.signed_in(&school.world).await;
    let wait: u64 =
        agent.post(ATTEMPTS, &json!({})).await.header("retry-after").parse().expect("seconds");
    assert!((1..=100).contains(&wait), "{wait}");
    school.world.advance_seconds(wait - 1);
    assert_eq!(agent.post(ATTEMPTS, &json!({})).await.header("retry-after"), "1");
    school.world.advance_seconds(1);
    let passed = agent.take_course(COURSE, 2).await.json();
    assert_eq!((&passed["score"], &passed["passed"]), (&json!(0.8), &json!(true)));
    assert!(passed["certificate"]["jws"].is_string());
}

#[tokio::test]
async fn questions_are_drawn_and_no_route_tells_the_answers() {
    let school = School::open().await;
    let mut drawn = BTreeSet::new();
    for staff in [&school.agent, &school.officer, &school.admin] {
        let attempt = begin(staff).await;
        let questions = attempt["questions"].as_array().expect("questions").clone();
        assert_eq!(questions.len(), 10);
        let ids: Vec<_> = questions.iter().map(|one| one["id"].to_string()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 10, "each once");
        for question in &questions {
            let fields: Vec<_> = question.as_object().expect("fields").keys().collect();
            assert_eq!(fields, ["id", "multiple", "options", "text"]);
            for option in question["options"].as_array().expect("options") {
                let fields: Vec<_> = option.as_object().expect("fields").keys().collect();
                assert_eq!(fields, ["id", "text"]);
            }
        }
        drawn.insert(ids);
    }
    assert!(drawn.len() > 1, "attempts differ");
    for locale in ["en", "de"] {
        let list = school.agent.get(&format!("/v1/training/courses?locale={locale}")).await.json();
        let ids: Vec<_> =
            list["items"].as_array().expect("items").iter().map(|it| it["id"].clone()).collect();
        assert_eq!(ids, COURSES.map(|course| json!(course.id)));
        for course in COURSES {
            let path = format!("/v1/training/courses/{}?locale={locale}", course.id);
            let course = school.agent.get(&path).await;
            assert_eq!(course.status, 200);
            let course = course.json();
            assert_eq!(
                (&course["locale"], &course["locales"]),
                (&json!(locale), &json!(["de", "en"]))
            );
            assert!(course["chat"].as_array().expect("a chat").len() >= 5);
            assert!(course.get("questions").is_none());
            assert!(course["text"].as_str().expect("a text").contains("## "));
        }
    }
}

#[tokio::test]
async fn an_attempt_is_answered_once_in_an_hour_and_by_its_owner() {
    let school = School::open().await;
    let agent = &school.agent;
    let attempt = begin(agent).await;
    let open = agent.post(ATTEMPTS, &json!({})).await;
    assert_eq!(open.refusal(), (409, "conflict".into()));
    assert_eq!(open.json()["item"], attempt, "it can be gone on with");
    let right = Value::Object(answers(COURSE, &attempt, 0));
    assert_eq!(
        answer(&school.officer, &attempt, &right).await.refusal(),
        (404, "not_found".into())
    );
    let elsewhere = format!(
        "/v1/training/courses/assistants/attempts/{}",
        attempt["attempt_id"].as_str().expect("an id")
    );
    let elsewhere = agent.post(&elsewhere, &json!({ "answers": right })).await;
    assert_eq!(elsewhere.refusal(), (404, "not_found".into()), "of another course");
    for bad in [
        json!({ "q99": ["a"] }),
        json!({ attempt["questions"][0]["id"].as_str().expect("an id"): ["zz"] }),
    ] {
        assert_eq!(answer(agent, &attempt, &bad).await.refusal(), (422, "invalid".into()));
    }
    let missing = agent
        .post(&format!("{ATTEMPTS}/{}", attempt["attempt_id"].as_str().expect("an id")), &json!({}))
        .await;
    assert_eq!(missing.refusal(), (422, "invalid".into()));

    // Twice at the same instant: one counts.
    let none = json!({});
    let (one, two) = tokio::join!(answer(agent, &attempt, &right), answer(agent, &attempt, &none));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(answer(agent, &attempt, &right).await.refusal(), (409, "conflict".into()));

    let late = begin(&school.officer).await;
    school.world.advance_seconds(60 * 60);
    let officer = school.officer.signed_in(&school.world).await;
    let right = Value::Object(answers(COURSE, &late, 0));
    assert_eq!(answer(&officer, &late, &right).await.refusal(), (410, "attempt_expired".into()));
    begin(&officer).await;
}

/// Instances of two releases know two versions of a course while one takes the place of the other.
#[tokio::test]
async fn questions_of_another_version_are_not_answered() {
    let school = School::open().await;
    let attempt = begin(&school.agent).await;
    for (table, mut item) in school.world.all_items().await {
        if table.ends_with("training") && item.contains_key("j") {
            let content = item["j"].as_s().expect("JSON").replace("\"version\":1", "\"version\":2");
            item.insert("j".to_owned(), string(content));
            let put = school.world.dynamo().put_item().table_name(table).set_item(Some(item));
            put.send().await.expect("it is another version");
        }
    }
    let right = Value::Object(answers(COURSE, &attempt, 0));
    let answered = answer(&school.agent, &attempt, &right).await;
    assert_eq!(answered.refusal(), (410, "attempt_expired".into()));
    let me = school.agent.get("/v1/training/me").await.json();
    assert_eq!((&me["under_way"], &me["certificates"]), (&json!([]), &json!([])));
    begin(&school.agent).await;
}

/// A training is kept as long as events after an account is gone, and until then it has no end.
#[tokio::test]
async fn a_training_ends_after_its_account() {
    let school = School::open().await;
    let school = School { agent: school.agent.trained().await, ..school };
    let ends = async || {
        let items = school.world.all_items().await.into_iter();
        let of_trainings = items.filter(|(table, _)| table.ends_with("training"));
        let end = |(_, item): (String, Item)| {
            let end = item.get("expires_at")?.as_n().ok()?.parse::<i64>().ok()?;
            Some((item["k"].as_s().ok()?.clone(), end))
        };
        of_trainings.filter_map(end).collect::<Vec<_>>()
    };
    assert_eq!(ends().await, []);
    let admin = school.admin.stepped_up(&school.world).await;
    let deleted = admin.delete(&format!("/v1/auth/staff/{}", school.agent.id)).await;
    assert_eq!(deleted.status, 200, "{}", deleted.json());
    let left = school.world.clock.now_seconds() + 731 * 86_400;
    assert_eq!(ends().await, [(school.agent.id.clone(), left)]);
}

/// Two browsers begin at the same instant: one attempt is there, and both get its questions.
#[tokio::test]
async fn two_attempts_at_once_are_one() {
    let school = School::open().await;
    for course in COURSES {
        let (path, empty) = (format!("/v1/training/courses/{}/attempts", course.id), json!({}));
        let (one, two) =
            tokio::join!(school.agent.post(&path, &empty), school.agent.post(&path, &empty));
        let (won, lost) = if one.status == 201 { (one, two) } else { (two, one) };
        assert_eq!((won.status, lost.refusal()), (201, (409, "conflict".into())));
        assert_eq!(lost.json()["item"], won.json());
    }
    let me = school.agent.get("/v1/training/me").await.json();
    assert_eq!(me["under_way"].as_array().map(Vec::len), Some(COURSES.len()));
}

#[tokio::test]
async fn a_certificate_is_verified_without_the_service() {
    let school = School::open().await;
    let passed = school.agent.take_course(COURSE, 0).await.json();
    let jws = passed["certificate"]["jws"].as_str().expect("a signature");
    let jwks = school.agent.get("/.well-known/jwks.json").await.json();
    let key = {
        let keys = jwks["keys"].as_array().expect("keys").iter();
        let mut keys = keys.filter(|key| key["sotto_use"] == "certificate");
        let key = keys.next().expect("a key of certificates").clone();
        assert!(keys.next().is_none());
        key
    };
    assert_eq!(named_key(jws).as_deref(), key["kid"].as_str());
    let raw = from_base64url(key["x"].as_str().expect("a key")).expect("bytes");
    let key = Verifier::from_raw(&raw).expect("a key");
    let claims: Value = key.verify("sotto-certificate+jwt", jws).expect("it verifies");
    assert_eq!(claims["iss"], "world");
    assert_eq!((&claims["sub"], &claims["course"]), (&json!(school.agent.id), &json!(COURSE)));
    assert_eq!(claims["version"], 1);
    let fields: Vec<_> = claims.as_object().expect("claims").keys().collect();
    assert_eq!(fields, ["course", "exp", "iat", "iss", "jti", "sub", "version"], "and no name");
    let year = claims["exp"].as_i64().expect("a time") - claims["iat"].as_i64().expect("a time");
    assert_eq!(year, 365 * 86_400);
    // A certificate opens nothing and is no receipt, and a token is no certificate.
    let as_token = Staff { token: jws.to_owned(), ..school.agent.clone() };
    assert_eq!(as_token.get("/v1/auth/me").await.refusal(), (401, "token_invalid".into()));
    let receipt = school.agent.post("/v1/receipts/verify", &json!({ "jws": jws })).await.json();
    assert_eq!(receipt["valid"], false, "{receipt}");
    assert!(key.verify::<Value>("sotto-certificate+jwt", &school.agent.token).is_err());
}

#[tokio::test]
async fn the_doctor_says_whether_a_certificate_is_valid() {
    let school = School::open().await;
    let passed = school.agent.take_course(COURSE, 0).await.json();
    let jws = passed["certificate"]["jws"].as_str().expect("a signature");
    let published = school.agent.get("/.well-known/jwks.json").await;
    let jwks = String::from_utf8(published.body).expect("UTF-8");
    let now_ms = school.world.clock.now_ms();
    let say = |jws: &str, now_ms: i64| {
        let verdict = certificate::verify(jws, &jwks, now_ms).expect("a verdict");
        (verdict.exit_code, verdict.sentence)
    };
    let (code, sentence) = say(&format!("{jws}\n"), now_ms);
    let begins = format!("Valid: signed by world. The account {} passed", school.agent.id);
    assert_eq!((code, sentence.starts_with(&begins)), (0, true), "{sentence}");
    assert!(sentence.contains("the course phishing, version 1"), "{sentence}");
    assert_eq!(say(jws, now_ms + CERTIFICATE_MS - 1000).0, 0);
    let (code, sentence) = say(jws, now_ms + CERTIFICATE_MS);
    assert_eq!((code, sentence.starts_with("Not valid (expired)")), (1, true), "{sentence}");

    let mut changed = jws.to_owned();
    let payload = changed.find('.').expect("parts") + 5;
    let other = if changed.as_bytes()[payload] == b'A' { "B" } else { "A" };
    changed.replace_range(payload..=payload, other);
    let (head, _) = jws.rsplit_once('.').expect("parts");
    let elsewhere = World::new().await;
    let sign = async |world: &World| {
        let signer = world.training.store.settings.certificate_signer().await.expect("a key");
        signer.sign_named(CERTIFICATE_TYPE, &json!({ "iss": "world" })).expect("a signature")
    };
    for (forged, reason) in [
        (changed, "bad_signature"),
        (format!("{head}.AAAA"), "bad_signature"),
        (school.agent.token.clone(), "wrong_type"),
        (sign(&elsewhere).await, "unknown_key"),
        (sign(&school.world).await, "malformed"),
        (passed["certificate"].to_string(), "malformed"),
    ] {
        let (code, sentence) = say(&forged, now_ms);
        let begins = format!("Not valid ({reason})");
        assert_eq!((code, sentence.starts_with(&begins)), (1, true), "{reason}: {sentence}");
    }
}

#[tokio::test]
async fn admins_see_who_has_passed_what_and_need_no_course_themselves() {
    let school = School::open().await;
    let school = School { agent: school.agent.trained().await, ..school }.after(8).await;
    let mine = school.admin.get("/v1/training/me").await.json();
    assert_eq!((&mine["required"], &mine["due"]), (&json!(false), &json!([])));
    let me = school.admin.get("/v1/auth/me").await.json();
    assert_eq!(me["training"], json!({ "current": true, "expires_at": null }));
    let records = school.admin.get("/v1/training/records").await.json();
    let of = |staff: &Staff| {
        let mut items = records["items"].as_array().expect("items").iter();
        items.find(|item| item["staff_id"] == json!(staff.id)).expect("a record").clone()
    };
    let (agent, officer) = (of(&school.agent), of(&school.officer));
    assert_eq!((&agent["current"], &officer["current"]), (&json!(true), &json!(false)));
    assert_eq!(agent["passed"].as_array().map(Vec::len), Some(COURSES.len()));
    assert_eq!(officer["due"].as_array().map(Vec::len), Some(COURSES.len()));
    assert!(!records.to_string().contains('@'), "ids alone");
    assert_eq!(school.agent.get("/v1/training/records").await.refusal(), (403, "forbidden".into()));
    let me = school.officer.get("/v1/auth/me").await.json();
    assert_eq!(me["training"]["current"], false);
    let unknown = school.agent.get("/v1/training/courses/none").await;
    assert_eq!(unknown.refusal(), (404, "not_found".into()));
    for garbled in ["%FF", "%FF/attempts", "phishing/attempts/%FF"] {
        let path = format!("/v1/training/courses/{garbled}");
        let garbled = school.agent.post(&path, &json!({ "answers": {} })).await;
        assert_eq!(garbled.header("content-type"), "application/problem+json", "{path}");
        assert!((400..500).contains(&garbled.status), "{path}");
    }
    let other = school.agent.get("/v1/training/courses?locale=fr").await;
    assert_eq!(other.refusal(), (422, "invalid".into()));
    assert!(right_options(COURSE, "none").is_empty());
}

/// An account from before the courses has a week from the first look at it.
#[tokio::test]
async fn an_account_of_the_release_before_has_a_week_too() {
    let school = School::open().await;
    let guard = school.world.member(&school.admin, "guard@example.org", &["security"]).await;
    let dynamo = school.world.dynamo();
    for (table, item) in school.world.all_items().await {
        if table.ends_with("training") {
            let key = ["p", "k"].map(|name| (name.to_owned(), item[name].clone()));
            let delete = dynamo.delete_item().table_name(&table).set_key(Some(key.into()));
            delete.send().await.expect("it goes");
        }
    }
    let school = school.after(30).await;
    let week = school.world.clock.now_ms() + 7 * 86_400_000;
    let me = guard.signed_in(&school.world).await.get("/v1/auth/me").await.json();
    let until = from_rfc3339(me["training"]["expires_at"].as_str().expect("a time"));
    assert!(until.is_some_and(|until| (week..week + 60_000).contains(&until)), "{me}");
    assert_eq!(school.claim().await.status, 200, "the first look");
    assert_eq!(school.read().await.status, 200, "the first look");
    let school = school.after(6).await;
    assert_eq!(school.claim().await.status, 200);
    let school = school.after(1).await;
    assert!(refused(&school.claim().await));
    assert!(refused(&school.read().await));
}
