"""A source and a store, opened together for a test that runs on several pairs."""

from sources import SOURCES
from stores import STORES

NEEDS_AWS = {"s3", "sqs", "dynamodb"}


def open_pair(request):
    """The program, the source and the store of request.param, none of them made yet; AWS's names
    mean nothing to the local pairs."""
    source, store = request.param
    aws = request.getfixturevalue("aws") if NEEDS_AWS & {source, store} else None
    program = request.getfixturevalue("tidegate" if aws else "offline")
    return program, SOURCES[source](program, aws), STORES[store](program, aws)
