//! One table of routes, four readers: the routers themselves, template.yaml, the cargo-lambda router
//! in Cargo.toml and docs/openapi.json.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use shared::http::demands::Route;
use template::Template;
use tests::openapi;

type Routes = BTreeSet<(String, String, String)>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

fn of_openapi(description: &Value) -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            routes.insert((method.to_uppercase(), path.clone()));
        }
    }
    routes
}

fn of_routers() -> Routes {
    let named = |route: Route| (route.function.to_owned(), route.method.to_uppercase(), route.path);
    openapi::routes().into_iter().map(named).collect()
}

#[test]
fn the_template_has_the_routes_of_the_routers() {
    let template = Template::deployed().expect("the template");
    let routes: Routes = template
        .routes()
        .iter()
        // A path without a route goes to the function that answers it with 404.
        .filter(|route| route.method != "ANY")
        .map(|route| {
            let function = template.function(&route.function).expect("a function");
            (
                function.program().expect("a program").to_owned(),
                route.method.to_uppercase(),
                route.path.clone(),
            )
        })
        .collect();
    assert_eq!(routes, of_routers());
}

/// The table of cargo-lambda: paths of the routers, which function has each, and to which goes what no
/// route has. Every method goes to the function, which refuses the wrong ones itself.
fn watch_table() -> BTreeMap<String, String> {
    let template = Template::deployed().expect("the template");
    let fallbacks = template.routes().iter().filter(|route| route.method == "ANY").map(|route| {
        let path = route.path.replace("{proxy+}", "{*rest}").replace("$default", "/{*rest}");
        let function = template.function(&route.function).expect("a function");
        (path, function.program().expect("a program").to_owned())
    });
    let routes = of_routers().into_iter().map(|(function, _, path)| (path, function));
    routes.chain(fallbacks).collect()
}

/// Run with `SOTTO_UPDATE=1` to write the table anew.
#[test]
fn cargo_lambda_watch_has_the_routes_of_the_routers() {
    const HEAD: &str = "[workspace.metadata.lambda.watch.router]\n";
    let expected = watch_table();
    if std::env::var_os("SOTTO_UPDATE").is_some() {
        let rows = expected.iter().map(|(path, function)| format!("\"{path}\" = \"{function}\"\n"));
        let manifest = read("Cargo.toml");
        let (before, table) = manifest.split_once(HEAD).expect("the table");
        let (_, after) = table.split_once("\n\n").expect("the end of the table");
        let anew = format!("{before}{HEAD}{}\n{after}", rows.collect::<String>());
        std::fs::write(root().join("Cargo.toml"), anew).expect("the manifest is written");
    }
    let manifest: Value = toml::from_str(&read("Cargo.toml")).expect("a manifest");
    let table = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].clone();
    let table: BTreeMap<String, String> = serde_json::from_value(table).expect("a table");
    assert!(table == expected, "the table is old: run with SOTTO_UPDATE=1 to write it anew");
}

/// Run with `SOTTO_UPDATE=1` to write the file anew.
#[test]
fn the_published_description_is_the_routers_own() {
    let made = serde_json::to_string_pretty(&openapi::document()).expect("JSON") + "\n";
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
    assert_eq!(of_openapi(&description), both);
    let ids: BTreeSet<_> = openapi::routes()
        .iter()
        .map(|route| openapi::operation_id(route.method, &route.path))
        .collect();
    assert_eq!(ids.len(), both.len(), "two operations have one id");
}
