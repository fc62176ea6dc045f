"""Functions that may not be called, and those called in one place only."""

BANNED = set("strcpy strcat sprintf strtok atoi gets alloca system localtime gmtime".split())
# base/mem counts what is alive, so memory is taken and given back only there.
ALLOCATORS = set("malloc calloc realloc reallocarray free strdup strndup asprintf".split())
ALLOCATES = {"src/base/mem.c"}
# One function lets a coroutine wait, one lets it go on.
SINGLE = ({"lua_yield", "lua_yieldk"}, {"lua_resume"})


def check_single(tree, names):
    sites = [(file.path, line, name) for file in tree.src for line, name in file.calls(names)]
    if len(sites) > 1:
        for path, line, name in sites:
            tree.complain(path, line, f"{name} has {len(sites)} call sites, and may have one")


def check(tree):
    for file in tree.src + tree.c_tests:
        for line, name in file.calls(BANNED):
            tree.complain(file.path, line, f"{name} is banned")
    for file in tree.src:
        if file.path not in ALLOCATES:
            for line, name in file.calls(ALLOCATORS):
                tree.complain(file.path, line, f"{name} is banned: use base/mem.h")
    for names in SINGLE:
        check_single(tree, names)
