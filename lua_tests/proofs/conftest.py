"""A proof says what it ran and saw: tell(line) is printed when all is over, passed or not."""

import pytest

TOLD = []


@pytest.fixture(scope="session")
def tell():
    return TOLD.append


def pytest_terminal_summary(terminalreporter):
    for line in TOLD:
        terminalreporter.write_line(line)
