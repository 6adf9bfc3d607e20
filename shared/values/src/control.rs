//! The controls of an audit: what is looked at, how much it matters, and what to do when it fails. Words alone,
//! no I/O.
//!
//! A control is a rule under one name, in code, tests, stored items, responses and documents. Those by machine
//! collect the doctor's findings, by their codes ([`Control::of_code`]).

mod requirement;

pub use requirement::Requirement;

use crate::clock::UnixMillis;
use crate::incident::Severity;
use crate::policy::DAY_MS;
use crate::words::words;

words! {
    /// A rule that an audit looks at.
    Control {
        /// The KMS key can be used.
        KeyState "key_state",
        /// KMS rotates the key every year.
        KeyRotation "key_rotation",
        /// Nobody may use the key but those whom the template names.
        KeyPolicy "key_policy",
        /// Every table is there, with its indexes and its stream.
        TableDesign "table_design",
        /// The stack's key encrypts every table.
        TableEncryption "table_encryption",
        /// Items end by themselves in every table.
        TableExpiry "table_expiry",
        /// No erased item can be restored, and all else can.
        TableRecovery "table_recovery",
        /// No table can be deleted with one call.
        TableProtection "table_protection",
        /// No table lets anybody in by a policy of its own.
        TablePolicy "table_policy",
        /// Every role may do what the template says, and nothing else.
        RolePermissions "role_permissions",
        /// Nobody takes a role but the services that the template names.
        RoleTrust "role_trust",
        /// No role is unused for 90 days.
        RoleUnused "role_unused",
        /// Nobody invokes a function but the gateway and the services that the template names.
        FunctionPublic "function_public",
        /// Every function runs on a runtime that AWS patches.
        FunctionRuntime "function_runtime",
        /// Every function is there, with its settings.
        FunctionSettings "function_settings",
        /// The newest version of every function answers.
        FunctionVersion "function_version",
        /// No function is older than 90 days.
        BuildAge "build_age",
        /// No dependency has a known fault.
        Advisories "advisories",
        /// The list of known faults is no older than 90 days.
        AdvisoriesAge "advisories_age",
        /// Lines of every log end when they were to end.
        LogRetention "log_retention",
        /// Every alarm is there, and something follows when it rings.
        AlarmPresent "alarm_present",
        /// No alarm rings.
        AlarmState "alarm_state",
        /// Somebody is told when an alarm rings.
        AlarmHeard "alarm_heard",
        /// Nothing waits that could not be handled.
        DeadLetters "dead_letters",
        /// The sweep runs every five minutes.
        SweepRuns "sweep_runs",
        /// Visitors get a list of keys that is signed and in date.
        KeyList "key_list",
        /// The API answers.
        ApiAnswers "api_answers",
        /// The gateway limits requests and logs them.
        ApiStage "api_stage",
        /// Every address asks for TLS 1.2 or newer.
        Tls "tls",
        /// Every answer has its security headers.
        Headers "headers",
        /// Only pages that the team named may call, over https.
        Cors "cors",
        /// Every sampled item that has to end says when.
        ItemsExpire "items_expire",
        /// No sampled item holds text that looks plain.
        ItemsSealed "items_sealed",
        /// No item breaks an invariant of docs/data.md.
        RecordsWhole "records_whole",
        /// Everybody has a current training.
        StaffTraining "staff_training",
        /// Everybody has a second factor, enrolled within two years.
        StaffFactors "staff_factors",
        /// Nobody has an account that is unused for 90 days.
        StaffDormant "staff_dormant",
        /// There are two admins at least.
        StaffAdmins "staff_admins",
        /// No request of a person is overdue.
        RequestsDue "requests_due",
        /// No erasure is unfinished for more than a day.
        ErasuresLate "erasures_late",
        /// Every incident was looked at within a day and resolved within thirty.
        IncidentsOpen "incidents_open",
        /// The audit log goes on from where it was at the last audit.
        LogConsistent "log_consistent",
        /// An attack was played in the last 182 days, which rings an alarm.
        IncidentDrill "incident_drill",
        /// The stack was restored from a point in time, on trial.
        RestoreDrill "restore_drill",
        /// A key that somebody else may have was changed, on trial.
        KeyChangeDrill "key_change_drill",
        /// Somebody has gone through accounts, roles and AWS users.
        AccessReview "access_review",
        /// The newest release and its dependencies were read before they rolled out.
        ReleaseReview "release_review",
        /// An expert from outside has tested the stack.
        OutsideTest "outside_test",
        /// The AWS account has MFA for its root, `CloudTrail` and a budget.
        AccountBaseline "account_baseline",
        /// The record of processing names this chat as it is.
        ProcessingRecord "processing_record",
        /// The impact assessment was looked at again.
        ImpactAssessment "impact_assessment",
        /// The privacy notice says what the chat does.
        NoticeReview "notice_review",
        /// The contracts with processors are in force.
        ProcessorReview "processor_review",
    }
}

words! {
    /// The result of a control.
    Outcome {
        /// It holds.
        Passed "passed",
        /// It does not.
        Failed "failed",
        /// Nothing is known: the reason says why.
        NotExamined "not_examined",
        /// It does not concern this deployment.
        NotApplicable "not_applicable",
        /// People have to look.
        Manual "manual",
    }
}

words! {
    /// How far people have come with a finding.
    State {
        /// It is to be mended.
        Open "open",
        /// It stays as it is, on purpose.
        Accepted "accepted",
        /// It was mended, or, of a control by hand, done.
        Fixed "fixed",
    }
}

/// The nature of a control.
#[derive(Debug, Clone, Copy)]
pub struct Nature {
    /// One sentence without a stop: the rule.
    pub title: &'static str,
    /// How much it matters when it fails.
    pub severity: Severity,
    /// For how many days it counts as done, if people look; `None` if the machine does.
    pub by_hand_days: Option<u16>,
    /// The calls that are made, and to whom.
    pub asked: &'static str,
    /// The codes of the doctor's findings that belong to it.
    pub codes: &'static [&'static str],
    /// One sentence: what to do when it fails.
    pub remedy: &'static str,
    /// The page that says more.
    pub page: &'static str,
}

impl Control {
    /// Its nature.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub const fn nature(self) -> Nature {
        match self {
            Self::KeyState => Nature {
                title: "The KMS key can be used",
                severity: Severity::Critical,
                by_hand_days: None,
                asked: "kms:DescribeKey",
                codes: &[
                    "key_enabled",
                    "key_absent",
                    "key_disabled",
                    "key_pending_deletion",
                    "key_unusable",
                ],
                remedy: "Enable the key and cancel its deletion; CloudTrail says who changed it.",
                page: "docs/runbooks.md#the-kms-key-is-disabled-or-to-be-deleted",
            },
            Self::KeyRotation => Nature {
                title: "KMS rotates the key every year",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "kms:GetKeyRotationStatus",
                codes: &["key_enabled", "key_does_not_rotate"],
                remedy: "Run aws kms enable-key-rotation.",
                page: "docs/runbooks.md#the-kms-key-is-disabled-or-to-be-deleted",
            },
            Self::KeyPolicy => Nature {
                title: "Nobody may use the key but those whom the template names",
                severity: Severity::Critical,
                by_hand_days: None,
                asked: "kms:GetKeyPolicy",
                codes: &[
                    "key_policy_as_designed",
                    "key_policy_statement",
                    "key_policy_missing",
                    "key_grants",
                ],
                remedy: "Deploy again; CloudTrail says who changed the policy.",
                page: "docs/runbooks.md#the-kms-key-is-disabled-or-to-be-deleted",
            },
            Self::TableDesign => Nature {
                title: "Every table is there, with its indexes and its stream",
                severity: Severity::High,
                by_hand_days: None,
                asked: "dynamodb:DescribeTable",
                codes: &[
                    "table_as_designed",
                    "table_absent",
                    "table_not_active",
                    "table_no_stream",
                    "table_other_stream",
                    "table_no_index",
                ],
                remedy: "Deploy again; a deleted table is restored from a point in time.",
                page: "docs/runbooks.md#a-table-is-not-as-designed",
            },
            Self::TableEncryption => Nature {
                title: "The stack's key encrypts every table",
                severity: Severity::High,
                by_hand_days: None,
                asked: "dynamodb:DescribeTable",
                codes: &["table_as_designed", "table_other_key"],
                remedy: "Set the table's encryption to the key of the output KmsKeyArn.",
                page: "docs/runbooks.md#a-table-is-not-as-designed",
            },
            Self::TableExpiry => Nature {
                title: "Items end by themselves in every table",
                severity: Severity::High,
                by_hand_days: None,
                asked: "dynamodb:DescribeTimeToLive",
                codes: &["table_as_designed", "table_ttl_off", "table_ttl_elsewhere"],
                remedy: "Switch TTL on again, on the attribute expires_at.",
                page: "docs/runbooks.md#a-table-is-not-as-designed",
            },
            Self::TableRecovery => Nature {
                title: "No erased item can be restored, and all else can",
                severity: Severity::High,
                by_hand_days: None,
                asked: "dynamodb:DescribeContinuousBackups",
                codes: &[
                    "table_as_designed",
                    "table_no_recovery",
                    "table_recoverable",
                    "table_other_recovery",
                ],
                remedy: "Set the table's point-in-time recovery as the template has it.",
                page: "docs/runbooks.md#a-table-is-not-as-designed",
            },
            Self::TableProtection => Nature {
                title: "No table can be deleted with one call",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "dynamodb:DescribeTable",
                codes: &["table_as_designed", "table_unprotected"],
                remedy: "Switch the table's deletion protection on again.",
                page: "docs/runbooks.md#a-table-is-not-as-designed",
            },
            Self::TablePolicy => Nature {
                title: "No table lets anybody in by a policy of its own",
                severity: Severity::Critical,
                by_hand_days: None,
                asked: "dynamodb:GetResourcePolicy",
                codes: &["table_as_designed", "table_policy"],
                remedy: "Delete the table's resource policy; CloudTrail says who put it.",
                page: "docs/runbooks.md#a-table-is-not-as-designed",
            },
            Self::RolePermissions => Nature {
                title: "Every role may do what the template says, and nothing else",
                severity: Severity::Critical,
                by_hand_days: None,
                asked: "iam:GetRolePolicy",
                codes: &[
                    "role_as_designed",
                    "role_absent",
                    "role_more",
                    "role_less",
                    "function_role",
                ],
                remedy: "Deploy again; CloudTrail says who changed the role.",
                page: "docs/runbooks.md#a-role-is-not-as-designed",
            },
            Self::RoleTrust => Nature {
                title: "Nobody takes a role but the services that the template names",
                severity: Severity::Critical,
                by_hand_days: None,
                asked: "iam:GetRole",
                codes: &["role_trusted_as_designed", "role_trust"],
                remedy: "Deploy again; CloudTrail says who changed the role.",
                page: "docs/runbooks.md#a-role-is-not-as-designed",
            },
            Self::RoleUnused => Nature {
                title: "No role is unused for 90 days",
                severity: Severity::Low,
                by_hand_days: None,
                asked: "iam:GetRole",
                codes: &["role_used", "role_unused"],
                remedy: "Find out why its function does not run.",
                page: "docs/runbooks.md#a-role-is-not-as-designed",
            },
            Self::FunctionPublic => Nature {
                title: "Nobody invokes a function but the gateway and the services that the template names",
                severity: Severity::Critical,
                by_hand_days: None,
                asked: "lambda:GetPolicy",
                codes: &["function_live", "function_public", "function_url"],
                remedy: "Delete the function's URL, or the statement of its policy; CloudTrail says who put it.",
                page: "docs/runbooks.md#a-function-is-open-to-others",
            },
            Self::FunctionRuntime => Nature {
                title: "Every function runs on a runtime that AWS patches",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "lambda:GetFunctionConfiguration",
                codes: &["function_live", "function_runtime"],
                remedy: "Deploy again.",
                page: "docs/upgrade-and-restore.md#upgrades-and-the-way-back",
            },
            Self::FunctionSettings => Nature {
                title: "Every function is there, with its settings",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "lambda:GetFunctionConfiguration",
                codes: &[
                    "function_live",
                    "function_absent",
                    "function_environment",
                    "function_no_alias",
                    "function_update_failed",
                ],
                remedy: "Deploy again; what was changed by hand is put back.",
                page: "docs/runbooks.md#a-deployment-failed",
            },
            Self::FunctionVersion => Nature {
                title: "The newest version of every function answers",
                severity: Severity::Low,
                by_hand_days: None,
                asked: "lambda:GetAlias",
                codes: &["function_live", "function_rollout", "function_behind"],
                remedy: "See why the rollout was stopped, mend it, and deploy again.",
                page: "docs/runbooks.md#a-rollout-was-rolled-back",
            },
            Self::BuildAge => Nature {
                title: "No function is older than 90 days",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "lambda:GetFunctionConfiguration",
                codes: &["function_live", "build_old"],
                remedy: "Build the newest release, with newer dependencies, and deploy it.",
                page: "docs/upgrade-and-restore.md#upgrades-and-the-way-back",
            },
            Self::Advisories => Nature {
                title: "No dependency has a known fault",
                severity: Severity::High,
                by_hand_days: None,
                asked: "the build's Cargo.lock and advisories",
                codes: &["advisories_none", "advisory", "advisories_absent"],
                remedy: "Update the dependency, and deploy.",
                page: "docs/upgrade-and-restore.md#upgrades-and-the-way-back",
            },
            Self::AdvisoriesAge => Nature {
                title: "The list of known faults is no older than 90 days",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "the build's advisories",
                codes: &["advisories_recent", "advisories_old", "advisories_absent"],
                remedy: "Build a newer release, and deploy it.",
                page: "docs/upgrade-and-restore.md#upgrades-and-the-way-back",
            },
            Self::LogRetention => Nature {
                title: "Lines of every log end when they were to end",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "logs:DescribeLogGroups",
                codes: &["logs_end", "logs_never_end", "logs_too_long"],
                remedy: "Run aws logs put-retention-policy.",
                page: "docs/runbooks.md#logs",
            },
            Self::AlarmPresent => Nature {
                title: "Every alarm is there, and something follows when it rings",
                severity: Severity::High,
                by_hand_days: None,
                asked: "cloudwatch:DescribeAlarms",
                codes: &["alarm_there", "alarm_absent", "alarm_changed", "alarm_muted"],
                remedy: "Run aws cloudwatch enable-alarm-actions; deploy again if it is gone.",
                page: "docs/runbooks.md#nobody-hears-the-alarms",
            },
            Self::AlarmState => Nature {
                title: "No alarm rings",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "cloudwatch:DescribeAlarms",
                codes: &["alarm_quiet", "alarm"],
                remedy: "Do what the alarm's runbook says.",
                page: "docs/runbooks.md#requests-answer-5xx",
            },
            Self::AlarmHeard => Nature {
                title: "Somebody is told when an alarm rings",
                severity: Severity::High,
                by_hand_days: None,
                asked: "sns:GetTopicAttributes",
                codes: &["alarms_heard", "alarms_unheard", "alarms_unconfirmed"],
                remedy: "Deploy with AlarmEmail set, and follow the link in AWS's message.",
                page: "docs/runbooks.md#nobody-hears-the-alarms",
            },
            Self::DeadLetters => Nature {
                title: "Nothing waits that could not be handled",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "sqs:GetQueueAttributes",
                codes: &["dead_letters_none", "dead_letters"],
                remedy: "Look at one, mend the cause, then repeat or purge them.",
                page: "docs/runbooks.md#a-dead-letter-queue-is-not-empty",
            },
            Self::SweepRuns => Nature {
                title: "The sweep runs every five minutes",
                severity: Severity::High,
                by_hand_days: None,
                asked: "cloudwatch:GetMetricData",
                codes: &["sweep_started", "sweep_to_come", "sweep_idle"],
                remedy: "See whether its schedule is enabled, then run SweepFunction.",
                page: "docs/runbooks.md#the-sweep-is-overdue",
            },
            Self::KeyList => Nature {
                title: "Visitors get a list of keys that is signed and in date",
                severity: Severity::High,
                by_hand_days: None,
                asked: "GET /v1/keys",
                codes: &[
                    "key_list",
                    "key_list_refused",
                    "key_list_expired",
                    "rotation_late",
                    "outputs_missing",
                ],
                remedy: "Run RotateKeysFunction, and see why it did not run by itself.",
                page: "docs/runbooks.md#the-key-list-has-expired",
            },
            Self::ApiAnswers => Nature {
                title: "The API answers",
                severity: Severity::High,
                by_hand_days: None,
                asked: "GET /v1/health",
                codes: &["api_answers", "api_fails", "outputs_missing"],
                remedy: "See the log of intake.",
                page: "docs/runbooks.md#requests-answer-5xx",
            },
            Self::ApiStage => Nature {
                title: "The gateway limits requests and logs them",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "apigateway:GetStages",
                codes: &["api_stage_as_designed", "api_not_throttled", "api_not_logged"],
                remedy: "Deploy again.",
                page: "docs/runbooks.md#the-gateway-is-not-as-designed",
            },
            Self::Tls => Nature {
                title: "Every address asks for TLS 1.2 or newer",
                severity: Severity::High,
                by_hand_days: None,
                asked: "apigateway:GetDomainNames",
                codes: &["tls_current", "tls_old", "outputs_missing"],
                remedy: "Set the domain's security policy to TLS_1_2.",
                page: "docs/runbooks.md#the-gateway-is-not-as-designed",
            },
            Self::Headers => Nature {
                title: "Every answer has its security headers",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "GET /console and GET /v1/health",
                codes: &["headers_as_designed", "header_missing"],
                remedy: "Deploy again; if a proxy stands before the API, see what it changes.",
                page: "docs/runbooks.md#the-gateway-is-not-as-designed",
            },
            Self::Cors => Nature {
                title: "Only pages that the team named may call, over https",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "OPTIONS /v1/sessions",
                codes: &["cors_closed", "cors_open", "origins_https", "origins_not_https"],
                remedy: "Take the origin out of SiteOrigins.",
                page: "docs/deploy.md#parameters",
            },
            Self::ItemsExpire => Nature {
                title: "Every sampled item that has to end says when",
                severity: Severity::High,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["items_end", "item_without_end"],
                remedy: "Run cargo doctor check, and find out who wrote the item.",
                page: "docs/runbooks.md#an-item-breaks-an-invariant",
            },
            Self::ItemsSealed => Nature {
                title: "No sampled item holds text that looks plain",
                severity: Severity::Critical,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["items_sealed", "item_plain"],
                remedy: "Run cargo doctor check, and find out who wrote the item.",
                page: "docs/runbooks.md#an-item-breaks-an-invariant",
            },
            Self::RecordsWhole => Nature {
                title: "No item breaks an invariant of docs/data.md",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["records_whole", "record_broken"],
                remedy: "Run cargo doctor check, and mend what it names.",
                page: "docs/runbooks.md#an-item-breaks-an-invariant",
            },
            Self::StaffTraining => Nature {
                title: "Everybody has a current training",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["staff_trained", "staff_untrained"],
                remedy: "Ask them to pass their courses: the console's page Training.",
                page: "docs/authentication.md",
            },
            Self::StaffFactors => Nature {
                title: "Everybody has a second factor, enrolled within two years",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["staff_factors_recent", "staff_no_factor", "staff_old_factor"],
                remedy: "Ask them to enrol a new one: the console's page My account.",
                page: "docs/authentication.md",
            },
            Self::StaffDormant => Nature {
                title: "Nobody has an account that is unused for 90 days",
                severity: Severity::Low,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["staff_active", "staff_dormant"],
                remedy: "Disable the account, or delete it.",
                page: "docs/authentication.md",
            },
            Self::StaffAdmins => Nature {
                title: "There are two admins at least",
                severity: Severity::Low,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["staff_two_admins", "staff_one_admin"],
                remedy: "Invite a second admin, so that a lost factor locks nobody out.",
                page: "docs/authentication.md",
            },
            Self::RequestsDue => Nature {
                title: "No request of a person is overdue",
                severity: Severity::High,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["requests_in_time", "request_overdue"],
                remedy: "Answer the request: the console's page Cases.",
                page: "docs/privacy.md",
            },
            Self::ErasuresLate => Nature {
                title: "No erasure is unfinished for more than a day",
                severity: Severity::High,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["erasures_in_time", "erasure_late"],
                remedy: "See the log and the queue of the sweep, then run SweepFunction.",
                page: "docs/runbooks.md#the-sweep-is-overdue",
            },
            Self::IncidentsOpen => Nature {
                title: "Every incident was looked at within a day and resolved within thirty",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["incidents_looked_at", "incident_waits", "incident_open"],
                remedy: "Look at the incident: the console's page Security.",
                page: "docs/runbooks.md",
            },
            Self::LogConsistent => Nature {
                title: "The audit log goes on from where it was at the last audit",
                severity: Severity::Critical,
                by_hand_days: None,
                asked: "the audit log",
                codes: &["log_consistent", "log_changed"],
                remedy: "Run cargo doctor verify-log, which names what was changed.",
                page: "docs/runbooks.md",
            },
            Self::IncidentDrill => Nature {
                title: "An attack was played in the last 182 days, which rings an alarm",
                severity: Severity::Medium,
                by_hand_days: None,
                asked: "dynamodb:Scan",
                codes: &["incident_drilled", "incident_not_drilled", "incident_drill_to_come"],
                remedy: "Run cargo doctor drill, and see that its message arrives.",
                page: "docs/runbooks.md",
            },
            Self::RestoreDrill => Nature {
                title: "The stack was restored from a point in time, on trial",
                severity: Severity::Medium,
                by_hand_days: Some(182),
                asked: "",
                codes: &[],
                remedy: "Do what docs/upgrade-and-restore.md says, in a stack of its own, and note how long it took.",
                page: "docs/upgrade-and-restore.md",
            },
            Self::KeyChangeDrill => Nature {
                title: "A key that somebody else may have was changed, on trial",
                severity: Severity::Medium,
                by_hand_days: Some(365),
                asked: "",
                codes: &[],
                remedy: "Run the rotation with KeysRevision raised, in a stack of its own, and note how long it took.",
                page: "docs/runbooks.md",
            },
            Self::AccessReview => Nature {
                title: "Somebody has gone through accounts, roles and AWS users",
                severity: Severity::Medium,
                by_hand_days: Some(91),
                asked: "",
                codes: &[],
                remedy: "Look at the console's page People and at the AWS account's users; take away what nobody needs.",
                page: "docs/authentication.md",
            },
            Self::ReleaseReview => Nature {
                title: "The newest release and its dependencies were read before they rolled out",
                severity: Severity::Medium,
                by_hand_days: Some(91),
                asked: "",
                codes: &[],
                remedy: "Read CHANGELOG and what cargo deny says, and note the release.",
                page: "docs/upgrade-and-restore.md",
            },
            Self::OutsideTest => Nature {
                title: "An expert from outside has tested the stack",
                severity: Severity::High,
                by_hand_days: Some(365),
                asked: "",
                codes: &[],
                remedy: "Invite them as auditor, give them the bundle, and attach their report's hash.",
                page: "docs/threat-model.md",
            },
            Self::AccountBaseline => Nature {
                title: "The AWS account has MFA for its root, CloudTrail and a budget",
                severity: Severity::High,
                by_hand_days: Some(182),
                asked: "",
                codes: &[],
                remedy: "Look at IAM, CloudTrail and Budgets in the AWS console.",
                page: "docs/deploy.md",
            },
            Self::ProcessingRecord => Nature {
                title: "The record of processing names this chat as it is",
                severity: Severity::Medium,
                by_hand_days: Some(365),
                asked: "",
                codes: &[],
                remedy: "Compare the record with docs/privacy.md.",
                page: "docs/privacy.md",
            },
            Self::ImpactAssessment => Nature {
                title: "The impact assessment was looked at again",
                severity: Severity::Medium,
                by_hand_days: Some(365),
                asked: "",
                codes: &[],
                remedy: "Compare it with docs/privacy.md and with what has changed.",
                page: "docs/privacy.md",
            },
            Self::NoticeReview => Nature {
                title: "The privacy notice says what the chat does",
                severity: Severity::Medium,
                by_hand_days: Some(182),
                asked: "",
                codes: &[],
                remedy: "Compare the notice of every site with docs/privacy.md.",
                page: "docs/privacy.md",
            },
            Self::ProcessorReview => Nature {
                title: "The contracts with processors are in force",
                severity: Severity::Low,
                by_hand_days: Some(365),
                asked: "",
                codes: &[],
                remedy: "Look at the AWS data processing addendum, and at that of the model's provider if one is used.",
                page: "docs/privacy.md",
            },
        }
    }

    /// The controls that a finding with this code is about.
    pub fn of_code(code: &str) -> impl Iterator<Item = Self> {
        let is_of = move |control: &Self| control.nature().codes.contains(&code);
        Self::ALL.iter().copied().filter(is_of)
    }

    /// Whether people look.
    #[must_use]
    pub const fn is_by_hand(self) -> bool {
        self.nature().by_hand_days.is_some()
    }

    /// How long people have to mend it.
    #[must_use]
    pub const fn mend_within_ms(self) -> UnixMillis {
        let days = match self.nature().severity {
            Severity::Critical => 2,
            Severity::High => 7,
            Severity::Medium => 30,
            Severity::Low => 90,
        };
        days * DAY_MS
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_control_is_looked_at_by_a_machine_or_by_people() {
        for control in Control::ALL {
            let Nature { codes, asked, title, remedy, .. } = control.nature();
            assert_eq!(codes.is_empty(), control.is_by_hand(), "{control:?}");
            assert_eq!(asked.is_empty(), control.is_by_hand(), "{control:?}");
            assert!(!title.ends_with('.') && remedy.ends_with('.'), "{control:?}");
            assert_eq!(Control::find(control.as_str()), Some(*control));
        }
        let titles: BTreeSet<_> = Control::ALL.iter().map(|one| one.nature().title).collect();
        assert_eq!(titles.len(), Control::ALL.len());
    }
}
