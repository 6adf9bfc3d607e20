//! A server on this machine that keeps what it is sent and answers what the test wants.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::HeaderMap;
use tokio::net::TcpListener;

/// The server; it ends with the test's runtime.
pub(super) struct Listener {
    /// `http://127.0.0.1:<port>`.
    pub(super) url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// A request that it was sent.
#[derive(Clone)]
pub(super) struct Taken {
    pub(super) method: String,
    /// With its query, as it was written.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Listener {
    /// Starts on a free port.
    pub(super) async fn start<A, F>(answer: A) -> Self
    where
        A: Fn(Taken) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let taken: Arc<Mutex<Vec<Taken>>> = Arc::default();
        let kept = Arc::clone(&taken);
        let router = Router::new().fallback(async move |request: Request| {
            let (parts, body) = request.into_parts();
            let request = Taken {
                method: parts.method.to_string(),
                path: parts.uri.path_and_query().expect("a path").to_string(),
                headers: parts.headers,
                body: to_bytes(body, usize::MAX).await.expect("a body"),
            };
            kept.lock().expect("no test failed in here").push(request.clone());
            answer(request).await
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, taken }
    }

    /// The requests that it was sent so far.
    pub(super) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("no test failed in here").clone()
    }
}
