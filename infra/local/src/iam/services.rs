//! Grants whose use cannot be seen at the embedded AWS: a service of AWS uses them in the name of the
//! role, or the call goes to a service that only AWS has. Each says who uses it; a function's own
//! definition has to name the resource, and an entry that no role needs any more is an error.

/// Some of these grants.
#[derive(Debug)]
pub struct Unseen {
    /// The logical id of the holder; `*` is any.
    pub holder: &'static str,
    /// The statement; `*` is any.
    pub sid: &'static str,
    /// The actions that it allows.
    pub actions: &'static [&'static str],
    /// The user of the grant, and the purpose.
    pub user: &'static str,
    /// Why its resource is a wildcard, if it may be one.
    pub wildcard: Option<&'static str>,
}

const fn unseen(
    holder: &'static str,
    sid: &'static str,
    actions: &'static [&'static str],
    user: &'static str,
) -> Unseen {
    Unseen { holder, sid, actions, user, wildcard: None }
}

/// The job that audits asks services that only AWS has.
const AUDITED: &str = "the function; seen in the rehearsal, which plants faults for it";

/// All of them.
pub const UNSEEN: [Unseen; 20] = [
    unseen(
        "*",
        "*",
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        "Lambda, which writes what the function prints",
    ),
    unseen("*", "*", &["sqs:SendMessage"], "Lambda, which keeps what failed for good"),
    unseen(
        "DetectFunction",
        "Stream",
        &[
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ],
        "Lambda, which polls the stream",
    ),
    unseen(
        "ReportsFunction",
        "Stream",
        &[
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ],
        "Lambda, which polls the stream",
    ),
    unseen(
        "SequenceFunction",
        "Stream",
        &[
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ],
        "Lambda, which polls the stream",
    ),
    unseen(
        "DetectFunction",
        "StreamAtRest",
        &["kms:Decrypt"],
        "DynamoDB, which opens the stream for Lambda",
    ),
    unseen(
        "SequenceFunction",
        "StreamAtRest",
        &["kms:Decrypt"],
        "DynamoDB, which opens the stream for Lambda",
    ),
    unseen(
        "PreflightFunction",
        "NewVersions",
        &["lambda:InvokeFunction"],
        "the function; seen in the rehearsal, which has a Lambda",
    ),
    unseen(
        "PreflightFunction",
        "Verdict",
        &["codedeploy:PutLifecycleEventHookExecutionStatus"],
        "the function; seen in the rehearsal, which plays CodeDeploy",
    ),
    unseen(
        "RolloutRole",
        "Aliases",
        &["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
        "CodeDeploy, which moves the aliases",
    ),
    Unseen {
        wildcard: Some("nowhere is it promised that CodeDeploy asks for alarms by name"),
        ..unseen("RolloutRole", "Alarms", &["cloudwatch:DescribeAlarms"], "CodeDeploy")
    },
    Unseen {
        wildcard: Some("X-Ray knows no resources; the policy is there with Tracing=xray only"),
        ..unseen(
            "*",
            "Traces",
            &["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "Lambda, which sends the segments of the function",
        )
    },
    unseen(
        "ExamineFunction",
        "Sample",
        &["dynamodb:DescribeContinuousBackups", "dynamodb:GetResourcePolicy"],
        AUDITED,
    ),
    Unseen {
        wildcard: Some("an id that changes with each stack of this name is behind it"),
        ..unseen(
            "ExamineFunction",
            "LookAtStack",
            &[
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStacks",
                "cloudformation:ListStackResources",
            ],
            AUDITED,
        )
    },
    Unseen {
        wildcard: Some("each function of the stack, whose names begin with the stack's"),
        ..unseen(
            "ExamineFunction",
            "LookAtFunctions",
            &[
                "lambda:GetAlias",
                "lambda:GetFunctionConfiguration",
                "lambda:GetPolicy",
                "lambda:ListFunctionUrlConfigs",
                "lambda:ListVersionsByFunction",
            ],
            AUDITED,
        )
    },
    Unseen {
        wildcard: Some("each role of the stack, its own and those of schedules among them"),
        ..unseen(
            "ExamineFunction",
            "LookAtRoles",
            &[
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
            ],
            AUDITED,
        )
    },
    Unseen {
        wildcard: Some("each queue of the stack, and its topic"),
        ..unseen(
            "ExamineFunction",
            "LookAtQueuesAndTopic",
            &["sns:GetTopicAttributes", "sqs:GetQueueAttributes"],
            AUDITED,
        )
    },
    Unseen {
        wildcard: Some("whatever domains the team has put before the API"),
        ..unseen("ExamineFunction", "LookAtGateway", &["apigateway:GET"], AUDITED)
    },
    Unseen {
        wildcard: Some("alarms, metrics, log groups and quotas have no narrower name"),
        ..unseen(
            "ExamineFunction",
            "LookAround",
            &[
                "cloudwatch:DescribeAlarms",
                "cloudwatch:GetMetricData",
                "lambda:GetAccountSettings",
                "logs:DescribeLogGroups",
            ],
            AUDITED,
        )
    },
    unseen("RolloutRole", "Hook", &["lambda:InvokeFunction"], "CodeDeploy, which asks the hook"),
];
