//! The monitoring: dead-letter queues, log groups, alarms and their subscribers.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use shared::values::control::Control;
use template::Template;

use crate::aws::{Clients, could_not};
use crate::finding::{Chapter, CouldNot, Finding};
use crate::stack::{Resource, Stack};

/// The alarm of findings that are overdue.
const OF_FINDINGS: &str = "FindingsOverdue";
/// Names that CloudWatch takes at once.
const ALARMS_AT_ONCE: usize = 100;

/// The state of an alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Whether it is ringing.
    pub ringing: bool,
    /// Whether its actions are switched on.
    pub heard: bool,
    /// How many actions follow when it rings.
    pub actions: usize,
    /// Its metric; none of one over several.
    pub metric: Option<String>,
    /// The value beyond which it rings.
    pub threshold: Option<f64>,
    /// The sentence that the template gives it.
    pub description: String,
}

/// Looks at all of them.
pub async fn check(clients: &Clients, stack: &Stack, template: &Template) -> Vec<Finding> {
    let longest = stack.parameters.get("LogRetentionDays").and_then(|days| days.parse().ok());
    let mut findings = Vec::new();
    for queue in stack.of_kind("AWS::SQS::Queue") {
        findings.push(match waiting(clients, queue).await {
            Err(could_not) => could_not.finding(&queue.logical).about([Control::DeadLetters]),
            Ok(waiting) => judge_queue(&queue.logical, waiting),
        });
    }
    for group in stack.of_kind("AWS::Logs::LogGroup") {
        findings.push(match retention(clients, group).await {
            Err(could_not) => could_not.finding(&group.logical).about([Control::LogRetention]),
            Ok(days) => judge_group(&group.physical, days, longest),
        });
    }
    let alarms: Vec<_> = stack.of_kind("AWS::CloudWatch::Alarm").collect();
    for some in alarms.chunks(ALARMS_AT_ONCE) {
        match states(clients, some).await {
            Err(could_not) => findings.push(
                could_not
                    .finding(&"The alarms")
                    .about([Control::AlarmPresent, Control::AlarmState]),
            ),
            Ok(states) => {
                for resource in some {
                    let alarm = states.get(&resource.physical);
                    let design = template.properties(&resource.logical);
                    findings.extend(judge_alarm(&resource.logical, design, alarm));
                }
            }
        }
    }
    findings.extend(judge_together(alarms.len(), &findings));
    for topic in stack.of_kind("AWS::SNS::Topic") {
        findings.push(match subscribers(clients, topic).await {
            Err(could_not) => could_not.finding(&topic.logical).about([Control::AlarmHeard]),
            Ok((confirmed, pending)) => judge_topic(confirmed, pending),
        });
    }
    findings
}

/// The findings about all alarms, of which `findings` has those that are not as they should be.
fn judge_together(alarms: usize, findings: &[Finding]) -> Vec<Finding> {
    let together = [
        (Control::AlarmPresent, "alarm_there", "are there, and something follows when they ring"),
        (Control::AlarmState, "alarm_quiet", "do not ring"),
    ];
    let is_fine = |control: Control| !findings.iter().any(|one| one.controls().contains(&control));
    let fine = together.into_iter().filter(|(control, ..)| alarms > 0 && is_fine(*control));
    fine.map(|(_, code, what)| {
        Finding::fine(code, format!("{alarms} alarms {what}."), Chapter::Unheard)
    })
    .collect()
}

async fn waiting(clients: &Clients, queue: &Resource) -> Result<u64, CouldNot> {
    let action = "sqs:GetQueueAttributes";
    let asked = clients.sqs.get_queue_attributes().queue_url(&queue.physical);
    let asked = asked.attribute_names(QueueAttributeName::ApproximateNumberOfMessages);
    let answer = asked.send().await.map_err(could_not(action))?;
    answer
        .attributes()
        .and_then(|all| all.get(&QueueAttributeName::ApproximateNumberOfMessages)?.parse().ok())
        .ok_or_else(|| CouldNot::missing(action, "a number"))
}

fn judge_queue(queue: &str, waiting: u64) -> Finding {
    let see = Chapter::DeadLetters;
    if waiting == 0 {
        return Finding::fine("dead_letters_none", format!("{queue} is empty."), see);
    }
    Finding::wrong(
        "dead_letters",
        format!("{waiting} events wait in {queue} that could not be handled."),
        "Look at one with aws sqs receive-message, mend the cause, then repeat or purge them.",
        see,
    )
}

async fn retention(clients: &Clients, group: &Resource) -> Result<Option<i32>, CouldNot> {
    let action = "logs:DescribeLogGroups";
    let answer = clients.logs.describe_log_groups().log_group_name_prefix(&group.physical);
    let answer = answer.send().await.map_err(could_not(action))?;
    let found =
        answer.log_groups().iter().find(|one| one.log_group_name() == Some(&group.physical));
    found
        .map(aws_sdk_cloudwatchlogs::types::LogGroup::retention_in_days)
        .ok_or_else(|| CouldNot::missing(action, "the group"))
}

fn judge_group(group: &str, days: Option<i32>, longest: Option<i32>) -> Finding {
    match days {
        Some(days) if longest.is_some_and(|longest| days > longest) => Finding::wrong(
            "logs_too_long",
            format!("{group} keeps its lines {days} days, longer than LogRetentionDays."),
            "Run aws logs put-retention-policy.",
            Chapter::Logs,
        ),
        Some(days) => {
            Finding::fine("logs_end", format!("{group} keeps lines {days} days."), Chapter::Logs)
        }
        None => Finding::wrong(
            "logs_never_end",
            format!("{group} keeps its lines for ever."),
            "Run aws logs put-retention-policy.",
            Chapter::Logs,
        ),
    }
}

/// The alarms of these names that there are.
async fn states(
    clients: &Clients,
    alarms: &[&Resource],
) -> Result<BTreeMap<String, Alarm>, CouldNot> {
    let names = alarms.iter().map(|alarm| alarm.physical.clone()).collect();
    let asked = clients.cloudwatch.describe_alarms().set_alarm_names(Some(names));
    let mut pages = asked.into_paginator().send();
    let mut states = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(could_not("cloudwatch:DescribeAlarms"))?;
        states.extend(page.metric_alarms().iter().filter_map(|found| {
            let alarm = Alarm {
                ringing: found.state_value().is_some_and(|state| state.as_str() == "ALARM"),
                heard: found.actions_enabled().unwrap_or(true),
                actions: found.alarm_actions().len(),
                metric: found.metric_name().map(ToOwned::to_owned),
                threshold: found.threshold(),
                description: found.alarm_description().unwrap_or_default().to_owned(),
            };
            Some((found.alarm_name()?.to_owned(), alarm))
        }));
    }
    Ok(states)
}

fn judge_alarm(name: &str, design: &Value, alarm: Option<&Alarm>) -> Option<Finding> {
    let Some(alarm) = alarm else {
        return Some(Finding::wrong(
            "alarm_absent",
            format!("The alarm {name} does not exist."),
            "Deploy again; CloudTrail says who deleted it.",
            Chapter::Unheard,
        ));
    };
    let is_changed = design["MetricName"].as_str() != alarm.metric.as_deref()
        || design["Threshold"].as_f64().is_some_and(|set| alarm.threshold != Some(set));
    if is_changed || design["AlarmActions"].is_array() && alarm.actions == 0 {
        return Some(Finding::wrong(
            "alarm_changed",
            format!("The alarm {name} watches or tells otherwise than the template says."),
            "Deploy again; CloudTrail says who changed it.",
            Chapter::Unheard,
        ));
    }
    // That findings are overdue is no finding of its own: it would never end.
    if alarm.ringing && name != OF_FINDINGS {
        let description = alarm.description.trim_end_matches('.');
        Some(Finding::wrong(
            "alarm",
            format!("The alarm {name} rings: {description}."),
            "Do what its runbook says.",
            Chapter::ServerErrors,
        ))
    } else if alarm.heard {
        None
    } else {
        Some(Finding::wrong(
            "alarm_muted",
            format!("The actions of the alarm {name} are switched off."),
            "Run aws cloudwatch enable-alarm-actions.",
            Chapter::Unheard,
        ))
    }
}

async fn subscribers(clients: &Clients, topic: &Resource) -> Result<(u32, u32), CouldNot> {
    let action = "sns:GetTopicAttributes";
    let answer = clients.sns.get_topic_attributes().topic_arn(&topic.physical).send().await;
    let answer = answer.map_err(could_not(action))?;
    let number = |name: &str| {
        let value = answer.attributes().and_then(|all| all.get(name)?.parse().ok());
        value.ok_or_else(|| CouldNot::missing(action, "the subscriptions"))
    };
    Ok((number("SubscriptionsConfirmed")?, number("SubscriptionsPending")?))
}

fn judge_topic(confirmed: u32, pending: u32) -> Finding {
    let see = Chapter::Unheard;
    match (confirmed, pending) {
        (0, 0) => Finding::look(
            "alarms_unheard",
            "Nobody is told when an alarm rings.",
            "Deploy with AlarmEmail set, or subscribe to the topic yourself.",
            see,
        ),
        (0, _) => Finding::wrong(
            "alarms_unconfirmed",
            "Nobody is told when an alarm rings: the subscription is not confirmed.",
            "Follow the link in the message that AWS sent to AlarmEmail.",
            see,
        ),
        (confirmed, _) => {
            Finding::fine("alarms_heard", format!("{confirmed} subscribers hear the alarms."), see)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::finding::Severity;

    #[test]
    fn what_waits_and_what_never_ends_is_wrong() {
        assert_eq!(judge_queue("Q", 0).severity, Severity::Fine);
        assert!(judge_queue("Q", 3).what.starts_with("3 events wait in Q"));
        assert_eq!(judge_group("g", Some(30), Some(30)).severity, Severity::Fine);
        assert_eq!(judge_group("g", Some(60), Some(30)).code, "logs_too_long");
        assert_eq!(judge_group("g", None, Some(30)).code, "logs_never_end");
    }

    #[test]
    fn an_alarm_that_rings_or_is_muted_or_changed_is_wrong() {
        let design = json!({"MetricName": "Errors", "Threshold": 0, "AlarmActions": ["topic"]});
        let alarm = || Alarm {
            ringing: false,
            heard: true,
            actions: 1,
            metric: Some("Errors".to_owned()),
            threshold: Some(0.0),
            description: "Too many.".to_owned(),
        };
        let judged = |ringing, heard| {
            let alarm = Alarm { ringing, heard, ..alarm() };
            judge_alarm("A", &design, Some(&alarm))
        };
        let changed = |change: &dyn Fn(&mut Alarm)| {
            let mut alarm = alarm();
            change(&mut alarm);
            judge_alarm("A", &design, Some(&alarm)).map(|finding| finding.code)
        };
        assert_eq!(changed(&|_| {}), None);
        assert_eq!(changed(&|alarm| alarm.actions = 0), Some("alarm_changed"));
        assert_eq!(changed(&|alarm| alarm.threshold = Some(1e9)), Some("alarm_changed"));
        assert_eq!(changed(&|alarm| alarm.metric = None), Some("alarm_changed"));
        let late = Alarm { ringing: true, ..alarm() };
        assert!(judge_alarm(OF_FINDINGS, &design, Some(&late)).is_none());
        let code = |finding: Option<Finding>| finding.map(|finding| finding.code);
        assert_eq!(judged(false, true), None);
        assert_eq!(code(judged(true, true)), Some("alarm"));
        assert_eq!(code(judged(false, false)), Some("alarm_muted"));
        assert_eq!(code(judge_alarm("A", &design, None)), Some("alarm_absent"));
        let together = |findings: &[Finding]| {
            let fine = judge_together(91, findings);
            fine.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(together(&[]), ["alarm_there", "alarm_quiet"]);
        assert_eq!(together(&[judged(true, true).unwrap()]), ["alarm_there"]);
        assert_eq!(together(&[judged(false, false).unwrap()]), ["alarm_quiet"]);
    }

    #[test]
    fn somebody_has_to_hear_the_alarms() {
        let codes = [judge_topic(0, 0), judge_topic(0, 1), judge_topic(1, 0)].map(|one| one.code);
        assert_eq!(codes, ["alarms_unheard", "alarms_unconfirmed", "alarms_heard"]);
    }
}
