//! The form in which a part is given out: the caller asks for it by `Accept` and `Accept-Language`.

use axum::Extension;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};

use super::gather::Part;
use super::page;
use super::words::Language;
use edge::metrics::{Metric, Noted};
use values::problem::{Code, Problem};

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Page(Language),
}

/// The response with a part.
///
/// It has no `Content-Disposition`: a request that carries a token is made by a program, which names
/// the file itself, and in a sealed response the name would stand outside.
///
/// # Errors
/// [`Code::Internal`] when the document cannot be written.
pub fn respond(part: Part, headers: &HeaderMap) -> Result<Response, Problem> {
    let Part { export, sound, cost } = part;
    let noted = (!sound).then_some(Extension(Noted(Metric::Corrupt)));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let json = HeaderValue::from_static("application/json");
    match Form::asked_for(headers) {
        Form::Page(language) => {
            let policy = HeaderValue::from_str(page::policy()).map_err(|_| Code::Internal)?;
            let head = [(CONTENT_TYPE, html), (CONTENT_SECURITY_POLICY, policy)];
            let page = page::write(&export, language, cost);
            drop(export);
            Ok((noted, head, page).into_response())
        }
        Form::Json => {
            // At once as large as it gets, so that it is never copied while it grows.
            let mut body = Vec::with_capacity(cost);
            serde_json::to_writer(&mut body, &export).map_err(|_| Code::Internal)?;
            drop(export);
            Ok((noted, [(CONTENT_TYPE, json)], body).into_response())
        }
    }
}

/// Whether a caller asks for a page, and not for JSON.
#[must_use]
pub fn asks_for_page(headers: &HeaderMap) -> bool {
    matches!(Form::asked_for(headers), Form::Page(_))
}

/// A page in English to read and to print; `body` is markup in which nothing is of somebody else.
///
/// # Errors
/// [`Code::Internal`] for a policy that no header can have.
pub fn printed(title: &'static str, body: &str) -> Result<Response, Problem> {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let policy = HeaderValue::from_str(page::policy()).map_err(|_| Code::Internal)?;
    let head = [(CONTENT_TYPE, html), (CONTENT_SECURITY_POLICY, policy)];
    Ok((head, page::framed(title, body)).into_response())
}

impl Form {
    /// The page for a caller who names HTML and does not rate JSON higher; JSON for all others.
    fn asked_for(headers: &HeaderMap) -> Self {
        let accepted = rated(headers, &ACCEPT);
        let best = |names: &[&str]| {
            let of = |name: &&str| accepted.iter().find(|(known, _)| known == name);
            names.iter().find_map(of).map_or(0, |(_, rate)| *rate)
        };
        let page = best(&["text/html"]);
        let named = best(&["application/json"]);
        let json = best(&["application/json", "application/*", "*/*"]);
        if page == 0 || page < json || page == named {
            return Self::Json;
        }
        let mut languages = rated(headers, &ACCEPT_LANGUAGE);
        languages.sort_by_key(|(_, rate)| std::cmp::Reverse(*rate));
        let asked = languages.iter().find_map(|(tag, _)| Language::of(tag));
        Self::Page(asked.unwrap_or(Language::English))
    }
}

/// The values that a header lists, each with its rate in thousandths, without those rated zero.
fn rated(headers: &HeaderMap, name: &HeaderName) -> Vec<(String, u16)> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let listed = values.flat_map(|value| value.split(',')).map(|element| {
        let mut parts = element.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next().unwrap_or_default();
        let rate = parts.find_map(|part| Some(thousandths(part.strip_prefix("q=")?)));
        (name, rate.unwrap_or(1000))
    });
    listed.filter(|(_, rate)| *rate > 0).collect()
}

/// `0.5` is 500; what is no rate is as much as none.
fn thousandths(text: &str) -> u16 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{rest:0<3.3}");
    digits.parse().ok().filter(|rate| *rate <= 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept: &str, language: &str) -> Form {
        let mut headers = HeaderMap::new();
        for (name, value) in [(ACCEPT, accept), (ACCEPT_LANGUAGE, language)] {
            if !value.is_empty() {
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        Form::asked_for(&headers)
    }

    #[test]
    fn a_page_is_for_who_asks_for_one() {
        let page = Form::Page(Language::English);
        for (accept, form) in [
            ("", Form::Json),
            ("*/*", Form::Json),
            ("application/json", Form::Json),
            ("application/json, text/html", Form::Json),
            ("text/html;q=0.5, application/json", Form::Json),
            ("text/html;q=0.4, */*;q=0.5", Form::Json),
            ("text/html;q=0", Form::Json),
            ("text/html;q=nonsense", Form::Json),
            ("text/plain", Form::Json),
            ("text/html", page),
            ("TEXT/HTML; charset=utf-8", page),
            ("text/html, application/json;q=0.9", page),
            ("text/html, */*", page),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", page),
        ] {
            assert_eq!(asked(accept, ""), form, "{accept}");
        }
    }

    #[test]
    fn it_is_in_the_language_that_is_rated_highest_of_those_there_are() {
        for (language, given) in [
            ("", Language::English),
            ("fr", Language::English),
            ("de", Language::German),
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("en;q=0.3, de;q=0.31", Language::German),
            ("fr, de;q=0.2", Language::German),
            ("de;q=0, en;q=0.1", Language::English),
            ("en-GB, de", Language::English),
        ] {
            assert_eq!(asked("text/html", language), Form::Page(given), "{language}");
        }
    }
}
