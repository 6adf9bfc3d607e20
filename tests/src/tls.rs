//! TLS in front of a plain server, with a certificate authority of this run: 2,048 bits of RSA as
//! AWS's endpoints have it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Listeners that terminate TLS and pass on the plain text; they end with the runtime.
pub struct Front {
    /// The file with the authority's certificate.
    pub roots: PathBuf,
    first: String,
    acceptor: TlsAcceptor,
    target: String,
    connections: Arc<AtomicU64>,
}

impl Front {
    /// Starts one in front of `plain`, an `http://` address; the certificate goes into `folder`.
    pub async fn start(plain: &str, folder: &Path) -> Self {
        let (config, root) = certificates();
        let roots = folder.join("roots.pem");
        std::fs::write(&roots, root).expect("the root certificate is written");
        let mut front = Self {
            roots,
            first: String::new(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            target: plain.trim_start_matches("http://").to_owned(),
            connections: Arc::default(),
        };
        front.first = front.listen().await;
        front
    }

    /// Where the first one is, `https://localhost:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        self.first.clone()
    }

    /// Connections so far, to all of them.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Starts another one in front of the same server and says where it is.
    pub async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (acceptor, target) = (self.acceptor.clone(), self.target.clone());
        let connections = Arc::clone(&self.connections);
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

async fn forward(client: TcpStream, acceptor: TlsAcceptor, target: &str) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = acceptor.accept(client).await?;
    let mut aws = TcpStream::connect(target).await?;
    aws.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut client, &mut aws).await?;
    Ok(())
}
