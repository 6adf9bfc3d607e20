"""Gives the policy evaluation the condition keys of KMS and DynamoDB.

The emulator evaluates conditions, but computes no kms: key and of dynamodb:Attributes only what a
projection names, so that a role which is held to an encryption context could do nothing, and one which
is held to a partition everything. The keys are taken from the request, as AWS documents them:
kms:EncryptionContext:<name>, kms:EncryptionContextKeys, dynamodb:LeadingKeys and dynamodb:Attributes,
for a transaction those of each item. A request that names none of them has no such key, and
ForAllValues is then true, here as there.
"""

import contextvars
import json
import re

from ministack.core import iam_actions, iam_evaluator
from ministack.services import dynamodb

_TRANSACTION = {"Put": "Item", "Update": "Key", "Delete": "Key", "ConditionCheck": "Key", "Get": "Key"}
_WORDS = {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"}
_items = contextvars.ContextVar("items of a transaction that are yet to be evaluated")


def _parsed(body):
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _kms(request):
    context = request.get("EncryptionContext")
    if not isinstance(context, dict) or not context:
        return {}
    keys = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    return {**keys, "kms:EncryptionContextKeys": list(context)}


def _partition_key(request):
    table = dynamodb._tables.get(str(request.get("TableName", "")).rsplit("/", 1)[-1]) or {}
    schema = table.get("KeySchema", [])
    if request.get("IndexName"):
        for index in table.get("GlobalSecondaryIndexes") or []:
            if index["IndexName"] == request["IndexName"]:
                schema = index["KeySchema"]
    return next((key["AttributeName"] for key in schema if key["KeyType"] == "HASH"), None)


def _leading(request):
    """The partition that a request or an item of a transaction names, as a list of one or none."""
    name = _partition_key(request)
    attributes = request.get("Item") or request.get("Key")
    if isinstance(attributes, dict) and name in attributes:
        return list(attributes[name].values())
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    for left, right in re.findall(r"([#\w]+)\s*=\s*(:\w+)", request.get("KeyConditionExpression") or ""):
        if names.get(left, left) == name and right in values:
            return list(values[right].values())
    return []


def _written(request):
    """The attributes that a put stores or that its condition asks about."""
    if not isinstance(request.get("Item"), dict):
        return []
    names = request.get("ExpressionAttributeNames") or {}
    asked = re.findall(r"\(\s*([#\w]+)\s*[),]", request.get("ConditionExpression") or "")
    return sorted({*request["Item"], *names.values(), *(names.get(name, name) for name in asked)})


def _updated(request):
    """The attributes that an update names: those of the key, and those in its expressions."""
    if not isinstance(request.get("Key"), dict) or "UpdateExpression" not in request:
        return []
    names = request.get("ExpressionAttributeNames") or {}
    text = " ".join(request.get(part) or "" for part in ("UpdateExpression", "ConditionExpression"))
    named = re.findall(r"(?<![:.#\w])(#\w+|[A-Za-z_]\w*)\b(?!\s*\()", text)
    named = {names.get(name, name) for name in named if name.upper() not in _WORDS}
    return sorted({*request["Key"], *named})


def _dynamodb(request):
    attributes = _written(request) or _updated(request)
    found = {"dynamodb:LeadingKeys": _leading(request), "dynamodb:Attributes": attributes}
    return {key: values for key, values in found.items() if values}


def install():
    tags = iam_actions.request_tag_context
    plain = iam_actions.dynamodb_service_context
    checks = iam_actions.dynamodb_transaction_checks
    enforce = iam_evaluator.enforce

    def request_tag_context(service, iam_action, body, params):
        found = tags(service, iam_action, body, params)
        return {**found, **_kms(_parsed(body))} if service == "kms" else found

    def dynamodb_service_context(body):
        return {**plain(body), **_dynamodb(_parsed(body))}

    def dynamodb_transaction_checks(iam_action, body, region, account_id):
        found = checks(iam_action, body, region, account_id)
        members = [item[kind] for item in _parsed(body).get("TransactItems") or []
                   for kind in _TRANSACTION if isinstance(item, dict) and kind in item]
        # One check an item, in its order; should that ever change, nothing is allowed.
        if found and len(found) != len(members):
            raise ValueError("the emulator checks another number of items than the transaction has")
        _items.set(list(members) if found else [])
        return found

    def enforce_each(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        if "dynamodb:EnclosingOperation" in (service_context or {}):
            service_context = {**service_context, **_dynamodb(_items.get().pop(0))}
        return enforce(access_key_id, iam_action, service, region, resource_arn, service_context)

    iam_actions.request_tag_context = request_tag_context
    iam_actions.dynamodb_service_context = dynamodb_service_context
    iam_actions.dynamodb_transaction_checks = dynamodb_transaction_checks
    iam_evaluator.enforce = enforce_each
