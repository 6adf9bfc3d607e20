//! The event files of tests/events: made of the template's routes and schedules, and of what
//! tests/requests.toml says of some of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use template::{Route, Template};

/// An id that nobody has.
const NO_ID: &str = "00000000-0000-7000-8000-000000000000";
const HOST: &str = "example.execute-api.eu-central-1.amazonaws.com";
const AGENT: &str = "sotto-event-file";

/// An event of a file.
pub(super) struct Event {
    /// Its file.
    pub(super) name: String,
    /// The program of the function that it is for.
    pub(super) function: &'static str,
    /// The status of the answer; none for a job.
    pub(super) status: Option<u16>,
    /// The content of the file.
    pub(super) text: String,
}

/// The hand-written part of a route's event.
struct Requests(toml::Table);

/// The events of all routes and schedules of the template, in an order in which they can be sent: after
/// a close there is only the erasure, and then the end of the session.
pub(super) fn made() -> Vec<Event> {
    let template = Template::deployed().expect("the template");
    let requests = Requests(include_str!("../../requests.toml").parse().expect("the requests"));
    // An entry without a route is a mistake.
    let routes: Vec<_> = template.routes().iter().filter(|route| route.method != "ANY").collect();
    for key in requests.0.keys() {
        let known = routes.iter().any(|route| *key == key_of(route));
        assert!(known, "tests/requests.toml: there is no route {key}");
    }
    let mut events: Vec<_> = routes
        .into_iter()
        .map(|route| {
            let function = template.function(&route.function).expect("a function");
            requests.event(route, function.program().expect("a program"))
        })
        .collect();
    events.extend(template.schedules().map(|schedule| {
        let function = template.function(&schedule.function).expect("a function");
        of_schedule(function.program().expect("a program"))
    }));
    let rank = |name: &str| match name {
        _ if name.contains("close") || name.contains("feedback") => 1,
        _ if name.contains("delete-v1-me") => 2,
        _ if name.contains("delete-v1-sessions") => 3,
        _ => 0,
    };
    events.sort_by_key(|event| (rank(&event.name), event.name.clone()));
    events
}

fn key_of(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// The file of a route: `GET /v1/subjects/{subject_id}` is in `get-v1-subjects-id.json`.
fn name_of(route: &Route) -> String {
    let segment = |segment: &str| {
        let id = segment.ends_with("_id}").then(|| "id".to_owned());
        id.unwrap_or_else(|| segment.to_owned())
    };
    let path = route.path.split('/').map(segment).collect::<Vec<_>>().join("/");
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let words = if words.is_empty() { "root".to_owned() } else { words.join("-") };
    format!("{}-{words}.json", route.method.to_lowercase())
}

impl Requests {
    fn event(&self, route: &Route, program: &'static str) -> Event {
        let key = key_of(route);
        let said = |name: &str| self.0.get(&key).and_then(|entry| entry.get(name));
        let text = |name: &str| said(name).and_then(toml::Value::as_str);
        let texts = |name: &str| -> BTreeMap<String, String> {
            let all = said(name).and_then(toml::Value::as_table).into_iter().flatten();
            all.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
                .collect()
        };
        let usual = match program {
            "intake" => ("visitor", 200),
            "site" => ("none", 200),
            // Nobody is on the staff where the events are made: they show a refusal.
            _ => ("staff", 401),
        };
        let status = said("status").and_then(toml::Value::as_integer);
        let status = status.map_or(usual.1, |status| status.try_into().expect("a status"));

        let mut headers = texts("headers");
        let accept = if program == "site" { "*/*" } else { "application/json" };
        let mut header = |name: &str, value: &str| headers.insert(name.into(), value.into());
        header("accept", accept);
        header("host", HOST);
        header("user-agent", AGENT);
        header("x-forwarded-proto", "https");
        match text("token").unwrap_or(usual.0) {
            "visitor" => drop(header("authorization", "Bearer {{token}}")),
            "staff" => drop(header("authorization", "Bearer STAFF_TOKEN")),
            "none" => {}
            other => panic!("{key}: a token is visitor, staff or none, not {other}"),
        }
        if text("body").is_some() {
            header("content-type", "application/json");
        }

        let mut path = route.path.clone();
        let mut parameters = Map::new();
        for name in route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            let usual = if program == "intake" { "{{conversation}}" } else { NO_ID };
            let value = text(name).unwrap_or(usual);
            path = path.replace(&format!("{{{name}}}"), value);
            parameters.insert(name.to_owned(), json!(value));
        }
        let query = texts("query");
        let in_path: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut event = json!({
            "version": "2.0",
            "routeKey": key,
            "rawPath": path,
            "rawQueryString": in_path.join("&"),
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "example",
                "domainName": HOST,
                "domainPrefix": "example",
                "http": {
                    "method": route.method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.10",
                    "userAgent": AGENT,
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": key,
                "stage": "$default",
                "time": "02/Nov/2026:09:30:00 +0000",
                "timeEpoch": 1_793_611_800_000_i64,
            },
            "isBase64Encoded": false,
        });
        for (name, value) in
            [("pathParameters", parameters.into()), ("queryStringParameters", json!(query))]
        {
            if value.as_object().is_some_and(|object| !object.is_empty()) {
                event[name] = value;
            }
        }
        if let Some(body) = text("body") {
            event["body"] = json!(body);
        }
        Event {
            name: name_of(route),
            function: program,
            status: Some(status),
            text: written(&event),
        }
    }
}

/// The scheduler's event for a target without an input.
fn of_schedule(program: &'static str) -> Event {
    let arn =
        format!("arn:aws:scheduler:eu-central-1:123456789012:schedule/default/sotto-{program}");
    let event = json!({
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "123456789012",
        "time": "2026-11-02T03:00:00Z",
        "region": "eu-central-1",
        "resources": [arn],
        "detail": "{}",
    });
    Event {
        name: format!("{program}.json"),
        function: program,
        status: None,
        text: written(&event),
    }
}

fn written(event: &Value) -> String {
    serde_json::to_string_pretty(event).expect("JSON") + "\n"
}
