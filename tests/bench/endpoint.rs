//! TLS in front of the embedded AWS: one listener a service, since there each is a host of its own.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tests::tls::Front;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// The TLS endpoints of one run.
pub(crate) struct Endpoints {
    /// Of DynamoDB.
    pub(crate) dynamodb: String,
    /// Of KMS.
    pub(crate) kms: String,
    /// The file with the authority's certificate.
    pub(crate) roots: PathBuf,
    front: Front,
    full: Full,
}

/// A listener whose queue is full: a client that connects to it waits.
struct Full {
    address: String,
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl Endpoints {
    /// Starts them in front of `aws`, an `http://` address; the certificate goes into `folder`.
    pub(crate) async fn start(aws: &str, folder: &Path) -> Self {
        let front = Front::start(aws, folder).await;
        Self {
            dynamodb: front.url(),
            kms: front.listen().await,
            roots: front.roots.clone(),
            front,
            full: Full::fill().await,
        }
    }

    /// An endpoint that nobody ever reaches.
    pub(crate) fn unreachable(&self) -> &str {
        &self.full.address
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> u64 {
        self.front.connections()
    }
}

impl Full {
    async fn fill() -> Self {
        const PATIENCE: Duration = Duration::from_millis(200);
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
        let listener = socket.listen(0).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let mut queued = Vec::new();
        while let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await
        {
            queued.push(stream);
        }
        let address = format!("https://localhost:{}", address.port());
        Self { address, _listener: listener, _queued: queued }
    }
}
