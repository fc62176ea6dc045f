"""What the documents show is what happens: their commands are run as they are written."""

import os
import re
import shutil
import subprocess

import pytest

from blocks import TOP, Block, blocks_of, run, without_make

DOCUMENTS = ("README.md", "docs/build.md", "docs/delivery.md", "examples/README.md",
             "examples/ecs/README.md")
ACCOUNT_PROGRAMS = {"aws", "docker", "rm"}  # all that a block which is not run may call
WITH_IMAGE = os.environ.get("TIDEGATE_IMAGE") == "yes"


def copy_of_the_tree(directory):
    """A checkout with what is built in it; the images in it are those of this tree."""
    tree = directory / "tidegate"
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, text=True,
                           check=True, stdout=subprocess.PIPE).stdout.splitlines()
    for name in names:
        if (TOP / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, tree / name)
    if (TOP / "build" / "release").exists():
        shutil.copytree(TOP / "build" / "release", tree / "build" / "release",
                        ignore=shutil.ignore_patterns("c_tests"))
    if (TOP / "build" / "image").exists():
        (tree / "build" / "image").symlink_to(TOP / "build" / "image")
    return tree


@pytest.fixture
def reader(aws, tidegate, tmp_path):
    """The environment of a person at a terminal, who gets the summary and whose account has a
    queue, buckets and a table. Only the long poll is shorter."""
    aws.create_queue("widget-requests", dead_letter="widget-requests-parked", max_receives=6)
    for bucket in ("widgets", "sues-widgets"):
        aws.create_bucket(bucket)
    aws.create_table("widgets")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "tidegate").symlink_to(tidegate.path)
    (programs / "docker").symlink_to(TOP / "tools" / "docker")
    home = tmp_path / "home"
    home.mkdir()
    return {**without_make(tidegate.environment), "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(home), "TIDEGATE_WAIT": "1s", "TIDEGATE_SUMMARY": "yes",
            "LC_ALL": "C.UTF-8"}


def runs_here(block):
    return not block.needs & {"not run", "a step of .ci/run"} and \
        (WITH_IMAGE or "with the image" not in block.needs)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_commands_of_a_document(reader, tmp_path, name):
    here = tmp_path / "here"
    here.mkdir()
    blocks, tree = [block for block in blocks_of(name) if runs_here(block)], None
    if any("in a checkout" in block.needs for block in blocks):
        tree = copy_of_the_tree(tmp_path)
    for block in blocks:
        run(block, tree if "in a checkout" in block.needs else here, reader)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_not_run_needs_an_account(name):
    for block in blocks_of(name):
        if block.not_run:
            lines = [command for command in block.commands() if not re.match(r"\w+=\S*$", command)]
            found = {line.split()[0] for line in lines}
            assert found <= ACCOUNT_PROGRAMS, block.where


@pytest.mark.parametrize("name", DOCUMENTS)
def test_steps_of_ci_are_steps_of_ci(name):
    steps = re.findall(r"^step \w+ (.*)$", (TOP / ".ci" / "run").read_text(), re.M)
    for block in blocks_of(name):
        if "a step of .ci/run" in block.needs:
            assert set(block.commands()) <= set(steps), block.where


def targets():
    return set(re.findall(r"^([a-z-]+):.*## ", (TOP / "Makefile").read_text(), re.M))


@pytest.mark.parametrize("name", [*DOCUMENTS, "docs/faults.md", "docs/scripting.md",
                                  "ARCHITECTURE.md"])
def test_commands_within_sentences_exist(offline, name):
    text = re.sub(r"^```.*?^```$", "", (TOP / name).read_text(), flags=re.M | re.S)
    commands = set(re.findall(r"^  ([a-z]+)\b", offline.run("help").stdout, re.M))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets()
    assert set(re.findall(r"`tidegate ([a-z]+)", text)) <= commands
    for path in re.findall(r"\]\(([^):]+)\)", text):
        assert (TOP / name).parent.joinpath(path).exists(), path


@pytest.mark.parametrize("kind, text, good", [
    ("sh", "true\ntrue\n", True), ("sh", "false\ntrue\n", False),
    ("console", "$ echo one\none\n", True), ("console", "$ echo one\ntwo\n", False),
    ("console", "$ echo one\n$ echo two \\\n    three\ntwo three\n", False),
    ("console", "$ x=1\n$ echo one $x \\\n    two\none … two\n", True),
    ("console", "$ seq 9\n1\n…\n9\n", True), ("console", "$ seq 9\n2\n…\n9\n", False),
    ("console", "$ seq 2\n…\n2\n3\n", False), ("console", "$ false\n", False),
])
def test_a_block_that_does_not_do_what_it_shows_fails(tmp_path, kind, text, good):
    block = Block("here", kind, text, set())
    if good:
        run(block, tmp_path, os.environ)
    else:
        with pytest.raises(AssertionError):
            run(block, tmp_path, os.environ)
