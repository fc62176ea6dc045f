"""tidegate reconcile on real places, and what SQLite has in its place (docs/delivery.md)."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pairs import open_pair
from reading import TO_THE_END
from sources import request

WIDGETS = 40
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "delivery.md"


@pytest.fixture
def pair(request):
    return open_pair(request)


def fill_and_consume(program, source, store):
    """Widgets of which each fourth is deleted again."""
    source.create()
    store.create()
    requests = [request(number) for number in range(WIDGETS)]
    requests += [request(f"{number}-end", type="delete", widgetId=f"widget-{number}")
                 for number in range(0, WIDGETS, 4)]
    source.fill({f"{place:013}": body for place, body in enumerate(requests)})
    result = program.run("consume", source.url, store.url, *TO_THE_END, "--conflicts", "converge")
    assert result.returncode == 0, result.stderr


def reconcile(program, store, *more):
    result = program.run("reconcile", store.url, *more)
    assert result.returncode == 0, result.stderr
    return tuple(map(int, re.findall(r"\d+", result.stdout)))


def spoil(store, kind):
    """One widget goes, and one that was deleted comes back."""
    gone, back = (f"widgets/sue-smith/widget-{number}" for number in (1, 0))
    if kind == "s3":
        store.aws.s3.delete_object(Bucket="widgets", Key=gone)
        store.aws.s3.put_object(Bucket="widgets", Key=back, Body=request(0))
    else:
        (store.directory / gone).unlink()
        (store.directory / back).write_bytes(request(0))


@pytest.mark.parametrize("pair", [("s3", "s3"), ("file", "file")], indirect=True, ids=" to ".join)
def test_widgets_become_what_their_ledgers_say(pair):
    program, source, store = pair
    fill_and_consume(*pair)
    right = store.widgets()
    spoil(store, store.kind)
    assert store.widgets() != right
    assert reconcile(program, store) == (WIDGETS, 1, 1, 0)
    assert store.widgets() == right
    assert reconcile(program, store, "--keep-deleted", "0") == (WIDGETS, 0, 0, WIDGETS // 4)
    assert store.widgets() == right
    assert reconcile(program, store) == (WIDGETS - WIDGETS // 4, 0, 0, 0)


@pytest.mark.parametrize("pair", [("sqlite", "sqlite")], indirect=True, ids=" to ".join)
def test_what_the_document_says_of_sqlite(pair):
    _, _, store = pair
    fill_and_consume(*pair)
    right, [statement] = store.widgets(), re.findall("`(DELETE FROM .*?)`", DOCUMENT.read_text())
    for later, items in ((0, WIDGETS), (15 * 86400, len(right))):
        with closing(sqlite3.connect(store.file)) as connection:
            connection.execute(statement.replace("unixepoch()", f"unixepoch() + {later}"))
            connection.commit()
        assert len(store.items()) == items and store.widgets() == right


@pytest.mark.parametrize("url, code, said", [
    ("s3://nowhere", 69, "NoSuchBucket"), ("file:nowhere", 69, "nowhere"),
    ("sqlite:store.db", 64, "only buckets"), ("sqs://requests", 64, "only buckets"),
])
def test_what_cannot_be_reconciled(tidegate, url, code, said):
    result = tidegate.run("reconcile", url)
    assert result.returncode == code and said in result.stderr, result.stderr
    assert list(tidegate.directory.iterdir()) == []


def test_a_listing_that_is_denied_is_told_in_a_sentence(aws, tidegate):
    aws.create_bucket("widgets")
    aws.add_rule(op="ListObjectsV2", action="status", status=403, code="AccessDenied")
    result = tidegate.run("reconcile", "s3://widgets")
    assert result.returncode == 77, result.stderr
    assert re.fullmatch(r".* error list s3://widgets/ledger/: 403 AccessDenied: .*\n",
                        result.stderr)
