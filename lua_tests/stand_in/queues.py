"""What a test does with a server's queues as their judge. `sqs` is boto3's client of that server.
"""

import json
import time

BATCH = 10


class Queues:
    sqs = None

    def create_queue(self, name, dead_letter=None, max_receives=3, visibility=30, **attributes):
        """The queue's URL; with `dead_letter` that queue is made too, and the redrive policy."""
        attributes = {"VisibilityTimeout": str(visibility), **attributes}
        if dead_letter:
            url = self.sqs.create_queue(QueueName=dead_letter)["QueueUrl"]
            arn = self.queue_attributes(url)["QueueArn"]
            attributes["RedrivePolicy"] = json.dumps(
                {"deadLetterTargetArn": arn, "maxReceiveCount": str(max_receives)})
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def send(self, queue_url, bodies):
        """Sends the bodies in order; their message ids."""
        ids = []
        for start in range(0, len(bodies), BATCH):
            entries = [{"Id": str(place), "MessageBody": body}
                       for place, body in enumerate(bodies[start:start + BATCH])]
            answer = self.sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
            if answer.get("Failed"):
                raise RuntimeError(f"not sent: {answer['Failed']}")
            found = {each["Id"]: each["MessageId"] for each in answer["Successful"]}
            ids += [found[entry["Id"]] for entry in entries]
        return ids

    def queue_attributes(self, queue_url):
        answer = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
        return answer["Attributes"]

    def left_in(self, queue_url):
        """{"visible": n, "in_flight": n, "delayed": n}; it takes nothing."""
        found = self.queue_attributes(queue_url)
        return {"visible": int(found["ApproximateNumberOfMessages"]),
                "in_flight": int(found["ApproximateNumberOfMessagesNotVisible"]),
                "delayed": int(found["ApproximateNumberOfMessagesDelayed"])}

    def take_all(self, queue_url):
        """The messages that are visible, received and deleted: a queue's (or DLQ's) last state."""
        taken = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"])
            messages = answer.get("Messages", [])
            for message in messages:
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            if not messages:
                return taken
            taken += messages


def wait_until(condition, limit=30):
    """Asks until the condition holds; what it then gave. TimeoutError is a failed test."""
    deadline = time.monotonic() + limit
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {limit} s: {condition}")
        time.sleep(0.005)
