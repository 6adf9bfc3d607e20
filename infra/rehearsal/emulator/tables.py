"""Makes tables as the template says: when items end, under which key, and whether they can be restored.

The emulator's CloudFormation makes a table without these, although its DynamoDB knows them.
"""

import json

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners


def _call(call, name, member, specification):
    status, _headers, body = call({"TableName": name, member: specification})
    if status >= 400:
        raise ValueError(json.loads(body).get("message", f"{member} is refused"))


def _set(name, props):
    expiry = props.get("TimeToLiveSpecification")
    if expiry:
        _call(dynamodb._update_ttl, name, "TimeToLiveSpecification", expiry)
    recovery = props.get("PointInTimeRecoverySpecification")
    if recovery:
        _call(dynamodb._update_continuous_backups, name, "PointInTimeRecoverySpecification", recovery)
    encryption = dict(props.get("SSESpecification") or {})
    if encryption:
        # CloudFormation's name for what DynamoDB calls Enabled.
        encryption["Enabled"] = encryption.pop("SSEEnabled", False)
        dynamodb._tables[name]["SSEDescription"] = dynamodb._sse_description_from_spec(encryption)


def install():
    handler = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create, update = handler["create"], handler["update"]

    def created(logical_id, props, stack_name):
        made = create(logical_id, props, stack_name)
        _set(made[0], props)
        return made

    def updated(physical_id, old_props, new_props, stack_name, logical_id=None):
        # Set below, by its CloudFormation name.
        old, new = ({**props, "SSESpecification": None} for props in (old_props, new_props))
        made = update(physical_id, old, new, stack_name, logical_id)
        _set(made[0], new_props)
        return made

    handler["create"], handler["update"] = created, updated
