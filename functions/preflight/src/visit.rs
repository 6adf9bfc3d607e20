//! A visit: what a visitor's page and browser do, once, with the new versions.
//!
//! The conversation is a real one of the site `default`. Its consent names the notice `preflight`,
//! since nobody was shown one; it ends closed, whether or not the checks pass, and is deleted when
//! its retention period ends. The sign-in uses an address that nobody has, another one each time:
//! attempts are counted, and the next visit must not have to wait for this one.

use std::time::Duration;

use seal::key_list::{self, PublishedKey};
use seal::transport::KemSuite;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use values::clock::Clock;
use values::encoding::base64url;

use crate::config::Config;
use crate::gateway::{Gateway, Request, Response};
use crate::seal::{open, seal};
use crate::verdict::{Check, Failure, Fault};

/// A question that the shipped knowledge base answers. Any other base replies that it has no
/// answer, which is a reply too.
const QUESTION: &str = "Where is my parcel?";

/// The id of a receipt that nobody was given: it is of a time before there was a Sotto.
const NO_RECEIPT: &str = "/v1/receipts/01800000-0000-7000-8000-000000000000";

/// The checks, with what they need and until when.
pub(crate) struct Visit<'a> {
    config: &'a Config,
    gateway: &'a Gateway,
    clock: &'a Clock,
    deadline: Instant,
}

/// The visitor.
struct Visitor {
    token: String,
    keys: Keys,
}

/// A key of each suite.
struct Keys {
    x_wing: PublishedKey,
    x25519: PublishedKey,
}

/// The message and its reply, to compare with the transcript and the repetition.
struct Said {
    idempotency_key: String,
    message: Value,
    reply: Value,
}

impl<'a> Visit<'a> {
    /// A visit that takes at most `patience`.
    pub(crate) fn new(
        config: &'a Config,
        gateway: &'a Gateway,
        clock: &'a Clock,
        patience: Duration,
    ) -> Self {
        Self { config, gateway, clock, deadline: Instant::now() + patience }
    }

    /// Does everything; the first check that does not pass ends it.
    pub(crate) async fn run(&self) -> Result<(), Failure> {
        self.take(Check::Health, self.health()).await?;
        let keys = self.take(Check::KeyList, self.keys()).await?;
        let token = self.take(Check::Session, self.session()).await?;
        let visitor = Visitor { token, keys };
        let conversation = self.take(Check::Conversation, self.conversation(&visitor)).await?;
        let talked = self.talk(&visitor, &conversation).await;
        let closed = self.take(Check::Close, self.close(&visitor, &conversation)).await;
        talked.and(closed)?;
        self.take(Check::StaffKeys, self.staff_keys()).await?;
        self.take(Check::SignIn, self.sign_in()).await?;
        self.take(Check::StaffOnly, self.staff_only()).await?;
        self.take(Check::Receipt, self.receipt()).await?;
        self.take(Check::Inbox, self.inbox()).await?;
        self.take(Check::Knowledge, self.knowledge()).await?;
        self.take(Check::Training, self.training()).await?;
        self.take(Check::Incidents, self.incidents()).await?;
        self.take(Check::Checkpoint, self.checkpoint()).await?;
        self.take(Check::Page, self.page()).await?;
        self.take(Check::Widget, self.widget()).await
    }

    async fn talk(&self, visitor: &Visitor, conversation: &str) -> Result<(), Failure> {
        let messages = format!("{conversation}/messages");
        let said = self.take(Check::Message, self.message(visitor, &messages)).await?;
        self.take(Check::Replay, self.replay(visitor, &messages, &said)).await?;
        self.take(Check::Transcript, self.transcript(visitor, &messages, &said)).await?;
        self.take(Check::Tampered, self.tampered(visitor, &messages)).await?;
        self.take(Check::NoToken, self.no_token(conversation)).await
    }

    /// Names the check that did not pass, or that was under way when the time was over.
    async fn take<T>(
        &self,
        check: Check,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Failure> {
        timeout_at(self.deadline, work)
            .await
            .unwrap_or(Err(Fault::OutOfTime))
            .map_err(|fault| Failure { check, fault })
    }

    async fn health(&self) -> Result<(), Fault> {
        let response = self.intake(&Request::new("GET", "/v1/health")).await?.expect(200)?;
        ensure(response.json().get("status") == Some(&json!("ok")), Fault::Body)
    }

    async fn keys(&self) -> Result<Keys, Fault> {
        let response = self.intake(&Request::new("GET", "/v1/keys")).await?.expect(200)?;
        let Config { root_pins, issuer, .. } = self.config;
        let keys = key_list::verify(&response.body, root_pins, issuer, self.clock.now_ms())?;
        let [mut x_wing, mut x25519] = [None, None];
        for key in keys {
            // The first of each suite is its newest.
            match key.suite {
                KemSuite::XWing => x_wing.get_or_insert(key),
                KemSuite::X25519 => x25519.get_or_insert(key),
            };
        }
        let (x_wing, x25519) = x_wing.zip(x25519).ok_or(Fault::SuiteMissing)?;
        Ok(Keys { x_wing, x25519 })
    }

    async fn session(&self) -> Result<String, Fault> {
        let body = json!({ "site": "default", "identity": null });
        let request = Request::new("POST", "/v1/sessions").json(&body);
        text(&self.intake(&request).await?.expect(201)?.json(), "/access_token")
    }

    async fn conversation(&self, visitor: &Visitor) -> Result<String, Fault> {
        let consent = json!({ "notice_version": "preflight", "purposes": ["support"] });
        let body = json!({ "consent": consent, "locale": "en" });
        let request = Request::new("POST", "/v1/conversations").json(&body);
        let opened = self.sealed(visitor, &visitor.keys.x_wing, request, 201).await?.json();
        ensure(opened.get("status") == Some(&json!("open")), Fault::Body)?;
        Ok(format!("/v1/conversations/{}", text(&opened, "/id")?))
    }

    async fn message(&self, visitor: &Visitor, messages: &str) -> Result<Said, Fault> {
        let random: [u8; 16] = values::random::bytes().map_err(|_| Fault::CannotSeal)?;
        let idempotency_key = base64url(&random);
        let request = message(messages, &idempotency_key);
        let response = self.sealed(visitor, &visitor.keys.x_wing, request, 201).await?;
        ensure(!response.header("sotto-cursor").is_empty(), Fault::Header)?;
        let exchange = response.json();
        let part = |name: &str| exchange.get(name).cloned().unwrap_or_default();
        let (message, reply) = (part("message"), part("reply"));
        ensure(text(&message, "/text")? == QUESTION, Fault::Body)?;
        ensure(text(&message, "/author")? == "visitor", Fault::Body)?;
        let answered = reply.get("author") == Some(&json!("bot"));
        ensure(answered && !text(&reply, "/text")?.is_empty(), Fault::NoReply)?;
        Ok(Said { idempotency_key, message, reply })
    }

    async fn replay(&self, visitor: &Visitor, messages: &str, said: &Said) -> Result<(), Fault> {
        let request = message(messages, &said.idempotency_key);
        let response = self.sealed(visitor, &visitor.keys.x_wing, request, 201).await?;
        ensure(response.header("idempotent-replayed") == "true", Fault::NotReplayed)?;
        let again = response.json();
        let same =
            again.get("message") == Some(&said.message) && again.get("reply") == Some(&said.reply);
        ensure(same, Fault::NotReplayed)
    }

    /// By the other suite, so that both are known to open.
    async fn transcript(
        &self,
        visitor: &Visitor,
        messages: &str,
        said: &Said,
    ) -> Result<(), Fault> {
        let request = Request::new("GET", format!("{messages}?limit=10"));
        let list = self.sealed(visitor, &visitor.keys.x25519, request, 200).await?.json();
        ensure(list.get("integrity") == Some(&json!("ok")), Fault::Body)?;
        ensure(list.get("items") == Some(&json!([said.message, said.reply])), Fault::Body)
    }

    async fn tampered(&self, visitor: &Visitor, messages: &str) -> Result<(), Fault> {
        let request = bearer(message(messages, "preflight-tampered"), visitor);
        let (mut request, _) = seal(request, &visitor.keys.x_wing)?;
        let mut body: Value = serde_json::from_str(&request.body).map_err(|_| Fault::CannotSeal)?;
        let ct = text(&body, "/ct")?;
        let other_digit = if ct.starts_with('A') { "B" } else { "A" };
        if let Some(field) = body.get_mut("ct") {
            *field = json!(ct.replacen(|_: char| true, other_digit, 1));
        }
        request.body = body.to_string();
        let refused = self.intake(&request).await?.expect(422)?;
        ensure(refused.json().get("code") == Some(&json!("unsealing_failed")), Fault::Body)
    }

    async fn no_token(&self, conversation: &str) -> Result<(), Fault> {
        let refused = self.intake(&Request::new("GET", conversation)).await?.expect(401)?;
        ensure(refused.header("www-authenticate") == "Bearer", Fault::Header)
    }

    async fn close(&self, visitor: &Visitor, conversation: &str) -> Result<(), Fault> {
        let request = Request::new("POST", format!("{conversation}/close"));
        let closed = self.sealed(visitor, &visitor.keys.x_wing, request, 200).await?.json();
        ensure(closed.get("status") == Some(&json!("closed")), Fault::Body)
    }

    async fn staff_keys(&self) -> Result<(), Fault> {
        let keys = self.auth(&Request::new("GET", "/.well-known/jwks.json")).await?.expect(200)?;
        let list = keys.json();
        let list = list.get("keys").and_then(Value::as_array).ok_or(Fault::Body)?;
        ensure(list.iter().any(|key| key.get("crv") == Some(&json!("Ed25519"))), Fault::Body)
    }

    async fn sign_in(&self) -> Result<(), Fault> {
        let random: [u8; 16] = values::random::bytes().map_err(|_| Fault::CannotSeal)?;
        let [high, low, ..] = random;
        // Of the addresses that nobody has (RFC 3849) one with a network of its own.
        let address = format!("2001:db8:{high:02x}{low:02x}::1");
        let nobody = base64url(&random);
        let body = json!({ "email": format!("{nobody}@preflight.invalid"), "password": nobody });
        let request = Request::new("POST", "/v1/auth/login").from(address).json(&body);
        let refused = self.auth(&request).await?.expect(401)?;
        ensure(refused.header("content-type") == "application/problem+json", Fault::Header)?;
        ensure(refused.json().get("code") == Some(&json!("credentials_invalid")), Fault::Body)
    }

    async fn staff_only(&self) -> Result<(), Fault> {
        let policy = Request::new("GET", "/v1/retention/policy");
        refuses_strangers(self.retention(&policy).await?)
    }

    async fn inbox(&self) -> Result<(), Fault> {
        let inbox = Request::new("GET", "/v1/inbox");
        refuses_strangers(self.gateway.send(&self.config.desk, &inbox).await?)
    }

    async fn knowledge(&self) -> Result<(), Fault> {
        let knowledge = Request::new("GET", "/v1/knowledge");
        refuses_strangers(self.gateway.send(&self.config.editor, &knowledge).await?)
    }

    async fn training(&self) -> Result<(), Fault> {
        let courses = Request::new("GET", "/v1/training/courses");
        refuses_strangers(self.gateway.send(&self.config.training, &courses).await?)
    }

    async fn incidents(&self) -> Result<(), Fault> {
        let incidents = Request::new("GET", "/v1/incidents");
        refuses_strangers(self.gateway.send(&self.config.monitor, &incidents).await?)
    }

    async fn checkpoint(&self) -> Result<(), Fault> {
        let checkpoint = Request::new("GET", "/v1/audit/checkpoint");
        refuses_strangers(self.gateway.send(&self.config.audit, &checkpoint).await?)
    }

    async fn receipt(&self) -> Result<(), Fault> {
        let unknown = self.retention(&Request::new("GET", NO_RECEIPT)).await?.expect(404)?;
        ensure(unknown.header("content-type") == "application/problem+json", Fault::Header)?;
        // And not that there is no such route: the table was asked.
        ensure(unknown.json().get("code") == Some(&json!("not_found")), Fault::Body)
    }

    /// A stack may do without the demo page; that its function answers is then the widget's to show.
    async fn page(&self) -> Result<(), Fault> {
        if !self.config.demo_page {
            return Ok(());
        }
        let page = self.site("/").await?;
        let html = String::from_utf8(page.body).map_err(|_| Fault::Body)?;
        let pinned = format!("data-root=\"{}\"", self.config.root_pins.as_str());
        ensure(html.contains(&pinned), Fault::Body)
    }

    async fn widget(&self) -> Result<(), Fault> {
        let widget = self.site("/widget.js").await?;
        let script = widget.header("content-type").starts_with("text/javascript");
        ensure(script, Fault::Header)?;
        ensure(!widget.body.is_empty(), Fault::Body)
    }

    async fn intake(&self, request: &Request) -> Result<Response, Fault> {
        self.gateway.send(&self.config.intake, request).await
    }

    async fn auth(&self, request: &Request) -> Result<Response, Fault> {
        self.gateway.send(&self.config.auth, request).await
    }

    async fn retention(&self, request: &Request) -> Result<Response, Fault> {
        self.gateway.send(&self.config.retention, request).await
    }

    /// A file of the pages' function, with a policy that starts from nothing.
    async fn site(&self, path: &str) -> Result<Response, Fault> {
        let request = Request::new("GET", path);
        let response = self.gateway.send(&self.config.site, &request).await?.expect(200)?;
        let policy = response.header("content-security-policy");
        ensure(policy.starts_with("default-src 'none'"), Fault::Header)?;
        Ok(response)
    }

    /// Sends a request with the token, sealed, and gives its response opened, if the status fits.
    async fn sealed(
        &self,
        visitor: &Visitor,
        key: &PublishedKey,
        request: Request,
        status: u16,
    ) -> Result<Response, Fault> {
        let (request, sealed) = seal(bearer(request, visitor), key)?;
        let response = self.intake(&request).await?.expect(status)?;
        let opened = open(&sealed, response)?;
        // A browser believes the status inside the seal.
        ensure(opened.json().get("http_status") == Some(&json!(status)), Fault::Body)?;
        Ok(opened)
    }
}

/// A route of the staff that a stranger asked.
fn refuses_strangers(response: Response) -> Result<(), Fault> {
    let refused = response.expect(401)?;
    ensure(refused.header("www-authenticate") == "Bearer", Fault::Header)?;
    ensure(refused.json().get("code") == Some(&json!("token_missing")), Fault::Body)
}

fn message(messages: &str, idempotency_key: &str) -> Request {
    Request::new("POST", messages)
        .header("idempotency-key", idempotency_key)
        .json(&json!({ "text": QUESTION }))
}

fn bearer(request: Request, visitor: &Visitor) -> Request {
    request.header("authorization", format!("Bearer {}", visitor.token))
}

fn text(json: &Value, pointer: &str) -> Result<String, Fault> {
    json.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or(Fault::Body)
}

fn ensure(holds: bool, fault: Fault) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(fault) }
}
