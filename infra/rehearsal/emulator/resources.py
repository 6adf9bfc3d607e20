"""Makes the resource types that the emulator's CloudFormation does not know.

A budget goes to the emulator's own budget service. The types that are only recorded are in RECORDED: the
template may use them, nothing is tested of them but that their properties resolve.
"""

import json

from ministack.core.responses import get_account_id
from ministack.services import budgets
from ministack.services.cloudformation import custom_resource, provisioners

# Type: what of it is not rehearsed.
RECORDED = {
    "AWS::CloudTrail::Trail": "that management events reach its bucket and log group",
}


def _budget(call, **data):
    status, _headers, body = call(data)
    if status >= 400:
        raise ValueError(json.loads(body).get("message", "the budget is refused"))


def _named(stack_name, logical_id, props):
    return props["Budget"].get("BudgetName") or f"{stack_name}-{logical_id}"


def _numbers(budget, name):
    limit = budget.get("BudgetLimit") or {}
    return {**budget, "BudgetName": name, "BudgetLimit": {**limit, "Amount": str(limit.get("Amount"))}}


def _budget_create(logical_id, props, stack_name):
    name = _named(stack_name, logical_id, props)
    _budget(
        budgets._create_budget,
        AccountId=get_account_id(),
        Budget=_numbers(props["Budget"], name),
        NotificationsWithSubscribers=props.get("NotificationsWithSubscribers") or [],
    )
    return name, {}


def _budget_update(physical_id, old_props, new_props, stack_name):
    _budget(budgets._update_budget, AccountId=get_account_id(), NewBudget=_numbers(new_props["Budget"], physical_id))
    return physical_id, {}


def _budget_delete(physical_id, props):
    _budget(budgets._delete_budget, AccountId=get_account_id(), BudgetName=physical_id)


def _recorded(logical_id, props, stack_name):
    return f"{stack_name}-{logical_id}", {}


def install():
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::Budgets::Budget"] = {
        "create": _budget_create, "update": _budget_update, "delete": _budget_delete,
    }
    for name in RECORDED:
        if name in handlers:
            raise ValueError(f"the emulator knows {name} by now")
        handlers[name] = {
            "create": _recorded,
            "update": lambda physical_id, old_props, new_props, stack_name: (physical_id, {}),
            "delete": lambda physical_id, props: None,
        }
    # The name of the machine itself may lead elsewhere, or to ::1, where nothing listens.
    custom_resource._HOST = "127.0.0.1"
