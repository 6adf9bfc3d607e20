//! TLS in front of the embedded AWS, with a certificate authority of this run: 2,048 bits of RSA as
//! AWS's endpoints have it, one listener a service since there each is a host of its own.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256,
};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The TLS endpoints of one run.
pub(crate) struct Endpoints {
    /// Of DynamoDB.
    pub(crate) dynamodb: String,
    /// Of KMS.
    pub(crate) kms: String,
    /// The file with the authority's certificate.
    pub(crate) roots: PathBuf,
    connections: Arc<AtomicU64>,
    full: Full,
}

/// A listener whose queue is full: whoever connects to it waits.
struct Full {
    address: String,
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl Endpoints {
    /// Starts them in front of `aws`, an `http://` address; the certificate goes into `folder`.
    pub(crate) async fn start(aws: &str, folder: &Path) -> Self {
        let (config, root) = certificates();
        let roots = folder.join("roots.pem");
        std::fs::write(&roots, root).expect("the root certificate is written");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let target = aws.trim_start_matches("http://").to_owned();
        let connections = Arc::default();
        Self {
            dynamodb: listen(&acceptor, &target, &connections).await,
            kms: listen(&acceptor, &target, &connections).await,
            roots,
            connections,
            full: Full::fill().await,
        }
    }

    /// An endpoint that nobody ever reaches.
    pub(crate) fn unreachable(&self) -> &str {
        &self.full.address
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
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

fn certificates() -> (ServerConfig, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
    let root = authority.self_signed(&authority_key).expect("a certificate").pem();
    let issuer = Issuer::new(authority, authority_key);

    let leaf_key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
    let mut leaf = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    // Without a name of its own it would look as if it had signed itself.
    leaf.distinguished_name = DistinguishedName::new();
    leaf.distinguished_name.push(DnType::CommonName, "localhost");
    let leaf = leaf.signed_by(&leaf_key, &issuer).expect("a certificate");
    let private = PrivateKeyDer::try_from(leaf_key.serialize_der()).expect("a private key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .expect("a certificate and its key");
    (config, root)
}

async fn listen(acceptor: &TlsAcceptor, target: &str, connections: &Arc<AtomicU64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (acceptor, target) = (acceptor.clone(), target.to_owned());
    let connections = Arc::clone(connections);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::Relaxed);
            let (acceptor, target) = (acceptor.clone(), target.clone());
            tokio::spawn(async move {
                // A function that is killed ends its connection as it likes.
                let _ended = forward(client, acceptor, &target).await;
            });
        }
    });
    format!("https://localhost:{port}")
}

async fn forward(client: TcpStream, acceptor: TlsAcceptor, target: &str) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = acceptor.accept(client).await?;
    let mut aws = TcpStream::connect(target).await?;
    aws.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut client, &mut aws).await?;
    Ok(())
}
