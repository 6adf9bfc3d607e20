//! The monitoring: dead-letter queues, log groups, alarms and their subscribers.

use aws_sdk_sqs::types::QueueAttributeName;

use crate::aws::{Clients, could_not};
use crate::check::stack::{Resource, Stack};
use crate::finding::{Chapter, CouldNot, Finding};

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// Whether it is ringing.
    pub ringing: bool,
    /// Whether anything follows when it rings.
    pub heard: bool,
}

/// Looks at all of them.
pub async fn check(clients: &Clients, stack: &Stack) -> Vec<Finding> {
    let mut findings = Vec::new();
    for queue in stack.of_kind("AWS::SQS::Queue") {
        findings.push(match waiting(clients, queue).await {
            Err(could_not) => could_not.finding(&queue.logical),
            Ok(waiting) => judge_queue(&queue.logical, waiting),
        });
    }
    for group in stack.of_kind("AWS::Logs::LogGroup") {
        findings.push(match retention(clients, group).await {
            Err(could_not) => could_not.finding(&group.logical),
            Ok(days) => judge_group(&group.physical, days),
        });
    }
    for alarm in stack.of_kind("AWS::CloudWatch::Alarm") {
        match state(clients, alarm).await {
            Err(could_not) => findings.push(could_not.finding(&alarm.logical)),
            Ok((state, description)) => {
                findings.extend(judge_alarm(&alarm.logical, &description, state));
            }
        }
    }
    for topic in stack.of_kind("AWS::SNS::Topic") {
        findings.push(match subscribers(clients, topic).await {
            Err(could_not) => could_not.finding(&topic.logical),
            Ok((confirmed, pending)) => judge_topic(confirmed, pending),
        });
    }
    findings
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

fn judge_group(group: &str, days: Option<i32>) -> Finding {
    match days {
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

async fn state(clients: &Clients, alarm: &Resource) -> Result<(Alarm, String), CouldNot> {
    let action = "cloudwatch:DescribeAlarms";
    let answer = clients.cloudwatch.describe_alarms().alarm_names(&alarm.physical);
    let answer = answer.send().await.map_err(could_not(action))?;
    let found = answer.metric_alarms().first();
    let found = found.ok_or_else(|| CouldNot::missing(action, "the alarm"))?;
    let ringing = found.state_value().is_some_and(|state| state.as_str() == "ALARM");
    let heard = found.actions_enabled().unwrap_or(true);
    Ok((Alarm { ringing, heard }, found.alarm_description().unwrap_or_default().to_owned()))
}

fn judge_alarm(name: &str, description: &str, alarm: Alarm) -> Option<Finding> {
    if alarm.ringing {
        let description = description.trim_end_matches('.');
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
    use super::*;
    use crate::finding::Severity;

    #[test]
    fn what_waits_and_what_never_ends_is_wrong() {
        assert_eq!(judge_queue("Q", 0).severity, Severity::Fine);
        assert!(judge_queue("Q", 3).what.starts_with("3 events wait in Q"));
        assert_eq!(judge_group("g", Some(30)).severity, Severity::Fine);
        assert_eq!(judge_group("g", None).code, "logs_never_end");
    }

    #[test]
    fn an_alarm_that_rings_or_is_muted_is_wrong() {
        let judged = |ringing, heard| {
            judge_alarm("A", "Too many.", Alarm { ringing, heard }).map(|finding| finding.code)
        };
        assert_eq!(judged(false, true), None);
        assert_eq!(judged(true, true), Some("alarm"));
        assert_eq!(judged(false, false), Some("alarm_muted"));
    }

    #[test]
    fn somebody_has_to_hear_the_alarms() {
        let codes = [judge_topic(0, 0), judge_topic(0, 1), judge_topic(1, 0)].map(|one| one.code);
        assert_eq!(codes, ["alarms_unheard", "alarms_unconfirmed", "alarms_heard"]);
    }
}
