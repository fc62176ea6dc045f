"""The stand-in: AWS's S3, SQS and DynamoDB on loopback, for tests only.

moto does the work, in this process; everything a client can see of the network is ours: one
keep-alive HTTP/1.1 server, signatures that are really checked, a log of every call, counters,
and rules by which the server delays, drops or refuses calls. It binds 127.0.0.1 alone, opens no
connection of its own, and ends when the process that started it ends.

How a call goes through it, and which file says so:

    door.py        the program's port; judge and control have one of their own
    connection.py  bytes from a socket -> wire.py Request
    operation.py   Request -> which service, which operation, on what
    signature.py   the signature recomputed by botocore; a wrong one is refused in errors.py's shape
    rules.py       what was asked to go wrong with this call, if anything; how it goes wrong is in
                   actions.py, wire_actions.py and sqs_actions.py
    waiting.py     a long poll waits here, outside the lock
    elsewhere.py   hands a call to SQS on, when another server has the queues
    backend.py     one lock, moto inside; …_truth.py put right what it has wrong
    calllog.py     one line for each call, and the counters
    desk.py        the order of all that
    control.py     /_control/: state, log, rules, reset
"""

ACCOUNT = "123456789012"
REGION = "us-east-1"

PROGRAM_KEY = "STANDINPROGRAMKEY001"
PROGRAM_SECRET = "stand-in/program+secret"
JUDGE_KEY = "STANDINJUDGEKEY00001"
JUDGE_SECRET = "stand-in/judge+secret"
