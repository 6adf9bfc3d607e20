//! The message layer in three implementations: `shared::seal::transport`, the widget's bundle in
//! Chromium (`tests/browser/interop.mjs`) and pyhpke over OpenSSL (`tests/interop/pyhpke_peer.py`).
//! Each opens what another has sealed, and the sealer reads the sealed response, with both suites.
//! The widget only seals, as it does in use.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use shared::seal::transport::client::{self, SealedRequest};
use shared::seal::transport::{KemSuite, PrivateKey, ReplySealer, pad, request_aad};
use shared::values::encoding::{base64url, from_base64url};
use tests::tools;

/// Exchanges that [`talk`] makes: with both suites, each body, and once without one.
const EXCHANGES: usize = 2 * 6;

#[test]
fn rust_understands_itself() {
    assert_eq!(talk(&mut Rust::default(), &mut Rust::default()), EXCHANGES);
}

#[test]
fn pyhpke_understands_rust() {
    let Some(mut python) = Peer::python() else { return };
    assert_eq!(talk(&mut Rust::default(), &mut python), EXCHANGES);
}

#[test]
fn rust_understands_pyhpke() {
    let Some(mut python) = Peer::python() else { return };
    assert_eq!(talk(&mut python, &mut Rust::default()), EXCHANGES);
}

#[test]
fn rust_understands_the_widget() {
    let Some(mut widget) = Peer::widget() else { return };
    assert_eq!(talk(&mut widget, &mut Rust::default()), EXCHANGES);
}

#[test]
fn pyhpke_understands_the_widget() {
    let (Some(mut widget), Some(mut python)) = (Peer::widget(), Peer::python()) else { return };
    assert_eq!(talk(&mut widget, &mut python), EXCHANGES);
}

/// A published key and its private half.
struct Pair {
    kem: KemSuite,
    private: PrivateKey,
    public: Vec<u8>,
}

/// A request; one without a body (`None`) asks for a sealed response only.
struct Request<'a> {
    id: &'a str,
    path: &'a str,
    body: Option<&'a Value>,
}

impl Request<'_> {
    const METHOD: &'static str = "POST";
    const IDEMPOTENCY_KEY: &'static str = "0193a8f5-7d1c-7cc3-8f0e-2f1f6c1f6d5b";

    fn aad(&self) -> Vec<u8> {
        request_aad(Self::METHOD, self.path, Self::IDEMPOTENCY_KEY)
    }

    /// The case that a peer is asked.
    fn case(&self, op: &str) -> Value {
        json!({
            "op": op, "id": self.id, "method": Self::METHOD, "path": self.path,
            "idempotency_key": Self::IDEMPOTENCY_KEY,
        })
    }
}

/// A browser's half.
trait Client {
    /// Seals the body, or an empty one, and gives `{"kid","enc","ct"}`.
    fn seal(&mut self, pair: &Pair, request: &Request<'_>) -> Value;
    /// Opens `{"nonce","ct"}`, if it is the response to the request with that id.
    fn open(&mut self, id: &str, response: &Value) -> Option<Value>;
}

/// A function's half.
trait Server {
    /// Opens a request, if it is one to this key; without a body there is `null` in it.
    fn receive(&mut self, pair: &Pair, request: &Request<'_>, sealed: &Value) -> Option<Value>;
    /// Seals the one response to the request that was received under that id.
    fn reply(&mut self, id: &str, body: &Value) -> Value;
}

/// Lets the two talk, and gives the number of exchanges that went as they should.
fn talk(client: &mut dyn Client, server: &mut dyn Server) -> usize {
    let bodies = [
        json!({}),
        json!({ "text": "where is my parcel?" }),
        json!({ "text": "Größe, 大きさ, \u{202e}right to left, \u{1f4e6}, \"quoted\", a\nline" }),
        json!({ "text": "\u{1f600}".repeat(4000) }),
        json!({ "text": "x".repeat(245) }),
    ];
    let mut exchanges = 0;
    for kem in KemSuite::ALL {
        let [pair, stranger] = [(); 2].map(|()| {
            let (private, public) = PrivateKey::generate(kem).expect("randomness");
            Pair { kem, private, public }
        });
        for (number, body) in bodies.iter().map(Some).chain([None]).enumerate() {
            let (id, path) = (format!("{}-{number}", kem.kem()), "/v1/conversations");
            let request = Request { id: &id, path, body };
            let sealed = client.seal(&pair, &request);

            if body.is_some() {
                let elsewhere = Request { path: "/v1/sessions", ..request };
                assert_eq!(server.receive(&pair, &elsewhere, &sealed), None, "{id}: moved");
                assert_eq!(server.receive(&stranger, &request, &sealed), None, "{id}: misdirected");
                let length = part(&sealed, "ct").len() - 16;
                assert!(length >= 256 && length.is_power_of_two(), "{id}: padded to {length}");
            }
            let opened = server.receive(&pair, &request, &sealed).expect("the request opens");
            assert_eq!(opened, body.cloned().unwrap_or_default(), "{id}");

            let answer = json!({ "number": number, "echo": body });
            let response = server.reply(&id, &answer);
            let length = part(&response, "ct").len() - 16;
            assert!(length >= 256 && length.is_power_of_two(), "{id}: padded to {length}");
            let other = Request { id: "another", ..request };
            client.seal(&pair, &other);
            assert_eq!(client.open("another", &response), None, "{id}: another's response");
            assert_eq!(client.open(&id, &altered(&response)), None, "{id}: altered");
            assert_eq!(client.open(&id, &response), Some(answer), "{id}");
            exchanges += 1;
        }
    }
    exchanges
}

fn altered(response: &Value) -> Value {
    let mut nonce = part(response, "nonce");
    nonce[0] ^= 1;
    json!({ "nonce": base64url(&nonce), "ct": response["ct"] })
}

fn part(sealed: &Value, name: &str) -> Vec<u8> {
    from_base64url(sealed[name].as_str().expect(name)).expect("base64url")
}

/// `shared::seal::transport`.
#[derive(Default)]
struct Rust {
    sent: HashMap<String, SealedRequest>,
    received: HashMap<String, ReplySealer>,
}

impl Client for Rust {
    fn seal(&mut self, pair: &Pair, request: &Request<'_>) -> Value {
        let body = request.body.map(Value::to_string).unwrap_or_default();
        let sealed = client::seal(pair.kem, &pair.public, &pad(body.as_bytes()), &request.aad())
            .expect("a key");
        let body =
            json!({ "kid": "k", "enc": base64url(&sealed.enc), "ct": base64url(&sealed.ct) });
        self.sent.insert(request.id.to_owned(), sealed);
        body
    }

    fn open(&mut self, id: &str, response: &Value) -> Option<Value> {
        let opened =
            self.sent[id].open_response(&part(response, "nonce"), &part(response, "ct"))?;
        Some(serde_json::from_slice(&opened).expect("JSON"))
    }
}

impl Server for Rust {
    fn receive(&mut self, pair: &Pair, request: &Request<'_>, sealed: &Value) -> Option<Value> {
        let enc = part(sealed, "enc");
        let (opened, sealer) = if request.body.is_some() {
            let (plaintext, sealer) =
                pair.private.open(&enc, &part(sealed, "ct"), &request.aad()).ok()?;
            (serde_json::from_slice(plaintext.reveal()).expect("JSON"), sealer)
        } else {
            (Value::Null, pair.private.reply_to(&enc).ok()?)
        };
        self.received.insert(request.id.to_owned(), sealer);
        Some(opened)
    }

    fn reply(&mut self, id: &str, body: &Value) -> Value {
        let sealer = self.received.remove(id).expect("a request under this id");
        let sealed = sealer.seal(body.to_string().as_bytes()).expect("randomness");
        serde_json::from_slice(&sealed).expect("JSON")
    }
}

/// An implementation behind a pipe: a case a line in, an answer a line out.
struct Peer {
    process: Child,
    cases: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn python() -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/pyhpke_peer.py");
        Some(Self::start(Command::new(tools::python()?).arg(script)))
    }

    fn widget() -> Option<Self> {
        let (node, chromium) = (tools::node()?, tools::chromium()?);
        let script = tools::browser_folder().join("interop.mjs");
        Some(Self::start(Command::new(node).arg(script).env("CHROMIUM", chromium)))
    }

    fn start(command: &mut Command) -> Self {
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let cases = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Self { process, cases, answers }
    }

    fn ask(&mut self, case: &Value) -> Value {
        writeln!(self.cases.as_mut().expect("a pipe"), "{case}").expect("it listens");
        let answer = self.answers.next().expect("it answers").expect("UTF-8");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["id"], case["id"]);
        answer
    }
}

impl Drop for Peer {
    /// The end of its input is the end of its work.
    fn drop(&mut self) {
        self.cases.take();
        self.process.wait().ok();
    }
}

/// The value that a peer opened; `None` when it says that nothing opened, and a failure for
/// anything else.
fn opened(mut answer: Value) -> Option<Value> {
    if answer["error"].is_null() {
        return Some(answer["plaintext"].take());
    }
    assert_eq!(answer["error"], "unsealed");
    None
}

impl Client for Peer {
    fn seal(&mut self, pair: &Pair, request: &Request<'_>) -> Value {
        let mut case = request.case("seal");
        case["key"] =
            json!({ "kid": "k", "kem": pair.kem.kem(), "public_key": base64url(&pair.public) });
        case["body"] = request.body.cloned().unwrap_or_default();
        let mut answer = self.ask(&case);
        let sealed = answer["body"].take();
        let reply_key = format!("k.{}", sealed["enc"].as_str().expect("enc"));
        assert_eq!(answer["reply_key"], reply_key);
        sealed
    }

    fn open(&mut self, id: &str, response: &Value) -> Option<Value> {
        opened(self.ask(&json!({ "op": "open", "id": id, "response": response })))
    }
}

impl Server for Peer {
    fn receive(&mut self, pair: &Pair, request: &Request<'_>, sealed: &Value) -> Option<Value> {
        let mut case = request.case("receive");
        case["kem"] = pair.kem.kem().into();
        case["private_key"] = base64url(pair.private.secret().expose_secret()).into();
        case["enc"] = sealed["enc"].clone();
        if request.body.is_some() {
            case["ct"] = sealed["ct"].clone();
        }
        opened(self.ask(&case))
    }

    fn reply(&mut self, id: &str, body: &Value) -> Value {
        self.ask(&json!({ "op": "reply", "id": id, "body": body }))["response"].take()
    }
}
