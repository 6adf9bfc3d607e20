"""Lets the account's root assume every role, to try what a role must not do.

On AWS only the services that the trust policies name may, and so it stays here for everybody else.
Names the actions on one alias as Lambda does, too: the emulator takes all of them for ListAliases.
"""

from ministack.core import iam_actions, iam_evaluator

_ALIAS = {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}


def install():
    trusts = iam_evaluator.evaluate_trust_policy

    def evaluate(trust_doc, caller_arn, ctx=None):
        return caller_arn.endswith(":root") or trusts(trust_doc, caller_arn, ctx)

    iam_evaluator.evaluate_trust_policy = evaluate

    action = iam_actions._lambda_action

    def lambda_action(method, path):
        parts = path.strip("/").split("/")
        if len(parts) == 5 and parts[1] == "functions" and parts[3] == "aliases":
            return _ALIAS.get(method)
        return action(method, path)

    iam_actions._lambda_action = lambda_action
