//! One call of a webhook, against servers of every kind on this machine.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use desk::webhooks::send::{Call, Failure, Machine, Resolve, Sender};
use http::StatusCode;
use shared::clock::Clock;
use shared::values::internet::Reach;
use tests::tls::Front;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

const NOW_MS: i64 = 1_793_610_000_000;
const SECRET: &str = "c2VjcmV0IG9mIHRoZSBzaXRl";
const BODY: &str = r#"{"id":"1","type":"lead"}"#;
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Gives the answers that it was told, one a question.
struct Told(Mutex<VecDeque<Vec<IpAddr>>>, AtomicUsize);

impl Told {
    fn new(answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().expect("an ip")).collect();
        Self(Mutex::new(answers.iter().map(parse).collect()), AtomicUsize::new(0))
    }
}

impl Resolve for &Told {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let next = self.0.lock().expect("answers").pop_front();
        next.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A server and the requests that it got.
pub(super) struct Receiver {
    port: u16,
    pub(super) requests: mpsc::UnboundedReceiver<String>,
}

/// Whether a request has come to its end.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.and_then(|length| length.parse().ok()) == Some(body.len())
}

impl Receiver {
    /// One that answers these bytes to whatever comes, and then waits for the end, or closes.
    pub(super) async fn start(answer: impl Into<Vec<u8>>, closes: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (tell, requests) = mpsc::unbounded_channel();
        let answer = answer.into();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (tell, answer) = (tell.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut request = vec![0; 64 * 1024];
                    let mut length = 0;
                    while !is_whole(&request[..length]) {
                        match client.read(&mut request[length..]).await {
                            Ok(read @ 1..) => length += read,
                            _ => break,
                        }
                    }
                    let text = String::from_utf8_lossy(&request[..length]).into_owned();
                    tell.send(text).expect("the test listens");
                    // The caller may have gone.
                    let _written = client.write_all(&answer).await;
                    if !closes {
                        let _end = client.read(&mut request).await;
                    }
                });
            }
        });
        Self { port, requests }
    }

    pub(super) fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hook?x=1", self.port)
    }
}

fn sender<R: Resolve>(resolver: R, reach: Reach) -> Sender<R> {
    Sender::new(resolver, reach, RootCertStore::empty(), Clock::manual(NOW_MS))
        .expect("TLS")
        .with_patience(Duration::from_secs(20))
}

fn call(url: &str) -> Call<'_> {
    Call { url, secret: SECRET, body: BODY.as_bytes().to_vec() }
}

#[tokio::test]
async fn the_receiver_can_check_who_sent_it_and_when() {
    let mut receiver = Receiver::start(OK, false).await;
    let told = Told::new(&[&["127.0.0.1"]]);
    let sent = sender(&told, Reach::Anywhere).send(call(&receiver.url("crm.test"))).await;
    assert_eq!(sent, Ok(()));
    let request = receiver.requests.recv().await.expect("a request");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body, BODY);
    assert!(head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{head}");
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(called, _)| called.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("no {name}")).1.to_owned()
    };
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("content-length"), BODY.len().to_string());
    assert_eq!(header("host"), format!("crm.test:{}", receiver.port));
    let signature = header("sotto-signature");
    let (time, code) = signature.split_once(",v1=").expect("two parts");
    assert_eq!(time, "t=1793610000");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let code = data_encoding::HEXLOWER.decode(code.as_bytes()).expect("digits");
    let signed = format!("1793610000.{BODY}");
    assert!(aws_lc_rs::hmac::verify(&key, signed.as_bytes(), &code).is_ok());
    assert!(aws_lc_rs::hmac::verify(&key, BODY.as_bytes(), &code).is_err());
}

/// A name is resolved once, and the address that was judged is the one that is called: the next answer,
/// whatever it is, comes too late.
#[tokio::test]
async fn a_name_is_resolved_once_and_that_address_is_called() {
    let mut receiver = Receiver::start(OK, false).await;
    let told = Told::new(&[&["127.0.0.1"], &["127.0.0.9"]]);
    let sender = sender(&told, Reach::Anywhere);
    assert_eq!(sender.send(call(&receiver.url("crm.test"))).await, Ok(()));
    assert!(receiver.requests.recv().await.is_some());
    assert_eq!(told.1.load(Ordering::Relaxed), 1);
    let second = sender.send(call(&receiver.url("crm.test"))).await;
    assert_eq!(second, Err(Failure::NotConnected), "the second answer is another machine");
    assert_eq!(sender.send(call(&receiver.url("crm.test"))).await, Err(Failure::NotResolved));
}

#[tokio::test]
async fn nothing_leads_to_an_address_that_is_not_of_the_internet() {
    let mut receiver = Receiver::start(OK, false).await;
    let port = receiver.port;
    for answer in [
        &["127.0.0.1"][..],
        &["10.0.0.1"],
        &["169.254.169.254"],
        &["::ffff:127.0.0.1"],
        &["fd00::1"],
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
        &["8.8.8.8", "2001:4860:4860::8888", "fe80::1"],
    ] {
        let told = Told::new(&[answer]);
        let url = format!("https://crm.test:{port}/");
        let sent = sender(&told, Reach::Public).send(call(&url)).await;
        assert_eq!(sent, Err(Failure::AddressRefused), "{answer:?}");
    }
    for host in ["127.0.0.1", "[::1]", "[::ffff:7f00:1]", "169.254.169.254", "192.168.0.1"] {
        let told = Told::new(&[&["8.8.8.8"]]);
        let url = format!("https://{host}:{port}/");
        let sent = sender(&told, Reach::Public).send(call(&url)).await;
        assert_eq!(sent, Err(Failure::AddressRefused), "{host}");
        assert_eq!(told.1.load(Ordering::Relaxed), 0, "an address is no name");
    }
    // By the resolver of this machine, which also reads an address written in another way.
    for host in ["localhost", "127.1", "2130706433", "0x7f.1"] {
        let url = format!("https://{host}:{port}/");
        let sent = sender(Machine, Reach::Public).send(call(&url)).await;
        let refused = sent.expect_err("it is not called");
        let is_known = host == "localhost";
        assert!(refused.is_final() || (!is_known && refused == Failure::NotResolved), "{host}");
    }
    assert!(receiver.requests.try_recv().is_err(), "nothing has come");
}

#[tokio::test]
async fn only_tls_leads_out_and_only_http_is_spoken() {
    for (reach, url) in [
        (Reach::Public, "http://crm.test/"),
        (Reach::Public, "ftp://crm.test/"),
        (Reach::Anywhere, "ftp://crm.test/"),
        (Reach::Anywhere, "/hook"),
        (Reach::Anywhere, "crm.test"),
        (Reach::Anywhere, "https://"),
        (Reach::Anywhere, ""),
    ] {
        let told = Told::new(&[&["127.0.0.1"]]);
        let sent = sender(&told, reach).send(call(url)).await;
        assert_eq!(sent, Err(Failure::UrlRefused), "{url}");
        assert!(Failure::UrlRefused.is_final());
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let mut private = Receiver::start(OK, false).await;
    for status in [301, 302, 303, 307, 308] {
        let to = private.url("127.0.0.1");
        let answer =
            format!("HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        let receiver = Receiver::start(answer, false).await;
        let told = Told::new(&[&["127.0.0.1"]]);
        let sent = sender(&told, Reach::Anywhere).send(call(&receiver.url("crm.test"))).await;
        let status = StatusCode::from_u16(status).expect("a status");
        assert_eq!(sent, Err(Failure::Status(status)));
        assert!(!Failure::Status(status).is_final());
    }
    assert!(private.requests.try_recv().is_err(), "nobody was sent there");
}

#[tokio::test]
async fn every_status_of_success_is_one_and_no_other() {
    for (status, is_delivered) in [
        (200, true),
        (201, true),
        (204, true),
        (299, true),
        (300, false),
        (404, false),
        (500, false),
    ] {
        let receiver =
            Receiver::start(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"), false)
                .await;
        let told = Told::new(&[&["127.0.0.1"]]);
        let sent = sender(&told, Reach::Anywhere).send(call(&receiver.url("crm.test"))).await;
        assert_eq!(sent.is_ok(), is_delivered, "{status}");
    }
}

#[tokio::test]
async fn a_hostile_receiver_takes_neither_time_nor_memory() {
    let long_head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(10 * 1024 * 1024));
    let long_body = [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n"[..],
        &vec![b'a'; 10 * 1024 * 1024],
    ]
    .concat();
    let many_heads = "HTTP/1.1 102 Processing\r\n\r\n".repeat(10_000);
    for (what, answer, closes, expected) in [
        ("closes", Vec::new(), true, Err(Failure::NotAnswered)),
        ("no HTTP", b"SSH-2.0-x\r\n\r\n".to_vec(), false, Err(Failure::NotAnswered)),
        ("half a head", b"HTTP/1.1 200 OK\r\nx: ".to_vec(), true, Err(Failure::NotAnswered)),
        ("a long head", long_head.into_bytes(), false, Err(Failure::NotAnswered)),
        ("a long body", long_body, false, Ok(())),
        ("no answer but heads", many_heads.into_bytes(), true, Err(Failure::NotAnswered)),
    ] {
        let receiver = Receiver::start(answer, closes).await;
        let told = Told::new(&[&["127.0.0.1"]]);
        let sent = sender(&told, Reach::Anywhere).send(call(&receiver.url("crm.test"))).await;
        assert_eq!(sent, expected, "{what}");
    }
    // It takes the request and says nothing, or half of something.
    for answer in ["", "HTTP/1.1 200"] {
        let receiver = Receiver::start(answer, false).await;
        let told = Told::new(&[&["127.0.0.1"]]);
        let hasty = sender(&told, Reach::Anywhere).with_patience(Duration::from_millis(200));
        let sent = hasty.send(call(&receiver.url("crm.test"))).await;
        assert_eq!(sent, Err(Failure::TimedOut), "{answer}");
    }
}

#[tokio::test]
async fn over_tls_the_certificate_has_to_be_of_that_name_and_of_a_known_authority() {
    let mut receiver = Receiver::start(OK, false).await;
    let folder = tempfile::tempdir().expect("a folder");
    let plain = format!("http://127.0.0.1:{}", receiver.port);
    let front = Front::start(&plain, folder.path()).await;
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(&front.roots).expect("a file") {
        roots.add(root.expect("a certificate")).expect("a root");
    }
    let url = front.url();
    let elsewhere = url.replace("localhost", "crm.test");
    for (roots, url, expected) in [
        (roots.clone(), &url, Ok(())),
        (roots, &elsewhere, Err(Failure::NotConnected)),
        (RootCertStore::empty(), &url, Err(Failure::NotConnected)),
    ] {
        let told = Told::new(&[&["127.0.0.1"]]);
        let sender =
            Sender::new(&told, Reach::Anywhere, roots, Clock::manual(NOW_MS)).expect("TLS");
        assert_eq!(sender.send(call(url)).await, expected, "{url}");
    }
    assert!(receiver.requests.recv().await.is_some());
    assert!(receiver.requests.try_recv().is_err(), "one call has come");
}
