//! The table of faults, each with the commands that plant it and take it back.

/// A fault that somebody plants.
#[derive(Clone, Copy)]
pub(super) struct Fault {
    /// The control that fails.
    pub(super) control: &'static str,
    /// The change, for people.
    pub(super) means: &'static str,
    /// The commands that plant it: words behind `aws`, with names in braces.
    pub(super) plant: &'static [&'static str],
    /// The commands that take it back.
    pub(super) undo: &'static [&'static str],
    /// Other controls whose result changes with it.
    pub(super) follows: &'static [&'static str],
}

pub(super) const fn fault(
    control: &'static str,
    means: &'static str,
    plant: &'static [&'static str],
    undo: &'static [&'static str],
) -> Fault {
    Fault { control, means, plant, undo, follows: &[] }
}

impl Fault {
    pub(super) const fn and(self, follows: &'static [&'static str]) -> Self {
        Self { follows, ..self }
    }
}

/// The faults. Names in braces are those of the template and of [`super::names`], and the members of the last
/// answer that had one of that name, such as a version's number.
pub(super) const FAULTS: &[Fault] = &[
    // First, while every function still has its keys in memory: without the key none starts.
    fault(
        "key_state",
        "the key is disabled",
        &["kms disable-key --key-id {DataKey}"],
        &[
            "kms enable-key --key-id {DataKey}",
            // A run of the job that the scheduler has begun just then.
            "sqs purge-queue --queue-url {ExamineFailures}",
        ],
    )
    // KMS does not say whether such a key rotates.
    .and(&["key_rotation"]),
    fault(
        "key_rotation",
        "the key does not rotate",
        &["kms disable-key-rotation --key-id {DataKey}"],
        &["kms enable-key-rotation --key-id {DataKey}"],
    ),
    fault(
        "key_policy",
        "another account may use the key",
        &["kms put-key-policy --policy-name default --key-id {DataKey} --policy {WiderKeyPolicy}"],
        &["kms put-key-policy --policy-name default --key-id {DataKey} --policy {KeyPolicy}"],
    ),
    fault(
        "key_policy",
        "a statement of the key's policy is gone",
        &[
            "kms put-key-policy --policy-name default --key-id {DataKey} --policy {NarrowerKeyPolicy}",
        ],
        &["kms put-key-policy --policy-name default --key-id {DataKey} --policy {KeyPolicy}"],
    ),
    fault(
        "key_policy",
        "a grant lets somebody open what the key has sealed",
        &["kms create-grant --key-id {DataKey} --operations Decrypt \
           --grantee-principal arn:aws:iam::000000000000:root"],
        &["kms revoke-grant --key-id {DataKey} --grant-id {GrantId}"],
    ),
    fault(
        "table_design",
        "a table has a stream that shows its items",
        &["dynamodb update-table --table-name {DeskTable} \
           --stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE"],
        &["dynamodb update-table --table-name {DeskTable} \
           --stream-specification StreamEnabled=false"],
    ),
    fault(
        "table_design",
        "an index is gone",
        &["dynamodb update-table --table-name {ProfilesTable} \
           --global-secondary-index-updates [{\"Delete\":{\"IndexName\":\"email\"}}]"],
        &["dynamodb update-table --table-name {ProfilesTable} \
           --attribute-definitions {Attributes} --global-secondary-index-updates {EmailIndex}"],
    ),
    fault(
        "table_encryption",
        "another key encrypts a table",
        &["dynamodb update-table --table-name {DeskTable} \
           --sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId={OtherKeyArn}"],
        &["dynamodb update-table --table-name {DeskTable} \
           --sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId={KmsKeyArn}"],
    ),
    fault(
        "table_expiry",
        "the items of a table do not end",
        &["dynamodb update-time-to-live --table-name {WatchTable} \
           --time-to-live-specification Enabled=false,AttributeName=expires_at"],
        &["dynamodb update-time-to-live --table-name {WatchTable} \
           --time-to-live-specification Enabled=true,AttributeName=expires_at"],
    ),
    fault(
        "table_recovery",
        "a table cannot be restored",
        &["dynamodb update-continuous-backups --table-name {DeskTable} \
           --point-in-time-recovery-specification PointInTimeRecoveryEnabled=false"],
        &["dynamodb update-continuous-backups --table-name {DeskTable} \
           --point-in-time-recovery-specification {Recovery}"],
    ),
    fault(
        "table_recovery",
        "keys that were destroyed can be restored",
        &["dynamodb update-continuous-backups --table-name {KeysTable} \
           --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"],
        &["dynamodb update-continuous-backups --table-name {KeysTable} \
           --point-in-time-recovery-specification PointInTimeRecoveryEnabled=false"],
    ),
    fault(
        "table_policy",
        "a table lets another account in",
        &["dynamodb put-resource-policy --resource-arn {DeskTableArn} --policy {TablePolicy}"],
        &["dynamodb delete-resource-policy --resource-arn {DeskTableArn}"],
    ),
    fault(
        "role_permissions",
        "a role may do one thing more",
        &["iam put-role-policy --role-name {TrainingRole} --policy-name {PolicyName} \
           --policy-document {WiderPolicy}"],
        &["iam put-role-policy --role-name {TrainingRole} --policy-name {PolicyName} \
           --policy-document {RolePolicy}"],
    ),
    fault(
        "role_permissions",
        "a role lacks a statement",
        &["iam put-role-policy --role-name {TrainingRole} --policy-name {PolicyName} \
           --policy-document {NarrowerPolicy}"],
        &["iam put-role-policy --role-name {TrainingRole} --policy-name {PolicyName} \
           --policy-document {RolePolicy}"],
    ),
    fault(
        "role_permissions",
        "a role has a policy more",
        &["iam put-role-policy --role-name {TrainingRole} --policy-name rehearsal \
           --policy-document {RolePolicy}"],
        &["iam delete-role-policy --role-name {TrainingRole} --policy-name rehearsal"],
    ),
    fault(
        "role_permissions",
        "a policy of AWS is attached to a role",
        &["iam attach-role-policy --role-name {TrainingRole} \
           --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess"],
        &["iam detach-role-policy --role-name {TrainingRole} \
           --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess"],
    ),
    fault(
        "role_trust",
        "another account may take a role",
        &[
            "iam update-assume-role-policy --role-name {TrainingRole} --policy-document {WiderTrust}",
        ],
        &["iam update-assume-role-policy --role-name {TrainingRole} --policy-document {Trust}"],
    ),
    fault(
        "function_public",
        "anybody may invoke a function",
        &["lambda add-permission --function-name {DeskFunction} --statement-id rehearsal \
           --action lambda:InvokeFunction --principal *"],
        &["lambda remove-permission --function-name {DeskFunction} --statement-id rehearsal"],
    ),
    fault(
        "function_public",
        "a function has an address of its own",
        &["lambda create-function-url-config --function-name {DeskFunction} --auth-type NONE"],
        &["lambda delete-function-url-config --function-name {DeskFunction}"],
    ),
    fault(
        "function_version",
        "a newer version of a function takes no traffic",
        &[
            "lambda update-function-configuration --function-name {ReportsFunction} \
             --description rehearsal",
            "lambda publish-version --function-name {ReportsFunction}",
        ],
        &[
            "lambda delete-function --function-name {ReportsFunction} --qualifier {Version}",
            "lambda update-function-configuration --function-name {ReportsFunction} \
             --description {ReportsDescription}",
        ],
    ),
    fault(
        "function_settings",
        "a function lacks a variable",
        &[
            "lambda update-function-configuration --function-name {ReportsFunction} \
             --environment {SmallerEnvironment}",
            "lambda publish-version --function-name {ReportsFunction}",
            "lambda update-alias --name live --function-name {ReportsFunction} \
             --function-version {Version}",
        ],
        &[
            "lambda update-alias --name live --function-name {ReportsFunction} \
             --function-version {ReportsLive}",
            "lambda delete-function --function-name {ReportsFunction} --qualifier {Version}",
            "lambda update-function-configuration --function-name {ReportsFunction} \
             --environment {Environment}",
        ],
    ),
    fault(
        "function_runtime",
        "a function runs on an older runtime",
        &[
            "lambda update-function-configuration --function-name {ReportsFunction} \
             --runtime provided.al2",
            "lambda publish-version --function-name {ReportsFunction}",
            "lambda update-alias --name live --function-name {ReportsFunction} \
             --function-version {Version}",
        ],
        &[
            "lambda update-alias --name live --function-name {ReportsFunction} \
             --function-version {ReportsLive}",
            "lambda delete-function --function-name {ReportsFunction} --qualifier {Version}",
            "lambda update-function-configuration --function-name {ReportsFunction} \
             --runtime provided.al2023",
        ],
    ),
    fault(
        "log_retention",
        "the lines of a log never end",
        &["logs delete-retention-policy --log-group-name {DeskLogGroup}"],
        &["logs put-retention-policy --log-group-name {DeskLogGroup} --retention-in-days 30"],
    ),
    fault(
        "log_retention",
        "the lines of a log are kept for a year",
        &["logs put-retention-policy --log-group-name {DeskLogGroup} --retention-in-days 365"],
        &["logs put-retention-policy --log-group-name {DeskLogGroup} --retention-in-days 30"],
    ),
    fault(
        "alarm_present",
        "an alarm is gone",
        &["cloudwatch delete-alarms --alarm-names {DeskErrors}"],
        &["cloudwatch put-metric-alarm --cli-input-json {Alarm}"],
    ),
    fault(
        "alarm_present",
        "nothing follows when an alarm rings",
        &["cloudwatch disable-alarm-actions --alarm-names {DeskErrors}"],
        &["cloudwatch enable-alarm-actions --alarm-names {DeskErrors}"],
    ),
    fault(
        "alarm_state",
        "an alarm rings",
        &["cloudwatch set-alarm-state --alarm-name {DeskErrors} --state-value ALARM \
           --state-reason rehearsal"],
        &["cloudwatch set-alarm-state --alarm-name {DeskErrors} --state-value OK \
           --state-reason rehearsal"],
    ),
    fault(
        "alarm_heard",
        "nobody hears the alarms",
        &["sns unsubscribe --subscription-arn {SubscriptionArn}"],
        &[SUBSCRIBE],
    ),
    fault(
        "dead_letters",
        "something waits that could not be handled",
        &["sqs send-message --queue-url {WebhooksFailures} --message-body rehearsal"],
        &["sqs purge-queue --queue-url {WebhooksFailures}"],
    ),
    fault(
        "api_stage",
        "the gateway limits nothing",
        &["apigatewayv2 update-stage --api-id {Api} --stage-name $default \
           --default-route-settings {}"],
        &["apigatewayv2 update-stage --api-id {Api} --stage-name $default \
           --default-route-settings {Limits}"],
    ),
    fault(
        "api_stage",
        "the gateway logs nothing",
        &["apigatewayv2 update-stage --api-id {Api} --stage-name $default \
           --access-log-settings {}"],
        &["apigatewayv2 update-stage --api-id {Api} --stage-name $default \
           --access-log-settings {AccessLog}"],
    ),
    fault(
        "api_answers",
        "a route leads elsewhere",
        &["apigatewayv2 update-route --api-id {Api} --route-id {HealthRoute} \
           --target {ConsoleTarget}"],
        &["apigatewayv2 update-route --api-id {Api} --route-id {HealthRoute} \
           --target {HealthTarget}"],
    ),
    fault(
        "key_list",
        "visitors get no list of keys",
        &["apigatewayv2 update-route --api-id {Api} --route-id {KeysRoute} \
           --target {ConsoleTarget}"],
        &["apigatewayv2 update-route --api-id {Api} --route-id {KeysRoute} \
           --target {KeysTarget}"],
    )
    .and(&["api_answers"]),
    fault(
        "headers",
        "the console comes without its headers",
        &["apigatewayv2 update-route --api-id {Api} --route-id {ConsoleRoute} \
           --target {HealthTarget}"],
        &["apigatewayv2 update-route --api-id {Api} --route-id {ConsoleRoute} \
           --target {ConsoleTarget}"],
    ),
    fault(
        "tls",
        "an address takes old connections",
        &[
            "apigatewayv2 create-domain-name --domain-name chat.shop.example \
             --domain-name-configurations CertificateArn={Certificate},SecurityPolicy=TLS_1_0",
            "apigatewayv2 create-api-mapping --domain-name chat.shop.example --api-id {Api} \
             --stage $default",
        ],
        &["apigatewayv2 delete-domain-name --domain-name chat.shop.example"],
    ),
    fault(
        "cors",
        "every page may call the API",
        &["apigatewayv2 update-api --api-id {Api} \
           --cors-configuration AllowOrigins=*,AllowMethods=POST"],
        &["apigatewayv2 delete-cors-configuration --api-id {Api}"],
    ),
    fault(
        "items_expire",
        "an item without an end",
        &["dynamodb put-item --table-name {WatchTable} \
           --item {\"p\":{\"S\":\"once#rehearsal\"},\"k\":{\"S\":\"once\"}}"],
        &["dynamodb delete-item --table-name {WatchTable} \
           --key {\"p\":{\"S\":\"once#rehearsal\"},\"k\":{\"S\":\"once\"}}"],
    ),
    fault(
        "items_sealed",
        "an item with a name in the clear",
        &["dynamodb put-item --table-name {ProfilesTable} --item {Plain}"],
        &["dynamodb delete-item --table-name {ProfilesTable} --key {PlainKey}"],
    ),
    fault(
        "records_whole",
        "the list of people names an account that does not exist",
        &["dynamodb put-item --table-name {IdentityTable} \
           --item {\"p\":{\"S\":\"directory\"},\"k\":{\"S\":\"{Nobody}\"}}"],
        &["dynamodb delete-item --table-name {IdentityTable} \
           --key {\"p\":{\"S\":\"directory\"},\"k\":{\"S\":\"{Nobody}\"}}"],
    ),
    fault(
        "staff_training",
        "somebody has passed nothing",
        &["dynamodb put-item --table-name {TrainingTable} --item {Untrained}"],
        &["dynamodb put-item --table-name {TrainingTable} --item {Trained}"],
    ),
    fault(
        "staff_factors",
        "an account without a second factor",
        &["dynamodb delete-item --table-name {IdentityTable} --key {FactorKey}"],
        &["dynamodb put-item --table-name {IdentityTable} --item {Factor}"],
    )
    // An account without factors shows no use either.
    .and(&["staff_dormant"]),
    fault(
        "staff_factors",
        "a second factor that was enrolled long ago",
        &["dynamodb put-item --table-name {IdentityTable} --item {OldFactor}"],
        &["dynamodb put-item --table-name {IdentityTable} --item {Factor}"],
    ),
    fault(
        "staff_dormant",
        "an account that nobody uses",
        &["dynamodb put-item --table-name {IdentityTable} --item {UnusedFactor}"],
        &["dynamodb put-item --table-name {IdentityTable} --item {Factor}"],
    ),
    fault(
        "staff_admins",
        "a single admin",
        &["dynamodb put-item --table-name {IdentityTable} --item {Officer}"],
        &["dynamodb put-item --table-name {IdentityTable} --item {Admin}"],
    ),
    fault(
        "requests_due",
        "a request that nobody has answered",
        &["dynamodb put-item --table-name {LedgerTable} --item {Case}"],
        &["dynamodb delete-item --table-name {LedgerTable} \
           --key {\"p\":{\"S\":\"case\"},\"k\":{\"S\":\"{Nobody}\"}}"],
    ),
    fault(
        "erasures_late",
        "an erasure that waits for no hold",
        &["dynamodb put-item --table-name {LedgerTable} --item {Wish}"],
        &["dynamodb delete-item --table-name {LedgerTable} \
           --key {\"p\":{\"S\":\"waiting\"},\"k\":{\"S\":\"{Nobody}\"}}"],
    ),
    fault(
        "incidents_open",
        "an incident that nobody has looked at",
        &["dynamodb put-item --table-name {IncidentsTable} --item {Incident}"],
        &["dynamodb delete-item --table-name {IncidentsTable} \
           --key {\"p\":{\"S\":\"incident\"},\"k\":{\"S\":\"{Nobody}\"}}"],
    ),
    fault(
        "log_consistent",
        "a leaf of the audit log was changed",
        &["dynamodb put-item --table-name {LogTable} --item {OtherLeaf}"],
        &["dynamodb put-item --table-name {LogTable} --item {Leaf}"],
    ),
];

/// The other controls by machine, and why no fault of them is planted.
#[cfg(test)]
pub(super) const UNPLANTED: [(&str, &str); 7] = [
    ("advisories", "the build carries them"),
    ("advisories_age", "the build carries them"),
    ("build_age", "the emulator's clock cannot be set"),
    ("incident_drill", "it fails in a stack that is 182 days old"),
    ("role_unused", "the emulator's clock cannot be set"),
    (
        "sweep_runs",
        "the emulator has no metrics of functions, and gives a changed stack twenty minutes",
    ),
    ("table_protection", "the parameter of this stack has it off"),
];

/// Subscribes a queue to the alarms, which needs no confirmation.
pub(super) const SUBSCRIBE: &str = "sns subscribe --topic-arn {AlarmTopic} --protocol sqs \
     --notification-endpoint arn:aws:sqs:eu-central-1:000000000000:rehearsal \
     --return-subscription-arn";
