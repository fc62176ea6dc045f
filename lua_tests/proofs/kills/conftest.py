"""The servers that the kill proofs share, emptied before each test; a real one that cannot be had
skips its tests and says why.
"""

from contextlib import ExitStack

import pytest

from conftest import Program, check_calls, without_aws
from proofs.servers import NotToBeHad
from proofs.servers.elasticmq import ElasticMq
from stand_in.harness import StandIn


@pytest.fixture
def aws(shared_aws):
    shared_aws.reset()
    yield shared_aws
    check_calls(shared_aws)


@pytest.fixture(scope="session")
def running_elasticmq():
    with ExitStack() as stack:
        try:
            yield stack.enter_context(ElasticMq())
        except NotToBeHad as reason:
            yield reason


@pytest.fixture
def elasticmq(running_elasticmq, request, tell):
    if isinstance(running_elasticmq, NotToBeHad):
        tell(f"NOT RUN: {request.node.name}: {running_elasticmq}")
        pytest.skip(str(running_elasticmq))
    running_elasticmq.reset()
    return running_elasticmq


@pytest.fixture
def on_elasticmq(elasticmq, tmp_path):
    """The binary, whose AWS is ElasticMQ."""
    return Program({**without_aws(tmp_path), **elasticmq.aws_environment()}, tmp_path)


@pytest.fixture
def in_front_of_elasticmq(elasticmq):
    """A stand-in whose queues are ElasticMQ's."""
    with StandIn(sqs_endpoint=elasticmq.endpoint) as aws:
        yield aws
        check_calls(aws)
