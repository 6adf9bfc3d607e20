//! One call of a webhook: the address is resolved once, judged, and the very address that was judged is
//! connected to. Nothing is followed: an answer other than 2xx is a failure. No proxy is asked.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::uri::Scheme;
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use shared::clock::Clock;
use shared::seal::mac;
use shared::values::internet::Reach;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The header with the time and the code of a call.
pub const SIGNATURE: &str = "sotto-signature";
/// How long a call may take in all.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// The most that is read of an answer. Only its status counts, so its body is not read at all.
const ANSWER_BYTES: usize = 64 * 1024;

/// Where names lead.
pub trait Resolve {
    /// The addresses of a host.
    fn resolve(&self, host: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;
}

/// The resolver of the machine.
pub struct Machine;

impl Resolve for Machine {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The address is none, or not over TLS.
    UrlRefused,
    /// The name leads to an address that is not of the internet, if only among others.
    AddressRefused,
    /// The name leads nowhere.
    NotResolved,
    /// Nothing answers there, or not over TLS with a certificate of that name.
    NotConnected,
    /// The answer is no HTTP, is too long, or broke off.
    NotAnswered,
    /// It took too long.
    TimedOut,
    /// The answer is another than 2xx.
    Status(StatusCode),
}

impl Failure {
    /// The code of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UrlRefused => "url_refused",
            Self::AddressRefused => "address_refused",
            Self::NotResolved => "not_resolved",
            Self::NotConnected => "not_connected",
            Self::NotAnswered => "not_answered",
            Self::TimedOut => "timed_out",
            Self::Status(_) => "status",
        }
    }

    /// Whether another try leads to the same: the address was refused.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::UrlRefused | Self::AddressRefused)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(out, "status {}", status.as_u16()),
            other => out.write_str(other.as_str()),
        }
    }
}

/// A call to make. No `Debug`: the address may hold a token of the receiver's.
pub struct Call<'a> {
    /// The address.
    pub url: &'a str,
    /// The characters that are the key of the code.
    pub secret: &'a str,
    /// The body, JSON.
    pub body: Vec<u8>,
}

/// Calls webhooks.
pub struct Sender<R> {
    resolver: R,
    reach: Reach,
    tls: TlsConnector,
    patience: Duration,
    clock: Clock,
}

impl Sender<Machine> {
    /// A sender by the machine's resolver that trusts the machine's roots.
    ///
    /// # Errors
    /// As [`Sender::new`].
    pub fn of_machine(reach: Reach, clock: Clock) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        // A root that cannot be read is none; without any, no certificate is taken.
        let (_taken, _left_out) = roots.add_parsable_certificates(found.certs);
        Self::new(Machine, reach, roots, clock)
    }
}

impl<R: Resolve> Sender<R> {
    /// A sender that trusts these roots.
    ///
    /// # Errors
    /// A sentence, when TLS cannot be set up.
    pub fn new(
        resolver: R,
        reach: Reach,
        roots: RootCertStore,
        clock: Clock,
    ) -> Result<Self, String> {
        // The provider of the AWS clients.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS could not be set up: {error}."))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { resolver, reach, tls, patience: PATIENCE, clock })
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Makes a call.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn send(&self, call: Call<'_>) -> Result<(), Failure> {
        let sent = timeout(self.patience, self.send_patiently(call));
        sent.await.unwrap_or(Err(Failure::TimedOut))
    }

    async fn send_patiently(&self, call: Call<'_>) -> Result<(), Failure> {
        let url: Uri = call.url.parse().map_err(|_| Failure::UrlRefused)?;
        let is_tls = url.scheme() == Some(&Scheme::HTTPS);
        if !is_tls && (self.reach == Reach::Public || url.scheme() != Some(&Scheme::HTTP)) {
            return Err(Failure::UrlRefused);
        }
        let host = url.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = url.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Failure::UrlRefused)?;
        let addresses = self.addresses_of(host).await?;
        let request = self.request(&url, &call)?;
        let stream = connect(&addresses, port).await?;
        let status = if is_tls {
            let stream = self.tls.connect(name, stream).await;
            exchange(stream.map_err(|_| Failure::NotConnected)?, request).await?
        } else {
            exchange(stream, request).await?
        };
        if status.is_success() { Ok(()) } else { Err(Failure::Status(status)) }
    }

    /// The addresses of a host, all of them judged.
    async fn addresses_of(&self, host: &str) -> Result<Vec<IpAddr>, Failure> {
        let addresses = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => self.resolver.resolve(host).await.map_err(|_| Failure::NotResolved)?,
        };
        if addresses.is_empty() {
            return Err(Failure::NotResolved);
        }
        // A name that leads inside and outside is no name of a receiver.
        if !addresses.iter().all(|address| self.reach.holds(*address)) {
            return Err(Failure::AddressRefused);
        }
        Ok(addresses)
    }

    fn request(&self, url: &Uri, call: &Call<'_>) -> Result<Request<Full<Bytes>>, Failure> {
        let authority = url.authority().ok_or(Failure::UrlRefused)?.as_str();
        let path = url.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let at = self.clock.now_seconds();
        Request::post(path)
            .header(HOST, authority)
            .header(USER_AGENT, HeaderValue::from_static("sotto-webhook"))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(SIGNATURE, signature(call.secret, at, &call.body))
            .body(Full::new(Bytes::from(call.body.clone())))
            .map_err(|_| Failure::UrlRefused)
    }
}

/// The value of the header of a call at that second: `t=<second>,v1=<code>`. The code is HMAC-SHA256 of
/// `<second>.<body>`, in hexadecimal digits.
#[must_use]
pub fn signature(secret: &str, at_second: i64, body: &[u8]) -> String {
    let signed = [format!("{at_second}.").as_bytes(), body].concat();
    let code = mac::sign_with_text(secret, &signed);
    format!("t={at_second},v1={}", HEXLOWER.encode(&code))
}

/// Connects to the first of the addresses that takes it.
async fn connect(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Failure> {
    for address in addresses {
        if let Ok(stream) = TcpStream::connect(SocketAddr::new(*address, port)).await {
            return Ok(stream);
        }
    }
    Err(Failure::NotConnected)
}

/// Sends a request and gives the status of the answer.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(ANSWER_BYTES);
    let made = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = made.map_err(|_| Failure::NotAnswered)?;
    // It ends with this call: a set of tasks that is dropped stops them.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let answer = sender.send_request(request).await.map_err(|_| Failure::NotAnswered)?;
    Ok(answer.status())
}
