//! The template is right about the code, and each part of it about the others.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;
use shared::config::{Lookup, VisitorsConfig};
use shared::http::metrics;
use template::{DEPLOYED, Template, to_json};

/// A check: one sentence for each fault of a template.
type Check = fn(&Value) -> Vec<String>;

fn resources<'a>(
    template: &'a Value,
    kind: &'static str,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let all = template["Resources"].as_object().expect("resources");
    all.iter()
        .filter(move |(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id.as_str(), resource))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text, or what is inside `!Ref`, `!GetAtt` or `!Sub`, with every `${X}`, the `!Ref` and the `!GetAtt` as
/// `<X>`.
fn text(value: &Value) -> String {
    if value["Fn::GetAtt"].is_array() {
        let path: Vec<String> = items(&value["Fn::GetAtt"]).map(text).collect();
        return format!("<{}>", path.join("."));
    }
    match (value.as_str(), value["Ref"].as_str(), value["Fn::Sub"].as_str()) {
        (Some(plain), ..) => plain.to_owned(),
        (_, Some(name), _) => format!("<{name}>"),
        (_, _, Some(pattern)) => {
            let mut parts = pattern.split("${");
            let first = parts.next().unwrap_or_default().to_owned();
            let named = parts.map(|part| {
                let (name, rest) = part.split_once('}').expect("a name that ends");
                format!("<{name}>{rest}")
            });
            first + &named.collect::<String>()
        }
        _ => String::new(),
    }
}

/// The Sid of a statement is how reports and tests name it.
fn sids(template: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, role) in resources(template, "AWS::IAM::Role") {
        let inline = items(&role["Properties"]["Policies"]);
        let attached = resources(template, "AWS::IAM::Policy")
            .map(|(_, policy)| &policy["Properties"])
            .filter(|policy| items(&policy["Roles"]).any(|held| held["Ref"] == id));
        let mut seen = BTreeSet::new();
        for statement in
            inline.chain(attached).flat_map(|policy| items(&policy["PolicyDocument"]["Statement"]))
        {
            match statement["Sid"].as_str() {
                None => faults.push(format!("{id} has a statement without Sid")),
                Some(sid) if !seen.insert(sid) => faults.push(format!("{id} has {sid} twice")),
                Some(_) => {}
            }
        }
    }
    faults
}

/// A group that the key's policy does not name cannot be made; a name without a group is a right too
/// many.
fn log_groups(template: &Value) -> Vec<String> {
    let made: BTreeSet<String> = resources(template, "AWS::Logs::LogGroup")
        .map(|(_, group)| text(&group["Properties"]["LogGroupName"]))
        .collect();
    let policy = &template["Resources"]["DataKey"]["Properties"]["KeyPolicy"];
    let named: BTreeSet<String> = items(&policy["Statement"])
        .flat_map(|one| items(&one["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]))
        .map(|arn| text(arn).split_once(":log-group:").expect("a log group's ARN").1.to_owned())
        .collect();
    let differ = made.symmetric_difference(&named);
    differ.map(|name| format!("{name} is made or named, not both")).collect()
}

/// The bodies of the dashboards, or what is wrong with their JSON.
fn dashboards(template: &Value) -> impl Iterator<Item = Result<Value, String>> {
    resources(template, "AWS::CloudWatch::Dashboard").map(|(id, dashboard)| {
        serde_json::from_str(&text(&dashboard["Properties"]["DashboardBody"]))
            .map_err(|error| format!("{id} is no JSON: {error}"))
    })
}

fn dashboards_are_json(template: &Value) -> Vec<String> {
    dashboards(template)
        .filter_map(|body| match body {
            Ok(body) if items(&body["widgets"]).next().is_some() => None,
            Ok(_) => Some("a dashboard has no widgets".to_owned()),
            Err(fault) => Some(fault),
        })
        .collect()
}

/// Metrics of ours by name and dimensions (name, value), of every alarm and every dashboard.
fn counted(template: &Value) -> Vec<(String, Vec<(String, String)>)> {
    let alarms = resources(template, "AWS::CloudWatch::Alarm").map(|(_, alarm)| {
        let alarm = &alarm["Properties"];
        let dimensions = items(&alarm["Dimensions"]);
        let pairs = dimensions.map(|one| (text(&one["Name"]), text(&one["Value"]))).collect();
        (text(&alarm["Namespace"]), text(&alarm["MetricName"]), pairs)
    });
    let widgets = dashboards(template).filter_map(Result::ok);
    let widgets = widgets.flat_map(|body| items(&body["widgets"]).cloned().collect::<Vec<_>>());
    let shown = widgets.flat_map(|widget| {
        let metrics = items(&widget["properties"]["metrics"]);
        let metrics = metrics.map(|metric| {
            let texts: Vec<String> =
                items(metric).filter(|one| one.is_string()).map(text).collect();
            let (pairs, _) = texts[2..].as_chunks::<2>();
            let pairs = pairs.iter().map(|[name, value]| (name.clone(), value.clone())).collect();
            (texts[0].clone(), texts[1].clone(), pairs)
        });
        metrics.collect::<Vec<_>>()
    });
    let ours = alarms.chain(shown).filter(|(namespace, ..)| namespace == metrics::NAMESPACE);
    ours.map(|(_, name, dimensions)| (name, dimensions)).collect()
}

/// A metric that nobody counts is a line at zero and an alarm that never comes.
fn metrics_are_counted(template: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, dimensions) in counted(template) {
        if !metrics::names().contains(&name.as_str()) {
            faults.push(format!("nobody counts {name}"));
        }
        let names: Vec<&str> = dimensions.iter().map(|(name, _)| name.as_str()).collect();
        let [stack, function] = metrics::DIMENSIONS;
        let (version, by_version) = metrics::BY_VERSION;
        let is_third = names == [stack, function, version] && name == by_version.name();
        if names != [stack] && names != metrics::DIMENSIONS && !is_third {
            faults.push(format!("{name} is not counted by {names:?}"));
        }
        if dimensions.iter().any(|(name, value)| name == stack && value != "<AWS::StackName>") {
            faults.push(format!("{name} is of another stack"));
        }
    }
    faults
}

/// Which settings of ours a function's code looks up, by what its crate reads them with.
fn read_by(function: &str, code: &str, program: &str) -> Option<BTreeSet<String>> {
    let read: fn(Lookup<'_>) = match (code, program) {
        ("functions/intake", "rotate-keys") => |lookup| drop(intake::rotate::Config::read(lookup)),
        ("functions/intake", _) => |lookup| drop(VisitorsConfig::read(lookup)),
        ("functions/auth", _) => |lookup| drop(auth::state::Config::read(lookup)),
        ("functions/retention", "retention") => {
            |lookup| drop(shared::http::staff_app::Config::read_with_log(lookup))
        }
        ("functions/retention", _) => |lookup| drop(shared::http::staff_app::Config::read(lookup)),
        ("functions/desk", _) if function == "DeskFunction" => {
            |lookup| drop(shared::http::staff_app::Config::read_sealable(lookup))
        }
        ("functions/desk" | "functions/editor" | "functions/training", _) => {
            |lookup| drop(shared::http::staff_app::Config::read(lookup))
        }
        ("functions/site", _) => |lookup| drop(site::Config::read(lookup)),
        ("functions/monitor", _) => |lookup| drop(monitor::Config::read(lookup)),
        ("functions/audit", "sequence") => |lookup| drop(audit::SequenceConfig::read(lookup)),
        ("functions/audit", "examine") => |lookup| {
            let template = Template::deployed().expect("the template");
            drop(audit::examine::ExamineConfig::read(lookup, template));
        },
        ("functions/audit", _) => |lookup| drop(audit::Config::read(lookup)),
        ("functions/preflight", _) => |lookup| drop(preflight::config::Config::read(lookup)),
        _ => return None,
    };
    let names = RefCell::new(BTreeSet::new());
    read(&|name| {
        names.borrow_mut().insert(name.to_owned());
        // Something, so that none stops before it has asked for the last.
        Some("x".to_owned())
    });
    let mut names = names.into_inner();
    // Those of telemetry, which reads them from the process, and one that nobody reads.
    names.extend(["SOTTO_ATTEMPT", "SOTTO_FUNCTION", "SOTTO_STACK"].map(ToOwned::to_owned));
    // Only for a local AWS, and where no gateway says by which name it was called.
    names.remove("SOTTO_TRUST_ROOTS");
    names.remove("SOTTO_CONSOLE_ORIGIN");
    // Only on a developer's machine.
    names.remove("SOTTO_PRIVATE_WEBHOOKS");
    if function != "IntakeFunction" {
        // No other origin's page may call the functions of the staff.
        names.remove("SOTTO_ORIGINS");
    }
    names.retain(|name| name.starts_with("SOTTO_"));
    Some(names)
}

/// A setting that is not read was misspelt or is left over.
fn settings(template: &Value) -> Vec<String> {
    let everywhere = &template["Globals"]["Function"]["Environment"]["Variables"];
    let mut faults = Vec::new();
    for (id, function) in resources(template, "AWS::Serverless::Function") {
        let its = &function["Properties"]["Environment"]["Variables"];
        let both = [everywhere, its].into_iter().filter_map(Value::as_object);
        let set: BTreeSet<String> = both.flat_map(|names| names.keys().cloned()).collect();
        let code = text(&function["Properties"]["CodeUri"]);
        let program = text(&function["Metadata"]["BuildProperties"]["Binary"]);
        let Some(read) = read_by(id, &code, &program) else {
            faults.push(format!("{id} is of {code}, which is not known here"));
            continue;
        };
        faults.extend(set.difference(&read).map(|name| format!("{id} does not read {name}")));
        faults.extend(read.difference(&set).map(|name| format!("{id} is not told {name}")));
    }
    faults
}

/// The tables and what opens them outlive the stack; checkov does not see these two. The first keys are
/// not asked to go either: a release without that resource would be asked, and not answer.
fn retained(template: &Value) -> Vec<String> {
    let tables = resources(template, "AWS::DynamoDB::Table");
    let kept = tables.chain(["DataKey", "Keys"].map(|id| (id, &template["Resources"][id])));
    kept.flat_map(|(id, resource)| {
        ["DeletionPolicy", "UpdateReplacePolicy"]
            .into_iter()
            .filter(|policy| resource[policy] != "Retain")
            // The key goes where its first deployment fails, when there is nothing that it could open.
            .filter(move |policy| {
                let is_first = id == "DataKey" && *policy == "DeletionPolicy";
                !is_first || resource[policy] != "RetainExceptOnCreate"
            })
            .map(move |policy| format!("{id} has not {policy} Retain"))
    })
    .collect()
}

/// The API may call each function that it hands requests to, once and for all of them, and no other.
fn permissions(template: &Value) -> Vec<String> {
    let api = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>/*";
    let mut may: Vec<String> = resources(template, "AWS::Lambda::Permission")
        .map(|(id, permission)| {
            let permission = &permission["Properties"];
            let by_the_api = permission["Action"] == "lambda:InvokeFunction"
                && permission["Principal"] == "apigateway.amazonaws.com"
                && text(&permission["SourceArn"]) == api;
            if by_the_api { text(&permission["FunctionName"]) } else { id.to_owned() }
        })
        .collect();
    let paths = template["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"].as_object();
    let operations = paths.into_iter().flatten().filter_map(|(_, path)| path.as_object());
    let called: BTreeSet<String> = operations
        .flatten()
        .map(|(_, one)| &one["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"][1]["Alias"])
        .map(text)
        .collect();
    let mut faults = Vec::new();
    for alias in called {
        match may.iter().position(|one| *one == alias) {
            Some(at) => drop(may.remove(at)),
            None => faults.push(format!("the API may not call {alias}")),
        }
    }
    faults.extend(may.into_iter().map(|one| format!("{one} has a permission too many")));
    faults
}

/// Failures ring and show: each function has its alarms and its lines, each table its lines.
fn watched(template: &Value) -> Vec<String> {
    let alarms = resources(template, "AWS::CloudWatch::Alarm").flat_map(|(_, alarm)| {
        let alarm = &alarm["Properties"];
        let metric = text(&alarm["MetricName"]);
        let of = items(&alarm["Dimensions"]).map(move |one| (metric.clone(), text(&one["Value"])));
        of.collect::<Vec<_>>()
    });
    let alarms: BTreeSet<_> = alarms.collect();
    let widgets = dashboards(template).filter_map(Result::ok);
    let widgets = widgets.flat_map(|body| items(&body["widgets"]).cloned().collect::<Vec<_>>());
    let lines = widgets.flat_map(|widget| {
        let metrics = items(&widget["properties"]["metrics"]);
        metrics.map(|metric| (text(&metric[1]), text(&metric[3]))).collect::<Vec<_>>()
    });
    let lines: BTreeSet<_> = lines.collect();
    let mut faults = Vec::new();
    let mut expect = |kind, metrics: &[&str], known: &BTreeSet<(String, String)>, place: &str| {
        for (id, _) in resources(template, kind) {
            for metric in metrics {
                if !known.contains(&((*metric).to_owned(), format!("<{id}>"))) {
                    faults.push(format!("{id} has no {metric} {place}"));
                }
            }
        }
    };
    let function = "AWS::Serverless::Function";
    expect(function, &["Errors", "Throttles"], &alarms, "among the alarms");
    expect(function, &["Errors", "Throttles", "Invocations"], &lines, "in the dashboard");
    let units = ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"];
    expect("AWS::DynamoDB::Table", &units, &lines, "in the dashboard");
    expect("AWS::Logs::LogGroup", &["IncomingBytes"], &lines, "in the dashboard");
    faults
}

/// A new version that answers 5xx is taken back: for Lambda an answer is a success, whatever stands in it.
fn taken_back(template: &Value) -> Vec<String> {
    let (version, metric) = metrics::BY_VERSION;
    let [stack, function] = metrics::DIMENSIONS;
    let mut faults = Vec::new();
    for (id, resource) in resources(template, "AWS::Serverless::Function") {
        let properties = &resource["Properties"];
        let alarms = &properties["DeploymentPreference"]["Alarms"];
        let ours = &properties["Environment"]["Variables"]["SOTTO_FUNCTION"];
        let pairs = [
            (stack, "<AWS::StackName>".to_owned()),
            (function, text(ours)),
            (version, format!("<{id}.Version.Version>")),
        ];
        let rings = items(alarms).any(|alarm| {
            let alarm = &template["Resources"][text(alarm).trim_matches(['<', '>'])]["Properties"];
            let dimensions = items(&alarm["Dimensions"]);
            let dimensions = dimensions.map(|one| (text(&one["Name"]), text(&one["Value"])));
            text(&alarm["MetricName"]) == metric.name()
                && dimensions
                    .eq(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())))
        });
        if alarms.is_array() && !rings {
            faults.push(format!("{id} answers 5xx and is not taken back"));
        }
    }
    faults
}

const CHECKS: [Check; 9] = [
    sids,
    log_groups,
    dashboards_are_json,
    metrics_are_counted,
    settings,
    retained,
    permissions,
    watched,
    taken_back,
];

#[test]
fn the_template_says_of_the_code_what_is_so() {
    let template = to_json(DEPLOYED).expect("the template");
    assert_eq!(CHECKS.map(|check| check(&template)), [const { Vec::<String>::new() }; 9]);
    assert!(!counted(&template).is_empty(), "there are metrics of ours in it");
}

#[test]
fn what_is_not_so_is_seen() {
    // The check, a text, its replacement throughout the template, and the message of the check.
    let cases: [(Check, &str, &str, &str); 25] = [
        (
            sids,
            "- Sid: ContentKeys\n",
            "- Sid: TransportKeys\n",
            "IntakeRole has TransportKeys twice",
        ),
        (sids, "- Sid: Hook\n", "- Sid: Aliases\n", "RolloutRole has Aliases twice"),
        (sids, "- Sid: Stream\n                #", "- #", "DetectRole has a statement without Sid"),
        (
            log_groups,
            "LogGroupName: !Sub /sotto/${AWS::StackName}/site\n",
            "LogGroupName: !Sub /sotto/${AWS::StackName}/pages\n",
            "/sotto/<AWS::StackName>/pages is made or named, not both",
        ),
        (
            log_groups,
            "log-group:/sotto/${AWS::StackName}/detect\n",
            "log-group:/sotto/${AWS::StackName}/*\n",
            "/sotto/<AWS::StackName>/detect is made or named, not both",
        ),
        (dashboards_are_json, "{\"widgets\": [\n", "{\"widgets\": [,\n", "Dashboard is no JSON"),
        (
            dashboards_are_json,
            "{\"widgets\": [\n",
            "{\"gadgets\": [\n",
            "a dashboard has no widgets",
        ),
        (
            metrics_are_counted,
            "MetricName: LogTampered\n",
            "MetricName: Tampered\n",
            "nobody counts Tampered",
        ),
        (
            metrics_are_counted,
            "[\"Sotto\", \"Conflict\"",
            "[\"Sotto\", \"Conflicts\"",
            "nobody counts Conflicts",
        ),
        (
            metrics_are_counted,
            "{Name: stack,",
            "{Name: Stack,",
            "KeysMissing is not counted by [\"Stack\"]",
        ),
        (
            metrics_are_counted,
            "\"RateLimited\", \"stack\"",
            "\"RateLimited\", \"function\"",
            "RateLimited is not counted by [\"function\"]",
        ),
        (
            metrics_are_counted,
            "{Name: stack, Value: !Ref AWS::StackName}",
            "{Name: stack, Value: sotto}",
            "Corrupt is of another stack",
        ),
        (settings, "SOTTO_ORIGINS:", "SOTTO_ORIGIN:", "IntakeFunction does not read SOTTO_ORIGIN"),
        (
            settings,
            "CodeUri: functions/monitor\n",
            "CodeUri: functions/watch\n",
            "DetectFunction is of functions/watch, which is not known here",
        ),
        (
            retained,
            "Metadata: {Deletion: final}\n    DeletionPolicy: Retain\n",
            "Metadata: {Deletion: final}\n    DeletionPolicy: Delete\n",
            "KeysTable has not DeletionPolicy Retain",
        ),
        (
            retained,
            "would not answer.\n    DeletionPolicy: Retain\n",
            "would not answer.\n",
            "Keys has not DeletionPolicy Retain",
        ),
        (
            permissions,
            "FunctionName: !Ref AuthFunction.Alias\n",
            "FunctionName: !Ref AuthFunction.Version\n",
            "the API may not call <AuthFunction.Alias>",
        ),
        (
            permissions,
            "FunctionName: !Ref AuthFunction.Alias\n",
            "FunctionName: !Ref SweepFunction.Alias\n",
            "<SweepFunction.Alias> has a permission too many",
        ),
        (permissions, "${Api}/*\n", "*\n", "SitePermission has a permission too many"),
        (
            watched,
            "MetricName: Throttles\n",
            "MetricName: Duration\n",
            "SweepFunction has no Throttles among the alarms",
        ),
        (
            watched,
            "\"Invocations\", \"FunctionName\", \"${DetectFunction}\"",
            "\"Invocations\", \"FunctionName\", \"${SweepFunction}\"",
            "DetectFunction has no Invocations in the dashboard",
        ),
        (
            watched,
            "\"TableName\", \"${WatchTable}\"",
            "\"TableName\", \"${EventsTable}\"",
            "WatchTable has no ConsumedReadCapacityUnits in the dashboard",
        ),
        (
            taken_back,
            "          - !Ref AuthNewVersion5xx\n",
            "",
            "AuthFunction answers 5xx and is not taken back",
        ),
        (
            taken_back,
            "!GetAtt DeskFunction.Version.Version",
            "!GetAtt SiteFunction.Version.Version",
            "DeskFunction answers 5xx and is not taken back",
        ),
        (
            taken_back,
            "{Name: function, Value: site}",
            "{Name: function, Value: pages}",
            "SiteFunction answers 5xx and is not taken back",
        ),
    ];
    for (check, from, to, expected) in cases {
        assert!(DEPLOYED.contains(from), "nothing to change: {from}");
        let faults = check(&to_json(&DEPLOYED.replace(from, to)).expect("a template"));
        assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{expected}: {faults:?}");
    }
}
