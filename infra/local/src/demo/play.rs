//! The demo's month, played through the routes.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::UnixMillis;

use super::caller::{Call, text};
use super::life::{Contact, Life, Story, Visit, is_staffed, opening_hours};
use super::{COLLEAGUE, Demo, SPAN, Stage};

/// The jobs run this often, as far as they are due.
const JOBS_EVERY_MS: UnixMillis = 12 * 60 * 60 * 1000;
/// Seconds in which somebody reads and writes a message.
const READING: u64 = 25;
/// An agent who is at the desk says so at least this often.
const HEARTBEAT: u64 = 60;

/// Plays the month.
pub(super) struct Player<'play> {
    demo: &'play Demo,
    stage: &'play Stage<'play>,
    /// When the month began, and when the clock of the functions is the machine's again.
    begun_ms: UnixMillis,
    jobs_ran_ms: UnixMillis,
    keys: u64,
}

/// Somebody with a conversation.
struct Visitor {
    token: String,
    path: String,
    id: String,
}

impl<'play> Player<'play> {
    pub(super) fn new(demo: &'play Demo, stage: &'play Stage<'play>, begun_ms: UnixMillis) -> Self {
        Self { demo, stage, begun_ms, jobs_ran_ms: begun_ms, keys: 0 }
    }

    /// All of it; the clock is then the machine's.
    pub(super) async fn play(mut self, life: &Life) -> Result<(), String> {
        self.furnish(life).await?;
        for (number, visit) in life.month(self.begun_ms).into_iter().enumerate() {
            self.move_to(visit.at_ms);
            if self.now_ms() - self.jobs_ran_ms >= JOBS_EVERY_MS {
                self.jobs_ran_ms = self.now_ms();
                self.stage.jobs.run_due().await?;
            }
            // The two agents take turns.
            self.visit(&visit, number % 2).await?;
        }
        let rest = self.end_ms() - self.now_ms();
        self.stage.clock.advance(Duration::from_millis(u64::try_from(rest).unwrap_or_default()));
        // Otherwise the job would send those who wait back to the bot.
        self.heartbeat(COLLEAGUE).await?;
        self.stage.jobs.run_due().await
    }

    /// What the shop has set up.
    async fn furnish(&self, life: &Life) -> Result<(), String> {
        let caller = &self.demo.caller;
        let mut people = self.demo.people.lock().await;
        let admin = people.last_mut().ok_or("The demo has no admin.")?;
        let token = admin.token(caller).await?;
        let path = "/v1/sites/default";
        let get = Call { method: "GET", path, ..Call::default() };
        let mut site = caller.call(get.by(&token)).await?;
        let site = site.as_object_mut().ok_or("The demo's site is none.")?;
        let etag = site.remove("etag").unwrap_or_default();
        let etag = etag.as_str().unwrap_or_default().to_owned();
        site.extend(life.site.clone());
        site.insert("opening_hours".to_owned(), opening_hours(self.end_ms()));
        site.insert("hourly_wage".to_owned(), json!(25));
        let put = Call::put(path, json!(site)).by(&token).with("if-match", etag);
        caller.call(put).await?;
        let agent = people.first_mut().ok_or("The demo has no agent.")?;
        let token = agent.token(&self.demo.caller).await?;
        for canned in &life.canned {
            let path = format!("/v1/canned/{}", text(canned, "shortcut")?);
            self.demo.caller.call(Call::put(&path, canned.clone()).by(&token)).await?;
        }
        Ok(())
    }

    async fn visit(&mut self, visit: &Visit<'_>, turn: usize) -> Result<(), String> {
        let visitor = self.arrive(visit.locale).await?;
        let mut answer = None;
        for asked in &visit.asked {
            answer = self.say(&visitor, asked).await?;
            self.pass(READING);
        }
        if let (Some(helpful), Some(answer)) = (visit.helped, &answer) {
            let body = json!({ "message_id": answer, "helpful": helpful });
            self.post(&visitor, "feedback", body).await?;
        }
        if let Some(Contact(name, address)) = visit.contact {
            let email = format!("{address}@mail.example");
            let body = json!({ "name": name, "email": email, "phone": null, "consent": true });
            self.post(&visitor, "lead", body).await?;
        }
        match (visit.story, visit.waits_with) {
            (Some(story), _) if is_staffed(self.now_ms(), self.end_ms()) => {
                self.story(&visitor, story, turn).await?;
            }
            (Some(story), _) => {
                self.say(&visitor, &story.question).await?;
                self.post(&visitor, "handover", json!({})).await?;
            }
            (None, Some(question)) => {
                self.heartbeat(COLLEAGUE).await?;
                self.say(&visitor, question).await?;
                self.post(&visitor, "handover", json!({})).await?;
            }
            (None, None) => {}
        }
        if let Some((score, comment)) = visit.rating {
            self.post(&visitor, "rating", json!({ "score": score, "comment": comment })).await?;
        }
        if visit.ends && visit.story.is_none() {
            self.post(&visitor, "close", json!({})).await?;
        }
        Ok(())
    }

    /// A question that the bot does not know, and an agent who answers it.
    async fn story(&mut self, visitor: &Visitor, story: &Story, turn: usize) -> Result<(), String> {
        let inbox = format!("/v1/inbox/{}", visitor.id);
        self.heartbeat(turn).await?;
        self.say(visitor, &story.question).await?;
        self.post(visitor, "handover", json!({})).await?;
        // Busy hours wait longer: up to five minutes.
        let waits = 20 + (self.keys * 37) % 280;
        for _ in 0..waits / HEARTBEAT {
            self.pass(HEARTBEAT);
            self.heartbeat(turn).await?;
        }
        self.pass(waits % HEARTBEAT);
        self.at_desk(turn, &format!("{inbox}/claim"), json!({})).await?;
        for answer in &story.answers {
            self.pass(READING);
            self.at_desk(turn, &format!("{inbox}/messages"), json!({ "text": answer })).await?;
        }
        self.pass(READING);
        self.say(visitor, &story.thanks).await?;
        let closing = json!({ "reason": "solved", "tags": [story.tag] });
        self.at_desk(turn, &format!("{inbox}/close"), closing).await
    }

    /// The agent whose turn it is says that they are there.
    async fn heartbeat(&self, turn: usize) -> Result<(), String> {
        let mut people = self.demo.people.lock().await;
        let agent = people.get_mut(turn).ok_or("The demo has too few agents.")?;
        agent.is_there(&self.demo.caller).await
    }

    async fn at_desk(&mut self, turn: usize, path: &str, body: Value) -> Result<(), String> {
        self.heartbeat(turn).await?;
        let key = self.key();
        let mut people = self.demo.people.lock().await;
        let agent = people.get_mut(turn).ok_or("The demo has too few agents.")?;
        let token = agent.token(&self.demo.caller).await?;
        let call = Call::post(path, body).by(&token).with("idempotency-key", key);
        self.demo.caller.call(call).await.map(drop)
    }

    async fn arrive(&self, locale: &str) -> Result<Visitor, String> {
        let body = json!({ "site": "default", "identity": null });
        let session = self.demo.caller.call(Call::post("/v1/sessions", body)).await?;
        let token = text(&session, "access_token")?.to_owned();
        let consent = json!({ "notice_version": "2026-11", "purposes": ["support"] });
        let body = json!({ "consent": consent, "locale": locale });
        let opened =
            self.demo.caller.call(Call::post("/v1/conversations", body).by(&token)).await?;
        let id = text(&opened, "id")?.to_owned();
        Ok(Visitor { token, path: format!("/v1/conversations/{id}"), id })
    }

    /// Says something; gives the id of the bot's answer, if there is one.
    async fn say(&mut self, visitor: &Visitor, said: &str) -> Result<Option<String>, String> {
        let (path, key) = (format!("{}/messages", visitor.path), self.key());
        let call = Call::post(&path, json!({ "text": said })).by(&visitor.token);
        let answer = self.demo.caller.call(call.with("idempotency-key", key)).await?;
        Ok(answer.pointer("/reply/id").and_then(Value::as_str).map(str::to_owned))
    }

    async fn post(&self, visitor: &Visitor, what: &str, body: Value) -> Result<(), String> {
        let path = format!("{}/{what}", visitor.path);
        self.demo.caller.call(Call::post(&path, body).by(&visitor.token)).await.map(drop)
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("demo-{}", self.keys)
    }

    /// When the month is over.
    fn end_ms(&self) -> UnixMillis {
        self.begun_ms + UnixMillis::try_from(SPAN.as_millis()).unwrap_or_default()
    }

    fn now_ms(&self) -> UnixMillis {
        self.stage.clock.now_ms()
    }

    fn pass(&self, seconds: u64) {
        self.stage.clock.advance(Duration::from_secs(seconds));
    }

    /// Moves on to that time, unless it has passed, and never beyond the machine's.
    fn move_to(&self, at_ms: UnixMillis) {
        let by = at_ms - self.now_ms();
        self.stage.clock.advance(Duration::from_millis(u64::try_from(by).unwrap_or_default()));
    }
}
