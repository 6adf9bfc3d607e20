//! One table of routes, four readers: the routers themselves, template.yaml, the cargo-lambda router
//! in Cargo.toml and docs/openapi.json.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use local::template::Template;
use serde_json::Value;

type Routes = BTreeSet<(String, String, String)>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

/// The description of all functions, made from their own types.
fn openapi() -> Value {
    let mut whole = serde_json::to_value(intake::api().get_openapi()).expect("openapi");
    let auth = serde_json::to_value(auth::api().get_openapi()).expect("openapi");
    let retention = serde_json::to_value(retention::api().get_openapi()).expect("openapi");
    let site = serde_json::to_value(site::api().get_openapi()).expect("openapi");
    for (part, one) in [auth, retention, site]
        .iter()
        .flat_map(|one| [("/paths", one), ("/components/schemas", one)])
    {
        if let (Some(all), Some(more)) = (
            whole.pointer_mut(part).and_then(Value::as_object_mut),
            one.pointer(part).and_then(Value::as_object),
        ) {
            for (name, described) in more {
                let known = all.insert(name.clone(), described.clone());
                assert!(known.is_none_or(|known| known == *described), "{name} is two things");
            }
        }
    }
    whole["info"] = serde_json::json!({
        "title": "Sotto",
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    whole
}

fn of_openapi(function: &str, description: &Value) -> Routes {
    let mut routes = Routes::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            routes.insert((function.to_owned(), method.to_uppercase(), path.clone()));
        }
    }
    routes
}

fn of_routers() -> Routes {
    let mut routes =
        of_openapi("intake", &serde_json::to_value(intake::api().get_openapi()).expect("openapi"));
    routes.extend(of_openapi(
        "auth",
        &serde_json::to_value(auth::api().get_openapi()).expect("openapi"),
    ));
    routes.extend(of_openapi(
        "retention",
        &serde_json::to_value(retention::api().get_openapi()).expect("openapi"),
    ));
    routes.extend(of_openapi(
        "site",
        &serde_json::to_value(site::api().get_openapi()).expect("openapi"),
    ));
    routes
}

#[test]
fn the_template_has_the_routes_of_the_routers() {
    let template = Template::parse(&read("template.yaml")).expect("the template");
    let routes: Routes = template
        .routes()
        .iter()
        // What no route has goes to the function whose 404 it is.
        .filter(|route| route.method != "ANY")
        .map(|route| {
            let function = route.function.trim_end_matches("Function").to_lowercase();
            (function, route.method.to_uppercase(), route.path.clone())
        })
        .collect();
    assert_eq!(routes, of_routers());
}

#[test]
fn cargo_lambda_watch_has_the_routes_of_the_routers() {
    let manifest: Value = toml::from_str(&read("Cargo.toml")).expect("a manifest");
    let table = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].clone();
    // Every method goes to the function, which refuses the wrong ones itself; what no route has goes
    // to the function whose 404 it is.
    let routes: BTreeSet<(String, String)> = table
        .as_object()
        .expect("a router")
        .iter()
        .filter(|(path, _)| !path.ends_with("/{*rest}"))
        .map(|(path, function)| (function.as_str().expect("a function").to_owned(), path.clone()))
        .collect();
    let expected: BTreeSet<_> =
        of_routers().into_iter().map(|(function, _, path)| (function, path)).collect();
    assert_eq!(routes, expected);
}

/// Run with `SOTTO_UPDATE=1` to write the file anew.
#[test]
fn the_published_description_is_the_routers_own() {
    let made = serde_json::to_string_pretty(&openapi()).expect("JSON") + "\n";
    let path = root().join("docs/openapi.json");
    if std::env::var_os("SOTTO_UPDATE").is_some() {
        std::fs::write(&path, &made).expect("the file is written");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == made,
        "docs/openapi.json is old: run with SOTTO_UPDATE=1 to write it anew"
    );
    let description: Value = serde_json::from_str(&published).expect("JSON");
    let both: BTreeSet<_> =
        of_routers().into_iter().map(|(_, method, path)| (method, path)).collect();
    let described: BTreeSet<_> =
        of_openapi("", &description).into_iter().map(|(_, method, path)| (method, path)).collect();
    assert_eq!(described, both);
}
