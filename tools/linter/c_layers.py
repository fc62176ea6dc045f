"""Who may include whom: the layers of src/, the borders of the libraries, no cycles."""

LAYERS = {
    "base": set(),
    "net": {"base"},
    "aws": {"base", "net"},
    "local": {"base"},
    "delivery": {"base"},
    "host": {"base", "net", "aws", "local", "delivery"},
    "api": {"base", "net", "aws", "local", "delivery", "host"},
    "main": {"base", "net", "aws", "local", "delivery", "host", "api"},
}
# Library headers, by how their name begins, and the only layers that may include them.
LIBRARIES = {
    ("lua.h", "lauxlib.h", "lualib.h", "luaconf.h", "lua5.4/"): {"host", "api"},
    ("curl/",): {"net"},
    ("sqlite3",): {"local"},
    ("expat",): {"aws"},
    ("openssl/",): {"base"},
}


def check_ours(tree, file, line, name, known):
    if name not in known:
        tree.complain(file.path, line, f'"{name}" is no file below src/')
        return
    layer = known[name].layer
    if layer != file.layer and layer not in LAYERS.get(file.layer, ()):
        tree.complain(file.path, line, f"layer {file.layer} may not include layer {layer} ({name})")


def check_library(tree, file, line, name):
    for beginnings, layers in LIBRARIES.items():
        if name.startswith(beginnings) and file.layer not in layers:
            places = " and ".join(f"src/{layer}" for layer in sorted(layers))
            tree.complain(file.path, line, f"{name} may be included only in {places}")


def check_cycles(tree, known):
    """Depth first over the #include graph; each cycle is told once, where it closes."""
    done, path = set(), []

    def visit(name):
        path.append(name)
        for line, other, ours in known[name].includes:
            if ours and other in path:
                loop = " -> ".join(path[path.index(other):] + [other])
                tree.complain(known[name].path, line, f"headers include each other: {loop}")
            elif ours and other in known and other not in done:
                visit(other)
        done.add(path.pop())

    for name in known:
        if name not in done:
            visit(name)


def check(tree):
    known = {file.path.removeprefix("src/"): file for file in tree.src}
    for file in tree.src:
        if file.layer not in LAYERS or (file.layer == "main" and file.path != "src/main.c"):
            layers = " ".join(layer for layer in LAYERS if layer != "main")
            tree.complain(file.path, 1, f"src/ holds main.c and the layers {layers}")
        for line, name, ours in file.includes:
            if ours:
                check_ours(tree, file, line, name, known)
            check_library(tree, file, line, name)
    check_cycles(tree, known)
