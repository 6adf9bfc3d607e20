"""Answers what an audit asks as AWS does, and asks the audit's role for the right to each of its looks.

The emulator takes ListFunctionUrlConfigs for GetFunction, and finds no action in the path of CloudWatch's
newest protocol (Smithy RPC v2), so that it would answer anybody; here such an action is on every resource, as
AWS has it for those of an audit. The policy of a table is asked for by the table's ARN, which it does not read.
Its CloudFormation keeps the limits of a stage under names that no client
reads.
"""

import re

from ministack.core import iam_actions
from ministack.services.cloudformation import provisioners

_NAMED = re.compile(rb'"ResourceArn"\s*:\s*"([^"]+)"')
_OPERATION = re.compile(r"^/service/[^/]+/operation/(\w+)$")


def _lists_urls(method, path):
    parts = path.strip("/").split("/")
    return method == "GET" and len(parts) == 4 and parts[1] == "functions" and parts[3] == "urls"


def _in_small(settings):
    """The members of settings under their names in the API: ThrottlingRateLimit as throttlingRateLimit."""
    return {name[:1].lower() + name[1:]: value for name, value in (settings or {}).items()}


def install():
    lambda_action = iam_actions._lambda_action
    extract, resource = iam_actions.extract_iam_action, iam_actions.extract_resource_arn
    tables, stage = iam_actions.dynamodb_resource_arns, provisioners._apigw_v2_stage_props

    def of_lambda(method, path):
        return "ListFunctionUrlConfigs" if _lists_urls(method, path) else lambda_action(method, path)

    def extract_iam_action(service, method, path, headers, body, query_params):
        operation = _OPERATION.match(path)
        if service == "monitoring" and operation:
            return f"cloudwatch:{operation[1]}"
        return extract(service, method, path, headers, body, query_params)

    def extract_resource_arn(service, method, path, *rest):
        if service == "monitoring" and _OPERATION.match(path):
            return "*"
        return resource(service, method, path, *rest)

    def stage_props(props):
        made = stage(props)
        routes = {route: _in_small(settings) for route, settings in made["routeSettings"].items()}
        return {**made, "defaultRouteSettings": _in_small(made["defaultRouteSettings"]), "routeSettings": routes}

    def dynamodb_resource_arns(body, region, account_id):
        named = _NAMED.search(body or b"")
        return [named[1].decode()] if named else tables(body, region, account_id)

    iam_actions._lambda_action = of_lambda
    iam_actions.dynamodb_resource_arns = dynamodb_resource_arns
    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn
    provisioners._apigw_v2_stage_props = stage_props
