"""Lets the account's root assume every role, to try what a role must not do.

On AWS only the services that the trust policies name may, and so it stays here for everybody else.
"""

from ministack.core import iam_evaluator


def install():
    trusts = iam_evaluator.evaluate_trust_policy

    def evaluate(trust_doc, caller_arn, ctx=None):
        return caller_arn.endswith(":root") or trusts(trust_doc, caller_arn, ctx)

    iam_evaluator.evaluate_trust_policy = evaluate
