"""One stand-in for all tests, emptied before each."""

import pytest
from botocore.exceptions import ClientError

from .harness import StandIn
from .raw_client import RawClient


@pytest.fixture(scope="session")
def running():
    with StandIn() as aws:
        yield aws
        assert "Traceback" not in aws.stderr()


@pytest.fixture
def aws(running):
    running.reset()
    return running


@pytest.fixture
def bucket(aws):
    return aws.create_bucket("widgets")


@pytest.fixture
def raw(aws):
    with RawClient(aws.port) as client:
        yield client


@pytest.fixture
def error():
    """error(call, **parameters): the (status, code) of the error that the call must give."""
    def expect(call, **parameters):
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        response = caught.value.response
        return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]
    return expect
