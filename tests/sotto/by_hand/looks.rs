//! What people and jobs see of a world: requests by functions that remember nothing, a sweep, and
//! `cargo doctor check`.

use std::collections::{BTreeMap, BTreeSet};

use checks::records::Records;
use serde_json::{Value, json};
use template::Template;
use tests::api::{Api, Request, Response};
use tests::sealed::published_keys;
use tests::staff::{Staff, code_at};
use tests::visitor::Visitor;

use super::life::{Life, Person};
use crate::privacy::stage::{id_of, with_reason};

/// Answers by what was asked: the status, and the leaves of the body.
pub(super) type Seen = BTreeMap<String, (u16, BTreeMap<String, Value>)>;

/// The whole of a look.
pub(super) struct Look {
    pub(super) seen: Seen,
    /// What the doctor and the sweep tell of.
    pub(super) told: BTreeSet<String>,
}

fn leaves(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| leaves(&format!("{path}/{name}"), value, into));
        }
        Value::Array(items) => {
            into.insert(format!("{path}/#"), json!(items.len()));
            let at = |(at, value): (usize, &Value)| leaves(&format!("{path}/{at}"), value, into);
            items.iter().enumerate().for_each(at);
        }
        leaf => {
            into.insert(path.to_owned(), leaf.clone());
        }
    }
}

impl Look {
    fn note(&mut self, who: &str, what: &str, answer: &Response) {
        let mut body = BTreeMap::new();
        if let Ok(json) = serde_json::from_slice(&answer.body) {
            leaves("", &json, &mut body);
        }
        self.seen.insert(format!("{who}: {what}"), (answer.status, body));
    }
}

/// Who looks.
pub(super) struct Lookers<'a> {
    pub(super) life: &'a Life,
    /// By their place in the life.
    pub(super) people: BTreeSet<usize>,
    pub(super) staff: bool,
    pub(super) officer: bool,
    pub(super) desk: bool,
}

impl Lookers<'_> {
    /// Looks, and at no more than has to be looked at when the doctor tells of something beyond `known`.
    pub(super) async fn look(&self, known: Option<&BTreeSet<String>>) -> Look {
        let life = self.life;
        let mut look = Look { seen: Seen::new(), told: doctor(life).await };
        if known.is_some_and(|known| look.told.difference(known).next().is_some()) {
            return look;
        }
        let api = Api::Events(intake::router(life.world.another_function()));
        for at in &self.people {
            visit(&life.people[*at], &api, &mut look).await;
        }
        if !self.people.is_empty() {
            sealed(&life.people[0], &api, &mut look).await;
        }
        let staff_api = life.world.another_staff_api();
        if self.staff {
            sign_ins(life, &staff_api, &mut look).await;
            guard(life, &staff_api, &mut look).await;
        }
        if self.desk {
            self.desk(&staff_api, &mut look).await;
        }
        if self.officer {
            self.officer(&staff_api, &mut look).await;
        }
        for at in &self.people {
            act(&life.people[*at], &api, &mut look).await;
        }
        if !self.officer {
            return look;
        }
        match retention::sweep::run(&life.world.sweeper()).await {
            Err(error) => drop(look.told.insert(format!("the sweep fails: {error}"))),
            Ok(swept) => {
                let counts = [("damaged", swept.damaged), ("unproven", swept.unproven)];
                for (what, _) in counts.into_iter().filter(|(_, count)| *count > 0) {
                    look.told.insert(format!("the sweep: {what}"));
                }
            }
        }
        // What the sweep has left.
        let api = Api::Events(intake::router(life.world.another_function()));
        for at in &self.people {
            let Person { name, visitor, conversations, .. } = &life.people[*at];
            let visitor = Visitor { api: api.clone(), ..visitor.clone() };
            if let Some(path) = conversations.last() {
                look.note(name, "after the sweep", &visitor.get(path).await);
            }
        }
        look
    }

    /// An agent at work.
    async fn desk(&self, api: &Api, look: &mut Look) {
        let agent = Staff { api: api.clone(), ..self.life.at_desk.clone() };
        for list in ["waiting", "mine", "closed"] {
            let path = format!("/v1/inbox?status={list}");
            look.note("agent", &path, &agent.get(&path).await);
        }
        for path in [
            "/v1/training/me",
            "/v1/training/practices",
            "/v1/canned",
            "/v1/sites",
            "/v1/knowledge",
            "/v1/knowledge/versions",
        ] {
            look.note("agent", path, &agent.get(path).await);
        }
        let leads = Request::new("GET", "/v1/leads").header("sotto-purpose", "support");
        look.note("agent", "leads", &agent.send(leads).await);
        for Person { name, conversations, .. } in &self.life.people {
            if ["closed by an agent", "claimed", "waiting"].contains(name) {
                let id = id_of(&conversations[0]);
                let polled = agent.get(&format!("/v1/inbox/{id}/messages?after=")).await;
                look.note("agent", &format!("poll {name}"), &polled);
            }
        }
    }

    async fn officer(&self, api: &Api, look: &mut Look) {
        let officer = Staff { api: api.clone(), ..self.life.officer.clone() };
        for path in ["/v1/holds", "/v1/cases", "/v1/erasures", "/v1/retention/policy"] {
            look.note("officer", path, &officer.get(path).await);
        }
        for path in &self.life.paths {
            look.note("officer", path, &officer.get(path).await);
        }
        let body = json!({ "email": "ada@example.net" });
        look.note("officer", "search", &officer.post("/v1/subjects/search", &body).await);
        for at in &self.people {
            let Person { name, visitor, conversations, .. } = &self.life.people[*at];
            let path = format!("/v1/subjects/{}", visitor.subject);
            let read = officer.send(with_reason(Request::new("GET", &path))).await;
            look.note("officer", &format!("subject {name}"), &read);
            if *name == "live" {
                // An incident forbids it.
                let export = Request::new("POST", &format!("{path}/export")).json(&json!({}));
                look.note("officer", "export", &officer.send(with_reason(export)).await);
            }
            if let Some(path) = conversations.first() {
                let path = format!("/v1/transcripts/{}", id_of(path));
                let read = officer.send(with_reason(Request::new("GET", &path))).await;
                look.note("officer", &format!("transcript {name}"), &read);
            }
        }
    }
}

async fn visit(person: &Person, api: &Api, look: &mut Look) {
    let Person { name, visitor, conversations, .. } = person;
    let visitor = Visitor { api: api.clone(), ..visitor.clone() };
    for (at, path) in conversations.iter().take(2).enumerate() {
        for route in ["", "/messages"] {
            let what = format!("conversation {at}{route}");
            look.note(name, &what, &visitor.get(&format!("{path}{route}")).await);
        }
    }
    if let Some(path) = conversations.first() {
        let polled = visitor.get(&format!("{path}/messages?after=&state=x")).await;
        look.note(name, "poll", &polled);
    }
    look.note(name, "export", &visitor.get("/v1/me/export").await);
}

/// What somebody does, after everybody has looked.
async fn act(person: &Person, api: &Api, look: &mut Look) {
    let Person { name, visitor, conversations, erased_with } = person;
    let visitor = Visitor { api: api.clone(), ..visitor.clone() };
    let body = json!({ "site": "default", "identity": null });
    look.note(name, "renewal", &visitor.post("/v1/sessions", &body).await);
    if let Some(path) = conversations.first() {
        look.note(name, "message", &visitor.say_as(path, "hello", "a-key-of-the-looks").await);
    }
    let consent = json!({ "consent": { "notice_version": "2026-11", "purposes": ["support"] } });
    look.note(name, "opening", &visitor.post("/v1/conversations", &consent).await);
    // Only those who have asked for it before: the others would be gone.
    if name.starts_with("erased") || *name == "kept" {
        let erase = Request::new("DELETE", "/v1/me").header("idempotency-key", erased_with);
        look.note(name, "erasure again", &visitor.send(erase).await);
    }
}

/// Somebody with the newest key of the list, who is known by nothing else.
async fn sealed(person: &Person, api: &Api, look: &mut Look) {
    let listed = api.send(&Request::new("GET", "/v1/keys")).await;
    look.note("anybody", "keys", &listed);
    let widget = api.send(&Request::new("GET", "/v1/sites/default/widget")).await;
    look.note("anybody", "widget", &widget);
    let there = api.clone();
    // Whoever has the root's pin takes no list that it has not signed.
    let taken = tokio::spawn(async move { published_keys(&there).await.remove(0) }).await;
    if let Ok(key) = taken {
        let visitor = Visitor { api: api.clone(), ..person.visitor.clone() }.sealing_to(&key);
        look.note("anybody", "sealed", &visitor.get(&person.conversations[0]).await);
    } else {
        look.seen.insert("anybody: keys".to_owned(), (400, BTreeMap::new()));
    }
}

async fn sign_ins(life: &Life, api: &Api, look: &mut Look) {
    for (what, request) in &life.spent {
        look.note("somebody", what, &api.send(request).await);
    }
    for (who, staff) in [("admin", &life.admin), ("officer", &life.officer), ("agent", &life.agent)]
    {
        let staff = Staff { api: api.clone(), ..staff.clone() };
        look.note(
            who,
            "a wrong password",
            &Staff { password: "wrong of course, and long".to_owned(), ..staff.clone() }
                .login()
                .await,
        );
        for path in ["/v1/auth/me", "/v1/auth/sessions", "/v1/auth/factors"] {
            look.note(who, path, &staff.get(path).await);
        }
        if who == "admin" {
            for path in ["/v1/auth/staff", "/v1/auth/invitations", "/v1/reports/summary"] {
                look.note(who, path, &staff.get(path).await);
            }
        }
        let login = staff.login().await;
        look.note(who, "sign-in", &login);
        if let Some(token) = login.json()["mfa_token"].as_str() {
            // Of half a minute ahead: the last one was used.
            let code = code_at(&staff.secret, life.world.seconds() + 30);
            look.note(who, "code", &staff.show(token, &code).await);
        }
        look.note(who, "renewal", &staff.renew().await);
    }
}

/// Somebody who answers for security.
async fn guard(life: &Life, api: &Api, look: &mut Look) {
    let guard = Staff { api: api.clone(), ..life.guard.clone() };
    for path in ["/v1/incidents", "/v1/incidents/rules"] {
        look.note("guard", path, &guard.get(path).await);
    }
    for path in &life.incidents {
        for route in ["", "/affected", "/report"] {
            let path = format!("{path}{route}");
            look.note("guard", &path, &guard.get(&path).await);
        }
    }
}

async fn doctor(life: &Life) -> BTreeSet<String> {
    let template = Template::deployed().expect("the template");
    let name = |logical: &str| {
        template.table(logical).map(|table| format!("world-{}", table.short_name()))
    };
    let now = life.world.clock.now_seconds();
    let records = Records::read(&life.world.dynamo(), template, name, now, None).await;
    let records = records.unwrap_or_else(|error| panic!("the tables were not read: {error:?}"));
    let broken = records.broken().into_iter();
    broken.map(|one| format!("the doctor: {} {} {}", one.table, one.invariant, one.item)).collect()
}
