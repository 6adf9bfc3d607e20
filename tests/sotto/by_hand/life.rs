//! A world in which everything has happened once, with all earlier states of its rows.

use std::collections::BTreeMap;

use auth::credential::passkey::authenticator::Authenticator;
use serde_json::json;
use shared::ids::{ConversationId, SubjectId};
use shared::store::attributes::Item;
use shared::store::decoy::Decoy;
use shared::store::incident::IncidentTable;
use shared::values::policy::{AuditDays, DAY_MS};
use tests::api::Request;
use tests::site_server::{SiteServer, sign_in, visitor_of};
use tests::staff::{Staff, post};
use tests::visitor::{Visitor, fresh_key};
use tests::world::{CONSOLE, World};

use crate::privacy::stage::{
    DAY, ask_for_erasure, conversation, erase, erase_me, id_of, leave_contact, with_reason,
};

/// The table of a row and its key.
pub(super) type Place = (String, String);

/// Somebody who chats.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) visitor: Visitor,
    pub(super) conversations: Vec<String>,
    /// By which they have asked for their erasure.
    pub(super) erased_with: String,
}

pub(super) struct Life {
    pub(super) world: World,
    pub(super) people: Vec<Person>,
    pub(super) admin: Staff,
    pub(super) officer: Staff,
    /// Disabled.
    pub(super) agent: Staff,
    /// At the desk, with a conversation.
    pub(super) at_desk: Staff,
    /// Answers for security.
    pub(super) guard: Staff,
    /// What opened once, and must not again: what it is, where it is shown, and the request.
    pub(super) spent: Vec<(&'static str, Request)>,
    pub(super) paths: Vec<String>,
    /// Where the incidents are.
    pub(super) incidents: Vec<String>,
    /// The rows as they are.
    pub(super) rows: BTreeMap<Place, Item>,
    /// Earlier states of rows, also of those that are gone.
    pub(super) before: Vec<(Place, Item)>,
}

/// The names of the attributes of a table's key.
pub(super) fn key_names(table: &str) -> [&'static str; 2] {
    match table {
        "world-keys" => ["u", "c"],
        "world-conversations" => ["c", "s"],
        "world-profiles" => ["u", "k"],
        _ => ["p", "k"],
    }
}

pub(super) fn place_of(table: &str, item: &Item) -> Place {
    let [partition, sort] = key_names(table).map(|name| &item[name]);
    (table.to_owned(), format!("{partition:?} {sort:?}"))
}

pub(super) async fn stored(world: &World) -> BTreeMap<Place, Item> {
    let items = world.all_items().await.into_iter();
    items.map(|(table, item)| (place_of(&table, &item), item)).collect()
}

impl Life {
    /// Remembers what has changed since the last time.
    async fn remember(&mut self) {
        let now = stored(&self.world).await;
        for (place, item) in &self.rows {
            if now.get(place) != Some(item) {
                self.before.push((place.clone(), item.clone()));
            }
        }
        self.rows = now;
    }

    async fn arrives(&mut self, name: &'static str, exchanges: usize) -> usize {
        let visitor = self.world.visitor().await;
        let path = conversation(&visitor, exchanges).await;
        let erased_with = fresh_key();
        self.people.push(Person { name, visitor, conversations: vec![path], erased_with });
        self.remember().await;
        self.people.len() - 1
    }

    /// The officer shows a second factor again.
    async fn steps_up(&mut self) {
        self.officer = self.officer.stepped_up(&self.world).await;
    }

    async fn hold(&mut self, body: serde_json::Value) -> String {
        self.steps_up().await;
        let placed = self.officer.post("/v1/holds", &body).await;
        assert_eq!(placed.status, 201, "{}", placed.json());
        self.remember().await;
        placed.json()["id"].as_str().expect("an id").to_owned()
    }

    async fn changes(&mut self, path: &str, body: serde_json::Value) {
        let changed = self.officer.patch(path, &body).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        self.remember().await;
    }

    async fn sets_days(&mut self, transcript_days: u32) {
        let days = json!({ "transcript_days": transcript_days, "lead_days": 150,
            "audit_days": 800, "conversation_max_days": 6 });
        let set = self.officer.send(Request::new("PUT", "/v1/retention/policy").json(&days)).await;
        assert_eq!(set.status, 200, "{}", set.json());
        self.remember().await;
    }

    async fn erases(&mut self, at: usize, expected: u16) {
        let person = &self.people[at];
        let answer = erase_me(&person.visitor, &person.erased_with).await;
        assert_eq!(answer.status, expected, "{}: {}", person.name, answer.json());
        if let Some(id) = answer.json()["id"].as_str() {
            self.paths.push(format!("/v1/receipts/{id}"));
        }
        self.remember().await;
    }

    async fn sweeps(&mut self) {
        self.world.advance_seconds(121);
        self.world.sweep().await;
        self.remember().await;
    }

    /// Lives it.
    pub(super) async fn whole() -> Self {
        let world = World::with(&[("SOTTO_GUEST_LIMIT", "1000")]).await;
        let site = SiteServer::ed25519(1);
        world.register_identity_key(&SiteServer::ed25519(2).jwk(), false).await;
        let admin = world.admin().await;
        let officer = world.member(&admin, "privacy@example.org", &["privacy"]).await;
        let officer = officer.trained().await;
        let agent = world.member(&admin, "agent@example.org", &["agent"]).await;
        let at_desk = world.member(&admin, "desk@example.org", &["agent"]).await.trained().await;
        let guard = world.member(&admin, "guard@example.org", &["security"]).await;
        let mut life = Self {
            world,
            people: Vec::new(),
            admin,
            officer,
            agent,
            at_desk,
            guard,
            spent: Vec::new(),
            paths: Vec::new(),
            incidents: Vec::new(),
            rows: BTreeMap::new(),
            before: Vec::new(),
        };
        life.remember().await;
        life.world.register_identity_key(&site.jwk(), false).await;
        life.remember().await;
        life.sets_days(40).await;
        life.sets_days(30).await;

        life.webhook().await;
        life.knowledge().await;
        life.ended().await;
        let live = life.chats().await;
        life.customers(&site).await;
        let held = life.holds().await;
        life.erasures().await;
        life.cases([live, held]).await;
        life.desk().await;
        life.staff().await;
        life.sequences().await;
        let begun = life.arrives("erased now", 1).await;
        life.erases(begun, 200).await;
        life.incidents().await;
        life.decoy().await;
        life.sequences().await;
        life.hand_overs().await;
        life
    }

    /// The security events so far become leaves of the audit log.
    async fn sequences(&mut self) {
        for answer in self.world.sequence().await {
            assert_eq!(answer["batchItemFailures"], json!([]));
        }
        self.remember().await;
        // Asked for once, a receipt says where the log has it, and stays as it is.
        for path in self.paths.clone() {
            if path.starts_with("/v1/receipts/") {
                assert_eq!(self.guard.get(&path).await.status, 200);
            }
        }
        self.remember().await;
    }

    /// Incidents: exports wait for the end of one, and one was about an agent, who has courses to pass again.
    async fn incidents(&mut self) {
        self.guard = self.guard.signed_in(&self.world).await.stepped_up(&self.world).await;
        self.remember().await;
        for note in ["A laptop was left on a train.", "It was found."] {
            let body = json!({ "kind": "manual", "note": note });
            let opened = self.guard.post("/v1/incidents", &body).await;
            assert_eq!(opened.status, 201, "{}", opened.json());
            let id = opened.json()["id"].as_str().expect("an id").to_owned();
            self.incidents.push(format!("/v1/incidents/{id}"));
            self.remember().await;
        }
        let path = self.incidents[0].clone();
        let changed = self.guard.patch(&path, &json!({ "status": "acknowledged" })).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        self.remember().await;
        let freeze = json!({ "action": "freeze_exports", "target": "default" });
        let taken = self.guard.post(&format!("{path}/actions"), &freeze).await;
        assert!(taken.status < 300, "{}", taken.json());
        self.remember().await;
        let body = json!({ "kind": "unusual_reads", "note": "They told us themselves.",
            "actor": self.at_desk.id });
        let opened = self.guard.post("/v1/incidents", &body).await;
        assert_eq!(opened.status, 201, "{}", opened.json());
        let id = opened.json()["id"].as_str().expect("an id").to_owned();
        self.incidents.push(format!("/v1/incidents/{id}"));
        self.remember().await;
        let path = self.incidents[2].clone();
        let judged = self.guard.patch(&path, &json!({ "verdict": "true_positive" })).await;
        assert_eq!(judged.status, 200, "{}", judged.json());
        self.remember().await;
    }

    /// A conversation that the staff have no reason to read.
    async fn decoy(&mut self) {
        let Person { visitor, conversations, .. } = &self.people[0];
        let now_ms = self.world.clock.now_ms();
        let decoy = Decoy {
            conversation: ConversationId::parse(&id_of(&conversations[0])).expect("an id"),
            subject: SubjectId::parse(&visitor.subject).expect("an id"),
            planted_ms: now_ms,
            end_ms: now_ms + 7 * DAY_MS,
        };
        let (dynamo, clock) = (self.world.dynamo(), self.world.clock.clone());
        let table = "world-incidents".to_owned();
        let incidents = IncidentTable::new(dynamo, table, clock, AuditDays::default());
        incidents.plant_decoy(&decoy).await.expect("it is planted");
        self.remember().await;
    }

    /// An agent who is there, has a conversation and has closed one; one more waits. Nothing comes after
    /// it: they would be away.
    async fn hand_overs(&mut self) {
        self.at_desk = self.at_desk.signed_in(&self.world).await;
        self.remember().await;
        let put = self.at_desk.put("/v1/presence", &json!({ "state": "available" })).await;
        assert_eq!(put.status, 204);
        self.remember().await;
        for name in ["closed by an agent", "claimed", "waiting"] {
            let at = self.arrives(name, 1).await;
            let (visitor, path) =
                (self.people[at].visitor.clone(), self.people[at].conversations[0].clone());
            let asked = visitor.post(&format!("{path}/handover"), &json!({})).await;
            assert_eq!(asked.json()["status"], "waiting");
            self.remember().await;
            if name == "waiting" {
                continue;
            }
            let seen = json!({ "message_id": format!("{}.2.0", id_of(&path)) });
            let said = json!({ "text": "Hello" });
            self.agents(&path, "claim", json!({})).await;
            self.agents(&path, "seen", seen).await;
            self.agents(&path, "typing", json!({})).await;
            assert_eq!(visitor.post(&format!("{path}/typing"), &json!({})).await.status, 204);
            self.agents(&path, "messages", said.clone()).await;
            self.agents(&path, "notes", said).await;
            assert_eq!(visitor.say(&path, "Thank you").await.status, 201);
            self.remember().await;
            if name == "closed by an agent" {
                let close = json!({ "reason": "solved", "tags": ["parcel", "late"] });
                self.agents(&path, "close", close).await;
            }
        }
    }

    async fn agents(&mut self, conversation: &str, route: &str, body: serde_json::Value) {
        let path = format!("/v1/inbox/{}/{route}", id_of(conversation));
        let request = Request::new("POST", &path).header("idempotency-key", fresh_key());
        let done = self.at_desk.send(request.json(&body)).await;
        assert!(done.status < 300, "{route}: {}", done.json());
        self.remember().await;
    }

    /// Contacts go to a webhook that nobody answers.
    async fn webhook(&mut self) {
        let admin = self.admin.signed_in(&self.world).await.stepped_up(&self.world).await;
        let body = json!({ "webhook": { "url": "https://crm.invalid/" }, "hourly_wage": 20 });
        let put = Request::new("PUT", "/v1/sites/default").header("if-match", "\"0\"");
        let put = admin.send(put.json(&body)).await;
        assert_eq!(put.status, 200, "{}", put.json());
        self.world.advance_seconds(61);
        self.admin = self.admin.signed_in(&self.world).await;
        self.remember().await;
    }

    /// What the bot knows.
    async fn knowledge(&mut self) {
        let admin = self.admin.signed_in(&self.world).await.stepped_up(&self.world).await;
        let conditions = [("if-none-match", "*"), ("if-match", "\"1\"")];
        for (answer, (name, tag)) in ["Behind the building.", "In the yard."].iter().zip(conditions)
        {
            let entry =
                json!({ "title": "Parking", "questions": ["Where can I park?"], "answer": answer });
            let put = Request::new("PUT", "/v1/knowledge/parking").header(name, tag);
            let put = admin.send(put.json(&entry)).await;
            assert!(put.status < 300, "{}", put.json());
            let published = admin.post("/v1/knowledge/publish", &json!({ "force": true })).await;
            assert_eq!(published.status, 200, "{}", published.json());
            self.remember().await;
        }
        self.world.advance_seconds(61);
        self.admin = self.admin.signed_in(&self.world).await;
    }

    /// What agents share, and what is counted for the reports.
    async fn desk(&mut self) {
        self.agent = self.agent.signed_in(&self.world).await;
        for text in ["Good morning", "Good evening"] {
            let put = self.agent.put("/v1/canned/hello", &json!({ "text": text })).await;
            assert_eq!(put.status, 200, "{}", put.json());
            self.remember().await;
        }
        for _ in 0..2 {
            self.world.count_reports().await;
            self.remember().await;
            self.arrives("counted", 1).await;
        }
        self.officer = self.officer.signed_in(&self.world).await;
        self.admin = self.admin.signed_in(&self.world).await;
        self.remember().await;
    }

    /// What has ended by the end of the day.
    async fn ended(&mut self) {
        let ended = self.arrives("ended", 1).await;
        leave_contact(
            &self.people[ended].visitor,
            &self.people[ended].conversations[0],
            "old@example.org",
        )
        .await;
        self.remember().await;
        self.world.advance_seconds(31 * DAY);
        self.world.rotate_keys().await;
        self.remember().await;
        self.admin = self.admin.signed_in(&self.world).await;
        self.officer = self.officer.signed_in(&self.world).await;
    }

    /// Chats of guests; gives who has left a contact.
    async fn chats(&mut self) -> usize {
        let live = self.arrives("live", 2).await;
        let (visitor, path) =
            (self.people[live].visitor.clone(), self.people[live].conversations[0].clone());
        leave_contact(&visitor, &path, "ada@example.org").await;
        self.remember().await;
        self.world.advance_seconds(5);
        leave_contact(&visitor, &path, "ada@example.net").await;
        self.remember().await;
        for (route, body) in [("rating", json!({ "score": 5 })), ("handover", json!({}))] {
            assert!(visitor.post(&format!("{path}/{route}"), &body).await.status < 300);
            self.remember().await;
        }
        let closed = self.arrives("closed", 1).await;
        let path = format!("{}/close", self.people[closed].conversations[0]);
        assert_eq!(self.people[closed].visitor.post(&path, &json!({})).await.status, 200);
        self.remember().await;
        let many = self.arrives("many", 0).await;
        for _ in 0..10 {
            let next = self.people[many].visitor.open().await;
            self.people[many].conversations.push(next);
        }
        self.remember().await;
        live
    }

    /// Somebody whom the site has named, and somebody who has signed out.
    async fn customers(&mut self, site: &SiteServer) {
        let customer = visitor_of(
            self.world.api(),
            &sign_in(
                &self.world.api(),
                &site.sign(&SiteServer::claims("customer-1", self.world.clock.now_ms())),
            )
            .await,
        );
        let path = conversation(&customer, 1).await;
        self.people.push(Person {
            name: "customer",
            visitor: customer,
            conversations: vec![path],
            erased_with: fresh_key(),
        });
        self.remember().await;
        let out = self.arrives("signed out", 1).await;
        let left = self.people[out].visitor.send(Request::new("DELETE", "/v1/sessions")).await;
        assert_eq!(left.status, 204);
        self.remember().await;
    }

    /// Holds, and what waits for them; gives who is held.
    async fn holds(&mut self) -> usize {
        let held = self.arrives("held", 1).await;
        let subject = self.people[held].visitor.subject.clone();
        self.hold(json!({ "subject_id": subject, "reason": "Asked by a court" })).await;
        self.steps_up().await;
        let waits = erase(&self.officer, &subject, &fresh_key(), "gdpr_17").await;
        assert_eq!(waits.code(), "legal_hold");
        self.remember().await;
        self.erases(held, 409).await;
        let kept = self.arrives("kept", 1).await;
        let second = self.people[kept].visitor.open().await;
        self.people[kept].conversations.push(second.clone());
        self.hold(json!({ "conversation_id": id_of(&second), "reason": "Asked by a court" })).await;
        self.erases(kept, 200).await;
        self.sweeps().await;
        let released = self.arrives("released", 1).await;
        let subject = self.people[released].visitor.subject.clone();
        let hold = self.hold(json!({ "subject_id": subject, "reason": "Asked by a court" })).await;
        self.steps_up().await;
        let release = Request::new("DELETE", "/v1/holds")
            .json(&json!({ "id": hold, "reason": "It was settled" }));
        assert_eq!(self.officer.send(release).await.status, 200);
        self.remember().await;
        held
    }

    /// Erasures: finished, of nothing, and one that waits for an approval.
    async fn erasures(&mut self) {
        let erased = self.arrives("erased", 1).await;
        leave_contact(
            &self.people[erased].visitor,
            &self.people[erased].conversations[0].clone(),
            "x@example.org",
        )
        .await;
        self.remember().await;
        self.erases(erased, 200).await;
        self.sweeps().await;
        let nothing = self.world.visitor().await;
        self.people.push(Person {
            name: "nothing",
            visitor: nothing,
            conversations: Vec::new(),
            erased_with: fresh_key(),
        });
        let nothing = self.people.len() - 1;
        self.erases(nothing, 200).await;
        let asked = self.arrives("asked for", 1).await;
        let subject = self.people[asked].visitor.subject.clone();
        self.steps_up().await;
        assert_eq!(ask_for_erasure(&self.officer, &subject, &fresh_key()).await.status, 202);
        self.remember().await;
    }

    /// Cases, and a read.
    async fn cases(&mut self, of: [usize; 2]) {
        for at in of {
            let subject = self.people[at].visitor.subject.clone();
            self.steps_up().await;
            let body = json!({ "kind": "access", "law": "ccpa", "subject_id": subject });
            let case = self.officer.post("/v1/cases", &body).await.json();
            let path = format!("/v1/cases/{}", case["id"].as_str().expect("an id"));
            self.remember().await;
            self.changes(&path, json!({ "confirmed": true })).await;
            self.changes(&path, json!({ "state": "verified" })).await;
            self.paths.push(path);
        }
        let last = self.paths.last().expect("a case").clone();
        self.changes(&last, json!({ "state": "refused" })).await;
        let id = id_of(&self.people[of[0]].conversations[0]);
        self.steps_up().await;
        let read = with_reason(Request::new("GET", &format!("/v1/transcripts/{id}")));
        assert_eq!(self.officer.send(read).await.status, 200);
        self.remember().await;
    }

    /// What happens to accounts.
    async fn staff(&mut self) {
        let mut device = Authenticator::new(CONSOLE);
        self.admin = self.admin.stepped_up(&self.world).await;
        let start =
            self.admin.post("/v1/auth/passkeys/register/start", &json!({ "name": null })).await;
        assert_eq!(start.status, 200, "{}", start.json());
        let credential = device.register(&start.json()).expect("a credential");
        let body = json!({ "credential": credential, "name": "Laptop" });
        let added = self.admin.post("/v1/auth/passkeys/register/finish", &body).await;
        assert_eq!(added.status, 200, "{}", added.json());
        self.remember().await;
        let old = self.admin.clone();
        self.admin = self.admin.signed_in(&self.world).await;
        let next = "quiet meadow lantern 7 orbit";
        let body = json!({ "password": old.password, "new_password": next });
        assert_eq!(self.admin.post("/v1/auth/password", &body).await.status, 204);
        let body = json!({ "email": old.email, "password": old.password });
        self.spent.push(("an old password", Request::new("POST", "/v1/auth/login").json(&body)));
        let body = json!({ "refresh_token": old.refresh });
        self.spent.push(("an ended session", Request::new("POST", "/v1/auth/refresh").json(&body)));
        self.spent
            .push(("an ended token", Request::new("GET", "/v1/auth/sessions").bearer(&old.token)));
        next.clone_into(&mut self.admin.password);
        self.remember().await;
        let roles = json!({ "roles": ["agent"] });
        for body in [json!({ "roles": ["agent", "security"] }), roles, json!({ "disabled": true })]
        {
            self.admin = self.admin.stepped_up(&self.world).await;
            let path = format!("/v1/auth/staff/{}", self.agent.id);
            let changed = self.admin.patch(&path, &body).await;
            assert_eq!(changed.status, 200, "{}", changed.json());
            self.remember().await;
        }
        for script in ["parcel-refund", "new-colleague"] {
            let body = json!({ "script": script });
            let sent = self.admin.post("/v1/training/practices", &body).await;
            assert_eq!(sent.status, 201, "{}", sent.json());
            self.remember().await;
        }
        for (email, withdrawn) in [("new@example.org", false), ("other@example.org", true)] {
            let body = json!({ "email": email, "roles": ["admin"] });
            let invited = self.admin.post("/v1/auth/invitations", &body).await.json();
            self.remember().await;
            if withdrawn {
                let body = json!({ "invitation_token": invited["invitation_token"], "name": "x",
                    "password": next });
                self.spent.push((
                    "a withdrawn invitation",
                    Request::new("POST", "/v1/auth/invitations/accept").json(&body),
                ));
                let listed = self.admin.get("/v1/auth/invitations").await.json();
                let items = listed["items"].as_array().expect("a list");
                let item =
                    items.iter().find(|item| item["email"] == email).expect("the invitation");
                let path = format!("/v1/auth/invitations/{}", item["id"].as_str().expect("an id"));
                assert_eq!(self.admin.delete(&path).await.status, 204);
                self.remember().await;
            }
        }
        let body = json!({ "email": self.officer.email, "password": "a wrong password of length" });
        assert_eq!(post(&self.admin.api, "/v1/auth/login", &body).await.status, 401);
        assert_eq!(
            post(&self.admin.api, "/v1/auth/passkeys/login/start", &json!({})).await.status,
            200
        );
        self.remember().await;
        self.steps_up().await;
        self.remember().await;
    }
}
