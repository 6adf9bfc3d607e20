"""Reads a DynamoDB stream for a function as Lambda does, by the settings of its mapping.

The emulator's own poller takes every answer that is no error for a success, repeats a failure for ever
and knows neither partial answers nor halving nor retries. Here, from the mapping: FilterCriteria,
BatchSize, ReportBatchItemFailures, BisectBatchOnFunctionError, MaximumRetryAttempts,
MaximumRecordAgeInSeconds and DestinationConfig.OnFailure, written to in the name of the function's role.

Different from AWS: one shard, one batch at a time; no batching window; retries follow without a pause;
DynamoDB's own rights for reading the stream are not asked for.
"""

import logging
import time
from collections import deque

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.services import dynamodb, lambda_svc

_logger = logging.getLogger("lambda")
# By mapping: batches that are still to be read, each with the number of times it has failed.
_pending = {}


def _number(record):
    return record["dynamodb"]["SequenceNumber"]


def _failed_from(batch, result, mapping):
    """Where in the batch the first failure is; None when there is none, -1 when all of it failed."""
    if result.get("error"):
        return -1
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        return None
    answer = result.get("body")
    failures = (answer.get("batchItemFailures") if isinstance(answer, dict) else None) or []
    numbers = [_number(record) for record in batch]
    found = [failure.get("itemIdentifier") for failure in failures if isinstance(failure, dict)]
    if len(found) != len(failures) or any(number not in numbers for number in found):
        return -1
    return min((numbers.index(number) for number in found), default=None)


def _left_over(batch, failures, result, mapping):
    """The part of a batch that has to be read again, as batches with their count of failures."""
    start = _failed_from(batch, result, mapping)
    if start is None:
        return []
    if start > 0:
        # The records before it are done, so this is another batch.
        return [(batch[start:], 0)]
    if mapping.get("BisectBatchOnFunctionError") and len(batch) > 1:
        # A first record that failed is a batch that failed. Halving counts as no retry.
        middle = len(batch) // 2
        return [(batch[:middle], failures), (batch[middle:], failures)]
    retries = mapping.get("MaximumRetryAttempts", -1)
    age = mapping.get("MaximumRecordAgeInSeconds", -1)
    oldest = min(float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in batch)
    if 0 <= retries <= failures:
        return [(batch, "RetryAttemptsExhausted")]
    if 0 <= age < time.time() - oldest:
        return [(batch, "MaximumRecordAgeExceeded")]
    return [(batch, failures + 1)]


def _discard(mapping, record, batch, result, condition):
    destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if not destination:
        return
    role = (record.get("config") or record)["Role"]
    context = iam_evaluator.EvalContext(
        principal_arn=role, principal_type="AssumedRole", principal_account=get_account_id(),
        action="sqs:SendMessage", resource_arn=destination, region=get_region())
    policies = iam_evaluator._gather_role_policies(role.rsplit("/", 1)[-1], get_account_id())
    if iam_evaluator.evaluate(context, policies).decision != "Allow":
        raise ValueError(f"{role} may not send to {destination}")
    lambda_svc._send_ddb_stream_failure_record(
        mapping, record, batch, mapping["EventSourceArn"], result, condition)


def _read(mapping, record, queue):
    batch, failures = queue.popleft()
    result = lambda_svc._execute_function(record, {"Records": batch})
    if result.get("log"):
        _logger.info("Lambda %s output:\n%s", mapping["FunctionArn"], result["log"])
    left = _left_over(batch, failures, result, mapping)
    if left and isinstance(left[0][1], str):
        _discard(mapping, record, left[0][0], result, left[0][1])
        left = []
    queue.extendleft(reversed(left))
    mapping["LastProcessingResult"] = "PROBLEM: Function call failed" if left else "OK"


def _fetch(mapping, table, queue):
    start, end = dynamodb.stream_start_position(table), dynamodb.stream_end_position(table)
    positions = lambda_svc._dynamodb_stream_positions
    with lambda_svc._dynamodb_stream_positions_lock:
        position = positions.setdefault(
            mapping["UUID"], start if mapping.get("StartingPosition") == "TRIM_HORIZON" else end)
        batch = dynamodb.stream_records_since(table, max(position, start), mapping.get("BatchSize", 100))
        positions[mapping["UUID"]] = max(position, start) + len(batch)
    wanted = lambda_svc._apply_filter_criteria(batch, mapping)
    if wanted:
        queue.append((wanted, 0))
    return bool(batch)


def _poll():
    """One pass over all mappings; whether there was anything to do."""
    worked = False
    account, region = get_account_id(), get_region()
    try:
        for owner, place, mapping in lambda_svc._iter_all_esms():
            source = mapping.get("EventSourceArn", "")
            if ":dynamodb:" not in source or not mapping.get("Enabled", True):
                continue
            set_request_account_id(owner)
            set_request_region(place)
            table = source.split("/stream/")[0].rsplit("/", 1)[-1]
            known = dynamodb._tables.get(table)
            record, _config = lambda_svc._get_func_record_for_qualifier(
                mapping["FunctionName"], mapping.get("Qualifier"))
            if record is None or not known or known.get("LatestStreamArn") != source:
                continue
            queue = _pending.setdefault(mapping["UUID"], deque())
            if queue or _fetch(mapping, table, queue):
                worked = True
            if queue:
                _read(mapping, record, queue)
    finally:
        set_request_account_id(account)
        set_request_region(region)
    return worked


def install():
    lambda_svc._poll_dynamodb_streams = _poll
