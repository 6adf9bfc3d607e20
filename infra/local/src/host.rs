//! By which name a request came. A page of the internet can let its own name lead to 127.0.0.1 (DNS
//! rebinding); its requests then have no foreign `Origin`, and still name that host.

use axum::http::Request;
use axum::http::header::HOST;
use axum::http::uri::Authority;

/// Whether the request names this machine, and no other host besides.
pub(crate) fn is_here<B>(request: &Request<B>) -> bool {
    let named = request.headers().get_all(HOST).iter();
    let mut named = named.map(|host| Authority::try_from(host.as_bytes()).ok());
    let of_uri = request.uri().authority().cloned();
    let is_named = of_uri.is_some() || request.headers().contains_key(HOST);
    let is_loopback = |authority: &Authority| {
        ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .any(|name| authority.host().eq_ignore_ascii_case(name))
    };
    is_named
        && of_uri.iter().all(is_loopback)
        && named.all(|host| host.is_some_and(|host| is_loopback(&host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(uri: &str, hosts: &[&str]) -> bool {
        let request =
            hosts.iter().fold(Request::get(uri), |request, host| request.header(HOST, *host));
        is_here(&request.body(()).unwrap())
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["localhost", "LOCALHOST:9001", "127.0.0.1:8000", "127.0.0.1", "[::1]:8000"] {
            assert!(judged("/clock", &[host]), "{host}");
            assert!(judged(&format!("http://{host}/clock"), &[]), "{host}");
        }
        for host in [
            "shop.example",
            "shop.example:8000",
            "127.0.0.1.shop.example",
            "localhost.shop.example",
            "127.0.0.2",
            "0.0.0.0:8000",
            "",
            "@",
            "localhost@shop.example",
        ] {
            assert!(!judged("/clock", &[host]), "{host}");
            assert!(!judged("/clock", &["localhost", host]), "{host} beside localhost");
        }
        assert!(!judged("http://shop.example/clock", &["localhost"]));
        assert!(!judged("/clock", &[]), "no name at all");
    }
}
