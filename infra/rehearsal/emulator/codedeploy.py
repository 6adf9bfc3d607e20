"""Plays CodeDeploy: a new version takes an alias only after the hook has said so.

The emulator ignores the UpdatePolicy of an alias and knows no CodeDeploy. Here an alias with
CodeDeployLambdaAliasUpdate is updated as CloudFormation has it done: a deployment is made, the
BeforeAllowTraffic hook is invoked with the deployment group's role and with DeploymentId and
LifecycleEventHookExecutionId, its verdict comes by PutLifecycleEventHookExecutionStatus (signed and
evaluated like any request), the alarms of the group are looked at, and only then the alias moves. What
fails makes the update of the alias fail, and the stack roll back.

Different from AWS: all traffic moves at once; a hook that ends without a verdict has failed at once and
not after an hour; alarms are looked at once, after the hook.
"""

import copy
import json
import threading

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import cloudwatch, lambda_svc
from ministack.services.cloudformation import _stacks, engine, provisioners, stacks

_groups = {}
_deployments = {}
_lock = threading.Lock()


def _allowed(role_arn, action, resource):
    """Whether the policies of the deployment group's role allow it."""
    role = role_arn.rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(
        principal_arn=role_arn, principal_type="AssumedRole", principal_account=get_account_id(),
        action=action, resource_arn=resource, region=get_region())
    policies = iam_evaluator._gather_role_policies(role, get_account_id())
    return iam_evaluator.evaluate(context, policies).decision == "Allow"


def _require(role_arn, action, resource):
    if not _allowed(role_arn, action, resource):
        raise ValueError(f"CodeDeploy's role {role_arn} is not allowed {action} on {resource}")


def _policy(stack_name, logical_id):
    """The resolved CodeDeployLambdaAliasUpdate of an alias, or nothing."""
    stack = _stacks[stack_name]
    template = stack["_template"]
    raw = (template["Resources"].get(logical_id, {}).get("UpdatePolicy") or {}).get("CodeDeployLambdaAliasUpdate")
    if not raw:
        return None
    parameters = stack["_resolved_params"]
    return engine._resolve_refs(
        copy.deepcopy(raw), stack["_resources"], parameters, engine._evaluate_conditions(template, parameters),
        template.get("Mappings", {}), stack_name, stack["StackId"])


def _run_hook(group_name, group, hook):
    """Invokes the hook and gives its verdict."""
    record, config, name = lambda_svc._get_func_record_for_ref(hook)
    if record is None:
        raise ValueError(f"the hook {hook} does not exist")
    _require(group["ServiceRoleArn"], "lambda:InvokeFunction", config["FunctionArn"])
    deployment, execution = f"d-{new_uuid()[:9].upper()}", new_uuid()
    with _lock:
        _deployments[deployment] = {"group": group_name, "execution": execution, "status": None}
    event = {"DeploymentId": deployment, "LifecycleEventHookExecutionId": execution}
    lambda_svc._execute_function_with_config_scope(
        lambda_svc._execution_record_for_config(record, config), event)
    with _lock:
        status = _deployments[deployment]["status"]
    if status != "Succeeded":
        said = f"said {status}" if status else "ended without a verdict"
        raise ValueError(f"BeforeAllowTraffic: the hook {name} {said} (deployment {deployment})")


def _watch(group):
    alarms = group.get("AlarmConfiguration") or {}
    for alarm in alarms.get("Alarms") or [] if alarms.get("Enabled") else []:
        known = cloudwatch._alarms.get(alarm["Name"])
        if known is None:
            raise ValueError(f"the alarm {alarm['Name']} does not exist")
        _require(group["ServiceRoleArn"], "cloudwatch:DescribeAlarms", known["AlarmArn"])
        if known["StateValue"] == "ALARM":
            raise ValueError(f"the alarm {alarm['Name']} stopped the deployment")


def _application_create(logical_id, props, stack_name):
    return props.get("ApplicationName") or f"{stack_name}-{logical_id}", {}


def _group_create(logical_id, props, stack_name):
    name = props.get("DeploymentGroupName") or f"{stack_name}-{logical_id}"
    _groups[name] = props
    return name, {}


def _group_update(physical_id, old_props, new_props, stack_name):
    _groups[physical_id] = new_props
    return physical_id, {}


def _answer(status, body):
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(body).encode()


async def _handle(method, path, headers, body, query_params):
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    request = json.loads(body or b"{}")
    if operation != "PutLifecycleEventHookExecutionStatus":
        return _answer(400, {"__type": "InvalidOperationException", "message": f"{operation} is not played here"})
    with _lock:
        known = _deployments.get(request.get("deploymentId"))
        if known is None:
            return _answer(400, {"__type": "DeploymentDoesNotExistException", "message": "no such deployment"})
        if request.get("lifecycleEventHookExecutionId") != known["execution"]:
            return _answer(400, {"__type": "InvalidLifecycleEventHookExecutionIdException", "message": "no such id"})
        if request.get("status") not in ("Succeeded", "Failed"):
            return _answer(400, {"__type": "InvalidLifecycleEventHookExecutionStatusException", "message": "status"})
        if known["status"]:
            return _answer(400, {"__type": "LifecycleEventAlreadyCompletedException", "message": "already told"})
        known["status"] = request["status"]
    return _answer(200, {"lifecycleEventHookExecutionId": known["execution"]})


def _resource(body):
    """The deployment group that a call is about."""
    try:
        known = _deployments.get(json.loads(body).get("deploymentId"))
    except (ValueError, AttributeError):
        known = None
    if known is None:
        return "*"
    group = _groups[known["group"]]
    return (f"arn:aws:codedeploy:{get_region()}:{get_account_id()}:deploymentgroup:"
            f"{group['ApplicationName']}/{known['group']}")


def install():
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::CodeDeploy::Application"] = {
        "create": _application_create,
        "update": lambda physical_id, old_props, new_props, stack_name: (physical_id, {}),
        "delete": lambda physical_id, props: None,
    }
    handlers["AWS::CodeDeploy::DeploymentGroup"] = {
        "create": _group_create, "update": _group_update,
        "delete": lambda physical_id, props: _groups.pop(physical_id, None),
    }
    alias = handlers["AWS::Lambda::Alias"]
    update = alias["update"]

    def updated(physical_id, old_props, new_props, stack_name, logical_id=None):
        policy = _policy(stack_name, logical_id)
        forward = _stacks[stack_name]["StackStatus"] == "UPDATE_IN_PROGRESS"
        if policy and forward and old_props.get("FunctionVersion") != new_props.get("FunctionVersion"):
            name = policy["DeploymentGroupName"]
            group = _groups[name]
            if policy.get("BeforeAllowTrafficHook"):
                _run_hook(name, group, policy["BeforeAllowTrafficHook"])
            _watch(group)
            _require(group["ServiceRoleArn"], "lambda:UpdateAlias", physical_id)
        return update(physical_id, old_props, new_props, stack_name, logical_id)

    alias["update"] = updated

    # The hook calls back, so the update has to leave the event loop free.
    blocking = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind == "AWS::Lambda::Alias" or blocking(kind)

    # The emulator reads no dependency from an UpdatePolicy, so the hook would be updated after the alias.
    dependencies = engine._extract_deps

    def extract(definition, names):
        policy = {"Properties": definition.get("UpdatePolicy", {})}
        return dependencies(definition, names) | dependencies(policy, names)

    engine._extract_deps = extract

    router.SERVICE_PATTERNS["codedeploy"] = {
        "target_prefixes": ["CodeDeploy_20141006"], "host_patterns": [r"codedeploy\."]}
    app.SERVICE_HANDLERS["codedeploy"] = _handle
    iam_actions.SERVICE_TO_IAM_NAMESPACE["codedeploy"] = "codedeploy"
    resource = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, headers, body, query_params, region, account_id):
        if service == "codedeploy":
            return _resource(body)
        return resource(service, method, path, headers, body, query_params, region, account_id)

    iam_actions.extract_resource_arn = extract_resource_arn
