"""tools/lint names one seeded breach of each kind by file and line, and lets the tree pass."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TREE = (".ci", ".luacheckrc", "c_tests", "examples", "lua_tests", "scripts", "src", "tools")
BANNED = "strcpy strcat sprintf strtok atoi gets alloca system localtime gmtime"
ALLOCATORS = "malloc calloc realloc reallocarray free strdup strndup asprintf"


def many(count, line="    seed();"):
    return "\n".join([line] * count)


def header(name, body=""):
    guard = f"TIDEGATE_{name.upper()}_H"
    return f"#ifndef {guard}\n#define {guard}\n{body}\n#endif\n"


# A file, what stands in it, and what is said about it: the line and some words.
SEEDS = [
    # who includes whom
    ("src/base/seed_up.c", '#include "net/seed.h"', 1, "layer base may not include layer net"),
    ("src/net/seed_up.c", '#include "aws/seed.h"', 1, "layer net may not include layer aws"),
    ("src/aws/seed_up.c", '#include "local/seed.h"', 1, "layer aws may not include layer local"),
    ("src/local/seed_up.c", '#include "net/seed.h"', 1, "layer local may not include layer net"),
    ("src/delivery/seed_up.c", '#include "aws/seed.h"', 1, "delivery may not include layer aws"),
    ("src/host/seed_up.c", '\n#include "api/seed.h"', 2, "layer host may not include layer api"),
    ("src/base/seed_none.c", '#include "base/none.h"', 1, '"base/none.h" is no file below src/'),
    ("src/net/seed_b.h", header("net_seed_b", '#include "net/seed_a.h"'), 3, "each other"),
    ("src/odd/seed.c", "", 1, "src/ holds main.c and the layers"),
    ("src/aws/seed_lua.c", "#include <lua5.4/lua.h>", 1, "only in src/api and src/host"),
    ("src/local/seed_lua.c", "#include <lauxlib.h>", 1, "only in src/api and src/host"),
    ("src/api/seed_curl.c", "#include <curl/curl.h>", 1, "only in src/net"),
    ("src/host/seed_db.c", "#include <sqlite3.h>", 1, "only in src/local"),
    ("src/net/seed_xml.c", "#include <expat.h>", 1, "only in src/aws"),
    ("src/aws/seed_ssl.c", "#  include <openssl/evp.h>", 1, "only in src/base"),
    # headers
    ("src/aws/seed_guard.h", header("seed"), 1, "guard must be TIDEGATE_AWS_SEED_GUARD_H"),
    ("src/aws/seed_open.h", "#pragma once", 1, "guard must be TIDEGATE_AWS_SEED_OPEN_H"),
    ("src/aws/seed_alone.h", header("aws_seed_alone", "size_t x;"), 1, "does not compile alone"),
    # calls
    *((f"src/base/seed_{name}.c", f"int x =\n{name} (\n1);", 2, f"{name} is banned")
      for name in BANNED.split()),
    *((f"src/host/seed_{name}.c", f"int x = {name}(1);", 1, f"{name} is banned: use base/mem.h")
      for name in ALLOCATORS.split()),
    ("c_tests/seed_calls.c", "#define x gets(y)", 1, "gets is banned"),
    ("src/api/seed_yield.c", "f(lua_yieldk(L,\n0));\nlua_yield(L);", 3, "lua_yield has"),
    ("src/api/seed_resume.c", "lua_resume(L);\nlua_resume(L);", 2, "lua_resume has"),
    # sizes
    ("src/base/seed_long.c", f"int seed(void)\n{{\n{many(58)}\n}}", 1, "seed has 61 lines"),
    ("src/base/seed_file.c", many(501, "/* */"), 501, "501 lines, more than 500"),
    ("src/base/seed_wide.c", "\n/*" + 97 * "ü" + "*/", 2, "101 columns, more than 100"),
    ("scripts/seed_long.lua", f"\nreturn function()\n{many(49, 'print()')}\nend", 2, "51 lines"),
    ("scripts/seed_file.lua", many(301, "print()"), 301, "301 lines, more than 300"),
    ("lua_tests/seed_wide.lua", "\n\n--" + 99 * "-", 3, "101 columns"),
    ("lua_tests/seed_spec.lua", f"it('x', function()\n{many(49, 'print()')}\nend)", 1, "51 lines"),
    ("lua_tests/seed_long.py", f"def seed():\n{many(50, '    pass')}", 1, "seed has 51 lines"),
    ("lua_tests/seed_file.py", many(301, "pass"), 301, "301 lines, more than 300"),
    ("tools/seed_wide.py", "#" * 101, 1, "101 columns"),
    # what other programs say
    ("lua_tests/seed_syntax.py", "\ndef seed(:", 2, "invalid syntax"),
    ("scripts/seed_syntax.lua", "\nreturn (", 2, "unexpected symbol near <eof>"),
    ("scripts/seed_global.lua", "\nseed = 1", 2, "luacheck: (W111) setting non-standard global"),
    (".ci/seed_shell", "#!/bin/sh\n# seed\necho $1", 3, "shellcheck: note: Double quote"),
]

# What the seeds need, and what looks like a breach and is none.
INNOCENT = {
    **{f"src/{layer}/seed.h": header(f"{layer}_seed") for layer in ("net", "aws", "local", "api")},
    "src/net/seed_a.h": header("net_seed_a", '#include "net/seed_b.h"'),
    "src/host/innocent.c": r"""
        /* strcpy(a, b); malloc(1);
        #include <curl/curl.h> */
        // #include "api/seed.h"
        #include <lua.h>
        #include "local/seed.h"
        const char *quoted = "system(\"x\"); /* gets(", mark = '"'; // */ free(x);
        int f(struct x *x) { return x->free(x) + x.system (2) + malloc + (free); }
    """,
    "scripts/innocent.lua": f"return [==[\nfunction()\n{many(60, 'x')}\nend]==], 'function('",
    "lua_tests/innocent_spec.lua": f"describe('x', function()\n{many(60, '  print()')}\nend)",
}


def plant(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def copy_tree(folder, parts=TREE):
    for part in parts:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, symlinks=True)
        elif (ROOT / part).exists():
            shutil.copy(ROOT / part, folder / part)


def lint(folder):
    done = subprocess.run([folder / "tools/lint"], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout.splitlines()


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """Exit status and lines for a copy of the tree that holds every seed."""
    folder = tmp_path_factory.mktemp("seeded")
    copy_tree(folder)
    plant(folder, INNOCENT)
    plant(folder, {path: text for path, text, _, _ in SEEDS})
    return lint(folder)


def test_the_tree_passes():
    assert lint(ROOT) == (0, [])


@pytest.mark.parametrize("path,text,line,words", SEEDS, ids=[seed[0] for seed in SEEDS])
def test_a_seed_is_named(seeded, path, text, line, words):
    status, said = seeded
    assert status == 1
    found = [row for row in said if row.startswith(f"{path}:{line}: ") and words in row]
    assert found, [row for row in said if row.startswith(f"{path}:")]


def test_what_is_no_breach_is_not_named(seeded):
    about = {row.split(":", 1)[0] for row in seeded[1]}
    assert about.isdisjoint(INNOCENT)


def test_the_median_of_functions_is_held(tmp_path):
    copy_tree(tmp_path, ("tools", ".luacheckrc"))
    short, long = "int a(void)\n{\n}\n", f"int b(void)\n{{\n{many(10)}\n}}\n"
    plant(tmp_path, {"src/main.c": short + long})
    assert lint(tmp_path) == (0, [])
    plant(tmp_path, {"src/main.c": long.replace("b", "c") + long + long.replace("{", "{\n")})
    assert lint(tmp_path) == (1, ["src:1: the median function has 13 lines, more than 12"])
