"""The rules of template.yaml, as checks of checkov: `checkov --config-file infra/rules/checkov.yaml`.

One rule, one id, one file or more in ../broken/ that this rule and no other refuses. A value that is a parameter
stands here as its default; `!If` and `!GetAtt` stand here in their long forms.
"""

from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck
from checkov.common.models.enums import CheckCategories, CheckResult

FUNCTION = "AWS::Serverless::Function"
TABLE = "AWS::DynamoDB::Table"

# A statement of a role that names no single resource: (resource, Sid) and why.
WIDE = {
    ("Traces", "Traces"): "X-Ray knows no resources to name",
    ("ExamineRole", "LookAtStack"): "an id that changes with each stack of this name is behind it",
    ("ExamineRole", "LookAtFunctions"): "each function of the stack, by the stack's name",
    ("ExamineRole", "LookAtRoles"): "each role of the stack, its own and those of schedules among them",
    ("ExamineRole", "LookAtQueuesAndTopic"): "each queue of the stack, and its topic",
    ("ExamineRole", "LookAtGateway"): "whatever domains the team has put before the API",
    ("ExamineRole", "LookAround"): "alarms, metrics, log groups and quotas have no narrower name",
    ("RolloutRole", "Alarms"): "nowhere is it promised that CodeDeploy asks for alarms by name",
}


class Rule(BaseResourceCheck):
    """A sentence about resources of some types; `holds(name, properties)` says whether one keeps it."""

    def __init__(self, id, sentence, types, holds):
        self.holds = holds
        categories = [CheckCategories.GENERAL_SECURITY]
        super().__init__(name=sentence, id=id, categories=categories, supported_resources=types)

    def scan_resource_conf(self, conf):
        name = self.entity_path.rsplit(":", 1)[1]
        kept = self.holds(name, conf.get("Properties") or {})
        return CheckResult.PASSED if kept else CheckResult.FAILED


class DeletionRule(Rule):
    """A rule about tables; `holds(deletion, properties)` gets what the table's Metadata says of deletion:
    final, because what is deleted there has to stay deleted or is only good as it is now, so nothing may
    keep a copy; or recoverable."""

    def scan_resource_conf(self, conf):
        kept = self.holds(at(conf, "Metadata", "Deletion"), conf.get("Properties") or {})
        return CheckResult.PASSED if kept else CheckResult.FAILED


def at(value, *path):
    """The value at a path of keys, or None."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def is_arn_of(value, name):
    return at(value, "Fn::GetAtt") == [name, "Arn"]


def own(name, suffix):
    """The name of what belongs to one function: of IntakeFunction the IntakeRole."""
    return name.removesuffix("Function") + suffix


def texts(value):
    """Every text inside a value, at any depth, without checkov's marks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not key.startswith("__"):
                yield from texts(inner)


def statements(value):
    """Every statement of every policy inside a value."""
    if isinstance(value, list):
        for inner in value:
            yield from statements(inner)
    elif isinstance(value, dict):
        if "Effect" in value:
            yield value
        for inner in value.values():
            yield from statements(inner)


def is_wide(value):
    return any("*" in text or "?" in text for text in texts(value))


# ---- Tables


def has_recovery(table):
    return at(table, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") is True


Rule(
    "SOTTO_TABLE_KEY",
    "A table is encrypted with the data key",
    [TABLE],
    lambda name, table: at(table, "SSESpecification", "SSEEnabled") is True
    and is_arn_of(at(table, "SSESpecification", "KMSMasterKeyId"), "DataKey"),
)
Rule(
    "SOTTO_TABLE_EXPIRY",
    "A table deletes what has expired, by expires_at",
    [TABLE],
    lambda name, table: at(table, "TimeToLiveSpecification", "Enabled") is True
    and at(table, "TimeToLiveSpecification", "AttributeName") == "expires_at",
)
Rule(
    "SOTTO_TABLE_DELETION",
    "A table is protected from deletion unless the parameter says otherwise",
    [TABLE],
    lambda name, table: at(table, "DeletionProtectionEnabled", "Fn::If")
    == ["ProtectsTables", True, False],
)
DeletionRule(
    "SOTTO_TABLE_SAYS",
    "A table says whether a deletion in it is final or recoverable",
    [TABLE],
    lambda deletion, table: deletion in ("final", "recoverable"),
)
DeletionRule(
    "SOTTO_TABLE_ERASURE",
    "A table in which a deletion is final has no backup and no stream",
    [TABLE],
    lambda deletion, table: deletion != "final"
    or not (has_recovery(table) or "StreamSpecification" in table),
)
DeletionRule(
    "SOTTO_TABLE_RECOVERY",
    "A table in which a deletion is recoverable can be taken back to a point in time",
    [TABLE],
    lambda deletion, table: deletion != "recoverable" or has_recovery(table),
)

# ---- What else holds data


def is_kept_for_days(value):
    """At most 90 days; a parameter stands here as its default."""
    return str(value).isdecimal() and int(value) <= 90


Rule(
    "SOTTO_LOG_GROUP_KEY",
    "A log group is encrypted with the data key",
    ["AWS::Logs::LogGroup"],
    lambda name, group: is_arn_of(group.get("KmsKeyId"), "DataKey"),
)
Rule(
    "SOTTO_LOG_GROUP_RETENTION",
    "A log group forgets after 90 days at the latest",
    ["AWS::Logs::LogGroup"],
    lambda name, group: is_kept_for_days(group.get("RetentionInDays")),
)
Rule(
    "SOTTO_TOPIC_KEY",
    "A topic is encrypted with the key of the alarms, which is heard when the data key is disabled",
    ["AWS::SNS::Topic"],
    lambda name, topic: is_arn_of(topic.get("KmsMasterKeyId"), "AlarmsKey"),
)
Rule(
    # Not with a key of ours: the queues hold no content, and each sender would need a right to it.
    "SOTTO_QUEUE_ENCRYPTED",
    "A queue is encrypted at rest",
    ["AWS::SQS::Queue"],
    lambda name, queue: queue.get("SqsManagedSseEnabled") is True,
)
Rule(
    "SOTTO_QUEUE_RETENTION",
    "A queue of failures keeps them for as long as there is: fourteen days",
    ["AWS::SQS::Queue"],
    lambda name, queue: queue.get("MessageRetentionPeriod") == 1209600,
)

# ---- Who may do what


def names_its_resources(name, properties):
    # Trust is not a grant: its statements name no resource.
    wide = {
        (name, statement.get("Sid"))
        for statement in statements(properties)
        if is_wide(statement.get("Resource")) or "NotResource" in statement
    }
    # An exception that is not needed any more has to go.
    return wide == {exception for exception in WIDE if exception[0] == name}


def admits_everybody(properties):
    asked = [statement.get("Principal") for statement in statements(properties)]
    asked.append(properties.get("Principal"))
    return any(is_wide(principal) for principal in asked) or any(
        "NotPrincipal" in statement for statement in statements(properties)
    )


Rule(
    "SOTTO_ACTIONS_NAMED",
    "A policy names each action",
    ["AWS::*"],
    lambda name, properties: not any(
        is_wide(statement.get("Action")) or "NotAction" in statement
        for statement in statements(properties)
    ),
)
Rule(
    "SOTTO_RESOURCES_NAMED",
    "A role's statement names its resources, or is one of the exceptions",
    ["AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"],
    names_its_resources,
)
Rule(
    "SOTTO_NOBODY_PUBLIC",
    "Nothing admits everybody",
    ["AWS::*"],
    lambda name, properties: not admits_everybody(properties),
)

# ---- Functions


def leads_failures_away(config):
    return at(config, "DestinationConfig", "OnFailure", "Destination") is not None


def loses_nothing(name, function):
    """Whether every event that nobody waits for ends somewhere when it fails."""
    config = function.get("EventInvokeConfig")
    if config is not None and not leads_failures_away(config):
        return False
    for key, event in (function.get("Events") or {}).items():
        if key.startswith("__") or event["Type"] == "HttpApi":
            continue
        properties = event["Properties"]
        if event["Type"] == "ScheduleV2":
            # The scheduler may not reach the function, and the function may fail.
            kept = at(properties, "DeadLetterConfig", "Arn") is not None and config is not None
        else:
            kept = leads_failures_away(properties)
        if not kept:
            return False
    return True


Rule(
    "SOTTO_FUNCTION_ROLE",
    "A function has a role of its own",
    [FUNCTION],
    lambda name, function: is_arn_of(function.get("Role"), own(name, "Role")),
)
Rule(
    "SOTTO_FUNCTION_LOG_GROUP",
    "A function has a log group of its own",
    [FUNCTION],
    lambda name, function: at(function, "LoggingConfig", "LogGroup", "Ref") == own(name, "LogGroup"),
)
Rule(
    "SOTTO_FUNCTION_ALIAS",
    "A function has the alias live, which every change of a property moves",
    [FUNCTION],
    lambda name, function: function.get("AutoPublishAlias") == "live"
    and function.get("AutoPublishAliasAllProperties") is True,
)
Rule(
    "SOTTO_FUNCTION_DESCRIPTION",
    "A function says what it is for",
    [FUNCTION],
    lambda name, function: bool(function.get("Description")),
)
Rule(
    "SOTTO_FUNCTION_TIMEOUT",
    "A function ends within two minutes",
    [FUNCTION],
    lambda name, function: 0 < (function.get("Timeout") or 0) <= 120,
)
Rule(
    "SOTTO_FUNCTION_FAILURES",
    "What fails without a caller ends in a queue",
    [FUNCTION],
    loses_nothing,
)
Rule(
    "SOTTO_NO_FUNCTION_URL",
    "A function is reached through the API only",
    [FUNCTION, "AWS::Lambda::Url"],
    lambda name, properties: "FunctionUrlConfig" not in properties and "AuthType" not in properties,
)
