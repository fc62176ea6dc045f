"""Where moto's SQS is not AWS's: what a consumer's safety rests on, put right in front of it.

- A batch: 1 to 10 entries, ids distinct and well-formed. moto checks that for sends alone, and
  refuses a delete batch whose handles (not ids) repeat.
- Delete with a handle that a later receive has superseded: success, and the message stays. moto
  deletes it. On a FIFO queue a lapsed or superseded handle is an error.
- ChangeMessageVisibility with such a handle, or after the lease has lapsed: success that changes
  nothing. moto hides the message again, for whoever has it. Of a deleted message: an error.
- 12 hours are counted from the receive, not from the send.
- A message is 1 byte to the queue's limit, attributes included, and has no character that XML 1.0
  lacks.
- The old query code is sent only to a client that asked for it.

It also knows which message each handle ever given out belongs to, for the log.
"""

import json
import re
import time
from collections import deque

from moto.sqs.models import sqs_backends

from . import ACCOUNT, REGION
from .errors import TYPE_PREFIX, json_error
from .moto_speed import receipt_handle as new_receipt_handle
from .wire import Answer

MAX_TOTAL_VISIBILITY = 43200
MAX_BATCH = 10
DELETED_MAX = 100
MAX_BATCH_BYTES = 1 << 20
ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
FORBIDDEN_CHARACTER = re.compile("[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
OLD_CODES = {
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
}
GONE = "Message does not exist or is not available for visibility timeout change."
EXPIRED = "The receipt handle has expired"


class Trouble(Exception):
    """An error of one call or one entry: SQS's code and sentence."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class SqsTruth:
    def __init__(self):
        self._receives = {}
        self._deleted = {}

    def forget(self):
        self._receives.clear()
        self._deleted.clear()

    def message_id(self, handle):
        """The id of the message that this handle was given out for, or None."""
        return self._receives.get(handle, (None, 0))[0]

    def reissue(self, queue_name, message_id):
        """A new receipt for a message in flight, as a further receive gives it, and its count."""
        [message] = [each for each in queue_named(queue_name)._messages if each.id == message_id]
        message.approximate_receive_count += 1
        message.receipt_handle = new_receipt_handle()
        self._receives[message.receipt_handle] = (message_id, time.time())
        return message.receipt_handle, message.approximate_receive_count

    def undelete(self, queue_name):
        """The message that was deleted last and is not back yet, or None."""
        gone = self._deleted.get(queue_name)
        return gone.pop() if gone else None

    def perform(self, request, operation, moto):
        try:
            answer = self._perform(request, operation, moto)
        except Trouble as trouble:
            answer = json_error(400, TYPE_PREFIX["sqs"] + trouble.code, trouble.message,
                                OLD_CODES.get(trouble.code, trouble.code))
        if (request.header("x-amzn-query-mode") or "").lower() != "true":
            answer.headers.pop("x-amzn-query-error", None)
        return answer

    def _perform(self, request, operation, moto):
        parameters = operation.parameters
        queue = queue_named(operation.queue)
        if operation.name.endswith("Batch"):
            check_batch(parameters.get("Entries"))
        if queue is not None:
            check_contents(queue, operation.name, parameters)
            if operation.name.startswith("DeleteMessage"):
                return self._settle(request, operation, queue, moto, self._delete_entry)
            if operation.name.startswith("ChangeMessageVisibility"):
                return self._settle(request, operation, queue, moto, self._change_entry)
        answer = moto(request)
        if operation.name == "ReceiveMessage":
            self.remember(answer)
        return answer

    def remember(self, answer):
        """To be told of each answer to a receive."""
        for message in json.loads(answer.body or b"{}").get("Messages", []):
            self._receives[message["ReceiptHandle"]] = (message["MessageId"], time.time())

    def _settle(self, request, operation, queue, moto, settle):
        """One entry or a batch of them: each is settled by itself, under the one lock."""
        if not operation.name.endswith("Batch"):
            if "ReceiptHandle" not in operation.parameters:
                return moto(request)
            settle(queue, operation.parameters)
            return Answer(200, {"Content-Type": "application/x-amz-json-1.0"}, b"")
        done, failed = [], []
        for entry in operation.parameters["Entries"]:
            try:
                settle(queue, entry)
                done.append({"Id": entry["Id"]})
            except Trouble as trouble:
                failed.append({"Id": entry["Id"], "SenderFault": True, "Code": trouble.code,
                               "Message": trouble.message})
        body = json.dumps({"Successful": done, "Failed": failed}).encode()
        return Answer(200, {"Content-Type": "application/x-amz-json-1.0"}, body)

    def _change_entry(self, queue, entry):
        handle, seconds = entry.get("ReceiptHandle"), entry.get("VisibilityTimeout")
        if not isinstance(seconds, int) or not 0 <= seconds <= MAX_TOTAL_VISIBILITY:
            raise Trouble("InvalidParameterValue", f"Value {seconds} for parameter "
                          "VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.")
        message = self._holder(queue, handle)
        if message is None:
            raise Trouble("InvalidParameterValue",
                          f"Value {handle} for parameter ReceiptHandle is invalid. Reason: {GONE}")
        if message.receipt_handle != handle or message.visible:
            return
        held = time.time() - self._receives[handle][1]
        if held + seconds > MAX_TOTAL_VISIBILITY:
            raise Trouble("InvalidParameterValue", f"Value {seconds} for parameter "
                          "VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the "
                          "message is beyond the limit [43200 seconds]")
        message.change_visibility(seconds)
        if seconds == 0:
            message.visible_at = 0.0
            queue.pending_messages.discard(message)

    def _delete_entry(self, queue, entry):
        handle = entry.get("ReceiptHandle")
        message = self._holder(queue, handle)
        if message is not None and message.receipt_handle == handle:
            queue._messages.remove(message)
            queue.pending_messages.discard(message)
            self._deleted.setdefault(queue.name, deque(maxlen=DELETED_MAX)).append(message)

    def _holder(self, queue, handle):
        """The message of this queue that ever had the handle; None when it is there no more."""
        message_id = self.message_id(handle)
        if message_id is None:
            raise Trouble("ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a '
                          "valid receipt handle.")
        for message in queue._messages:
            if message.id == message_id:
                if queue.fifo_queue and (message.receipt_handle != handle or message.visible):
                    raise Trouble("InvalidParameterValue", f"Value {handle} for parameter "
                                  f"ReceiptHandle is invalid. Reason: {EXPIRED}.")
                return message
        return None


def queue_named(name):
    return sqs_backends[ACCOUNT][REGION].queues.get(name)


def default_wait(name):
    """The seconds a receive waits that does not say how long."""
    queue = queue_named(name)
    return queue.receive_message_wait_time_seconds if queue else 0


def dead_letter_queue(name):
    """The name of the queue's dead-letter queue, or None."""
    queue = queue_named(name)
    return queue.dead_letter_queue.name if queue and queue.dead_letter_queue else None


def next_return(name):
    """Seconds until the next hidden or delayed message of the queue can be received, or None."""
    queue, now = queue_named(name), time.time() * 1000
    times = [max(message.visible_at, message.delayed_until)
             for message in (queue._messages if queue else ())]
    later = [when - now for when in times if when > now]
    return min(later) / 1000 if later else None


def check_batch(entries):
    if not isinstance(entries, list) or not entries:
        raise Trouble("EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(entries) > MAX_BATCH:
        raise Trouble("TooManyEntriesInBatchRequest", "Maximum number of entries per request are "
                      f"{MAX_BATCH}. You have sent {len(entries)}.")
    ids = [str(entry.get("Id")) for entry in entries]
    for each in ids:
        if not ENTRY_ID.fullmatch(each):
            raise Trouble("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric "
                          "characters, hyphens and underscores. It can be at most 80 letters long.")
        if ids.count(each) > 1:
            raise Trouble("BatchEntryIdsNotDistinct", f"Id {each} repeated.")


def check_contents(queue, operation_name, parameters):
    if operation_name == "SendMessage":
        check_message(queue, parameters)
    elif operation_name == "SendMessageBatch":
        sizes = [check_message(queue, entry) for entry in parameters["Entries"]]
        if sum(sizes) > MAX_BATCH_BYTES:
            raise Trouble("BatchRequestTooLong", "Batch requests cannot be longer than "
                          f"{MAX_BATCH_BYTES} bytes. You have sent {sum(sizes)} bytes.")


def check_message(queue, parameters):
    """The message's size in bytes, or Trouble."""
    body = parameters.get("MessageBody")
    if not isinstance(body, str) or not body:
        raise Trouble("MissingParameter", "The request must contain the parameter MessageBody.")
    if FORBIDDEN_CHARACTER.search(body):
        raise Trouble("InvalidMessageContents", "Invalid characters found.")
    size = len(body.encode())
    for name, value in (parameters.get("MessageAttributes") or {}).items():
        size += len(name.encode()) + sum(len(str(part).encode()) for part in value.values())
    if size > queue.maximum_message_size:
        raise Trouble("InvalidParameterValue", "One or more parameters are invalid. Reason: Message"
                      f" must be shorter than {queue.maximum_message_size} bytes.")
    return size
