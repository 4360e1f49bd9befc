#!/usr/bin/env python3
"""Reads the facts out of a cuda.h, or says what two versions of it differ in.

    facts.py CUDA.h [--base OLD.json] > NEW.json
    facts.py --diff OLD NEW          (each a header or a file of facts)

What comes out is what make-cuda-h.py writes our header from; docs/headers.md describes it. No text of the header but its
declarations is looked at. --base names older facts, from which functions keep what a header does not say: the section they
belong to, and the header that declares them if it is another one. Needs libclang, by its C interface.
"""
import argparse
import ctypes
import glob
import json
import os
import re
import sys
import tempfile

LIBC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libc")
HANDLE = re.compile(r"struct (\w+) \*$")
PER_THREAD = re.compile(r"_(ptds|ptsz)$")

# Kinds of cursors and types, from clang-c/Index.h; they do not change.
STRUCT, UNION, ENUM, FIELD, CONSTANT, FUNCTION, PARAMETER, TYPEDEF = 2, 3, 5, 6, 7, 8, 10, 20
T_POINTER, T_RECORD, T_ENUM, T_PROTO, T_NOPROTO, T_ARRAY = 101, 105, 106, 111, 110, 112


class Cursor(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("xdata", ctypes.c_int), ("data", ctypes.c_void_p * 3)]


class Type(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("data", ctypes.c_void_p * 2)]


class String(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("flags", ctypes.c_uint)]


VISITOR = ctypes.CFUNCTYPE(ctypes.c_int, Cursor, Cursor, ctypes.c_void_p)


def load():
    candidates = [os.environ.get("CUDARPC_LIBCLANG"), "libclang.so.1", "libclang.so"]
    candidates += sorted(glob.glob("/usr/lib/llvm-*/lib/libclang.so*") + glob.glob("/usr/lib/*/libclang-[0-9]*.so*"), reverse=True)
    for path in filter(None, candidates):
        try:
            return ctypes.CDLL(path)
        except OSError:
            pass
    sys.exit("facts.py: libclang is needed: install libclang1, or set CUDARPC_LIBCLANG to it")


class Clang:
    """The few functions of libclang that are needed."""

    def __init__(self):
        self.lib = load()

    def call(self, name, result, *arguments):
        function = getattr(self.lib, "clang_" + name)
        function.restype = result
        function.argtypes = [type(argument) for argument in arguments]
        return function(*arguments)

    def text(self, name, *arguments):
        string = self.call(name, String, *arguments)
        data = self.call("getCString", ctypes.c_char_p, string)
        value = data.decode() if data else ""
        self.call("disposeString", None, string)
        return value

    def children(self, cursor):
        found = []
        visit = VISITOR(lambda child, parent, data: found.append(child) or 1)
        self.call("visitChildren", ctypes.c_uint, cursor, visit, ctypes.c_void_p())
        return found

    def parse(self, path, defines):
        index = self.call("createIndex", ctypes.c_void_p, ctypes.c_int(0), ctypes.c_int(0))
        arguments = ["-x", "c", "-std=c11", "-target", "x86_64-unknown-linux-gnu", "-nostdinc", "-I" + LIBC] + defines
        array = (ctypes.c_char_p * len(arguments))(*[argument.encode() for argument in arguments])
        unit = self.call(
            "parseTranslationUnit", ctypes.c_void_p, ctypes.c_void_p(index), ctypes.c_char_p(path.encode()), array,
            ctypes.c_int(len(arguments)), ctypes.c_void_p(), ctypes.c_uint(0), ctypes.c_uint(0))
        if not unit:
            sys.exit(f"facts.py: {path} cannot be parsed")
        unit = ctypes.c_void_p(unit)
        for i in range(self.call("getNumDiagnostics", ctypes.c_uint, unit)):
            diagnostic = ctypes.c_void_p(self.call("getDiagnostic", ctypes.c_void_p, unit, ctypes.c_uint(i)))
            if self.call("getDiagnosticSeverity", ctypes.c_int, diagnostic) >= 3:
                sys.exit("facts.py: " + self.text("formatDiagnostic", diagnostic, ctypes.c_uint(1)))
        return self.call("getTranslationUnitCursor", Cursor, unit)


class Reader:
    """One view of a header."""

    def __init__(self, clang, path, defines):
        self.clang = clang
        self.path = path
        self.typedefs, self.handles, self.callbacks, self.enums, self.structs, self.functions = [], {}, [], [], [], []
        self.names = {}
        cursors = [cursor for cursor in clang.children(clang.parse(path, defines)) if self.is_own(cursor)]
        for cursor in cursors:
            if cursor.kind == TYPEDEF:
                self.typedef(cursor)
        for cursor in cursors:
            self.declaration(cursor)

    def is_own(self, cursor):
        # Where a macro spells the name, the declaration is where the macro is used.
        location = self.clang.call("getCursorLocation", Location, cursor)
        file = ctypes.c_void_p()
        self.clang.call("getExpansionLocation", None, location, ctypes.pointer(file), *[ctypes.c_void_p()] * 3)
        return bool(file) and self.clang.text("getFileName", file) == self.path

    def name(self, cursor):
        return self.clang.text("getCursorSpelling", cursor)

    def spell(self, kind):
        return self.clang.text("getTypeSpelling", kind)

    def typedef(self, cursor):
        name = self.name(cursor)
        under = self.clang.call("getTypedefDeclUnderlyingType", Type, cursor)
        canonical = self.clang.call("getCanonicalType", Type, under)
        spelling = self.spell(canonical)
        handle = HANDLE.match(spelling)
        if canonical.kind in (T_RECORD, T_ENUM):
            if spelling not in self.names:
                self.names[spelling] = name
            else:
                self.typedefs.append({"name": name, "ctype": self.spell(under)})
        elif handle and not self.is_defined(canonical):
            if self.spell(under).startswith("struct "):
                self.handles[name] = handle.group(1)
            else:
                self.typedefs.append({"name": name, "ctype": self.spell(under)})
        elif canonical.kind == T_POINTER and self.pointee(canonical).kind in (T_PROTO, T_NOPROTO):
            function = self.pointee(under)
            result = self.clang.call("getResultType", Type, function)
            parameters = [child for child in self.clang.children(cursor) if child.kind == PARAMETER]
            self.callbacks.append({"name": name, "ret": self.spell(result), "params": [self.parameter(item) for item in parameters]})
        else:
            self.typedefs.append({"name": name, "ctype": self.spell(under)})

    def pointee(self, kind):
        return self.clang.call("getPointeeType", Type, kind)

    def is_defined(self, pointer):
        declaration = self.clang.call("getTypeDeclaration", Cursor, self.pointee(pointer))
        return self.clang.call("isCursorDefinition", ctypes.c_uint, declaration) != 0

    def parameter(self, cursor):
        return {"name": self.name(cursor), "ctype": self.spell(self.clang.call("getCursorType", Type, cursor))}

    def declaration(self, cursor):
        if cursor.kind == FUNCTION:
            if self.clang.call("Cursor_getStorageClass", ctypes.c_int, cursor) != 3:
                parameters = [child for child in self.clang.children(cursor) if child.kind == PARAMETER]
                self.functions.append({"name": self.name(cursor), "params": [self.parameter(item) for item in parameters]})
        elif cursor.kind in (STRUCT, UNION, ENUM) and self.clang.call("isCursorDefinition", ctypes.c_uint, cursor):
            kind = self.clang.call("getCursorType", Type, cursor)
            spelling = self.spell(self.clang.call("getCanonicalType", Type, kind))
            tag = re.match(r"(?:struct|union|enum) (\w+)$", spelling)
            tag = tag.group(1) if tag else None
            name = self.names.get(spelling, tag)
            if cursor.kind == ENUM:
                underlying = self.clang.call("getEnumDeclIntegerType", Type, cursor)
                self.enums.append({"name": name, "tag": tag, "underlying": self.spell(underlying), "constants": [
                    {"name": self.name(item), "value": self.clang.call("getEnumConstantDeclValue", ctypes.c_longlong, item)}
                    for item in self.clang.children(cursor) if item.kind == CONSTANT]})
            elif name:
                self.structs.append({"name": name, "tag": tag, **self.record(cursor, kind, 0)})

    def record(self, cursor, kind, base):
        """kind, size, align, fields; offsets from the outermost record."""
        fields, tagged = [], {}
        for child in self.clang.children(cursor):
            if child.kind in (STRUCT, UNION) and self.clang.call("Cursor_isAnonymousRecordDecl", ctypes.c_uint, child):
                fields.append({"name": None, **self.inline(child, None, base + self.anonymous_offset(cursor, child))})
            elif child.kind in (STRUCT, UNION):
                tag = self.name(child)
                if tag and "(" not in tag:
                    tagged[self.spell(self.clang.call("getCursorType", Type, child))] = tag
            elif child.kind == FIELD:
                fields.append(self.field(child, base, tagged))
        size = self.clang.call("Type_getSizeOf", ctypes.c_longlong, kind)
        align = self.clang.call("Type_getAlignOf", ctypes.c_longlong, kind)
        natural = max((self.clang.call("Type_getAlignOf", ctypes.c_longlong, item) for item in self.members(cursor)), default=1)
        asked = {"explicit_align": align} if align > natural else {}
        return {"kind": "union" if cursor.kind == UNION else "struct", "size": size, "align": align, **asked, "fields": fields}

    def members(self, cursor):
        return [self.clang.call("getCursorType", Type, child) for child in self.clang.children(cursor)
                if child.kind in (FIELD, STRUCT, UNION)]

    # The offset of an anonymous member is that of its first field, less that field's offset in it.
    def anonymous_offset(self, outer, inner):
        for item in self.clang.children(inner):
            if item.kind == FIELD:
                outer_type = self.clang.call("getCursorType", Type, outer)
                inner_type = self.clang.call("getCursorType", Type, inner)
                name = ctypes.c_char_p(self.name(item).encode())
                here = self.clang.call("Type_getOffsetOf", ctypes.c_longlong, outer_type, name)
                there = self.clang.call("Type_getOffsetOf", ctypes.c_longlong, inner_type, name)
                return (here - there) // 8
        sys.exit("facts.py: an anonymous member without a field of its own is not understood")

    def inline(self, declaration, tag, offset):
        kind = self.clang.call("getCursorType", Type, declaration)
        inner = self.record(declaration, kind, offset)
        result = {"ctype": f"{inner['kind']} {tag}" if tag else inner["kind"], "kind": inner["kind"], "size": inner["size"], "align": inner["align"], "offset": offset}
        return {**result, "fields": inner["fields"]}

    def field(self, cursor, base, tagged):
        if self.clang.call("Cursor_isBitField", ctypes.c_uint, cursor):
            sys.exit(f"facts.py: {self.name(cursor)} is a bit-field; the facts have no way to say so")
        offset = base + self.clang.call("Cursor_getOffsetOfField", ctypes.c_longlong, cursor) // 8
        kind = self.clang.call("getCursorType", Type, cursor)
        length = None
        if kind.kind == T_ARRAY:
            length = self.clang.call("getArraySize", ctypes.c_longlong, kind)
            kind = self.clang.call("getArrayElementType", Type, kind)
        canonical = self.clang.call("getCanonicalType", Type, kind)
        spelling = self.spell(canonical)
        if canonical.kind == T_RECORD and spelling not in self.names and ("(" in spelling or spelling in tagged):
            declaration = self.clang.call("getTypeDeclaration", Cursor, canonical)
            result = {"name": self.name(cursor), **self.inline(declaration, tagged.get(spelling), offset)}
        else:
            result = {"name": self.name(cursor), "ctype": self.spell(kind), "offset": offset}
        if length is not None:
            result["array_len"] = length
        return result


class Location(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p * 2), ("int_data", ctypes.c_uint)]


def macros(text):
    """Macros that are integers, perhaps cast; those that rename functions, by what they rename to; and all others of one word."""
    values, aliases, renamed = {}, {}, {}

    # Of several names for a function the program writes the shortest.
    def alias(target, name):
        if target != name and len(name) < len(aliases.get(target, name + "_")):
            aliases[target] = name

    for name, value in re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+([^\n]*?)[ \t]*(?://.*|/\*.*)?$", text, re.M):
        number = re.fullmatch(r"\(?(?:\((\w+(?: ?\*)?)\)\s*)?\(?(-?(?:0[xX][0-9a-fA-F]+|\d+))[uUlL]*\)?\)?", value)
        if number and number.group(1) and int(number.group(2), 0) >= 0:
            values[name] = f"({re.sub(r' ?[*]', ' *', number.group(1))})0x{int(number.group(2), 0):X}"
        elif number:
            values[name] = int(number.group(2), 0)
        elif (cast := re.fullmatch(r"\(\((\w+) ?\*\)(\w+)\)", value)) and isinstance(values.get(cast.group(2)), int):
            values[name] = f"({cast.group(1)} *)0x{values[cast.group(2)]:X}"
        elif re.fullmatch(r"__CUDA_API_PT(DS|SZ)\((cu\w+)\)", value):
            suffix, target = re.fullmatch(r"__CUDA_API_PT(DS|SZ)\((cu\w+)\)", value).groups()
            alias(f"{target}_pt{suffix.lower()}", name)
            alias(target, name)
        elif re.fullmatch(r"cu\w+", name) and re.fullmatch(r"cu[A-Z]\w+", value):
            alias(value, name)
        elif re.fullmatch(r"\w+", value):
            values[name] = None
            renamed[name] = value
    return values, aliases, renamed


def read(path, base=None):
    if path.endswith(".json"):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    with open(path, encoding="utf-8") as file:
        values, aliases, renamed = macros(file.read())
    clang = Clang()
    internal, plain = Reader(clang, path, ["-D__CUDA_API_VERSION_INTERNAL"]), Reader(clang, path, [])
    threads = Reader(clang, path, ["-DCUDA_API_PER_THREAD_DEFAULT_STREAM"])
    declared = by_name(internal.functions)
    twins = [item for item in threads.functions if PER_THREAD.search(item["name"]) and item["name"] not in declared]
    program = {item["name"] for item in plain.functions}
    types = {item["name"] for item in plain.typedefs + plain.structs}
    for item in internal.typedefs + internal.structs:
        if item["name"] not in types:
            item["internal_only"] = True
    constants = {item["name"]: item["value"] for enum in internal.enums for item in enum["constants"]}
    values.update((name, constants[value]) for name, value in renamed.items() if value in constants)
    older = {function["name"]: function for function in (base or {}).get("functions", [])}
    functions = []
    for function in internal.functions + twins:
        name = function["name"]
        twin = PER_THREAD.search(name)
        entry = dict(function)
        known = older.get(name, older.get(PER_THREAD.sub("", name), {}))
        if "api_group" in known:
            entry["api_group"] = known["api_group"]
        if name in aliases:
            entry["alias_of_macro"] = aliases[name]
        entry["thread_default"] = twin.group(1) if twin else None
        if name not in aliases if twin else name not in program:
            entry["internal_only"] = True
        functions.append(entry)
    here = {function["name"] for function in functions}
    elsewhere = [function for function in older.values() if function.get("header") and function["name"] not in here]
    functions += elsewhere
    used = {word for function in elsewhere for parameter in function["params"] for word in re.findall(r"\w+", parameter["ctype"])}
    enums = {enum["name"] for enum in internal.enums}
    others = [enum for enum in (base or {}).get("enums", []) if enum["name"] in used - enums]
    functions.sort(key=lambda function: function["name"])
    return {
        "cuda_version": values.get("CUDA_VERSION", 0),
        "return_type": "CUresult",
        "macros": {name: value for name, value in values.items() if value is not None and not name.startswith("_")},
        "external_types": (base or {}).get("external_types", {}),
        "handles": list(internal.handles),
        "handle_tags": internal.handles,
        "typedefs": internal.typedefs,
        "callbacks": internal.callbacks,
        "enums": internal.enums + others,
        "structs": internal.structs,
        "functions": functions,
    }


def signature(function, resolve):
    return "(" + ", ".join(resolve(parameter["ctype"]) for parameter in function["params"]) + ")"


def by_name(items):
    return {item["name"]: item for item in items}


def resolver(facts):
    """Spells a type so that two headers that mean the same spell it alike, whatever their typedefs."""
    names = {item["name"]: item["ctype"] for item in facts["typedefs"]}
    sizes = {item["name"]: item["size"] for item in facts["structs"]}

    def resolve(ctype):
        while True:
            changed = re.sub(r"\w+", lambda match: names.get(match.group(), match.group()), ctype)
            if changed == ctype:
                break
            ctype = changed
        return re.sub(r"(\w+?)(?:_v\d+)?\b", lambda match: match.group(1) if match.group() in sizes else match.group(), ctype).replace(" *", "*")
    return resolve


def layout(struct, prefix=""):
    for field in struct["fields"]:
        path = prefix + (field["name"] or "")
        if "fields" in field:
            yield from layout(field, path + "." if field["name"] else prefix)
        else:
            length = f"[{field['array_len']}]" if "array_len" in field else ""
            yield path, f"at {field['offset']}{length}"


def difference(old, new):
    """Lines of Markdown."""
    yield f"CUDA {old['cuda_version']} -> {new['cuda_version']}"

    def section(title, lines):
        lines = list(lines)
        if lines:
            yield ""
            yield f"## {title} ({len(lines)})"
            yield from (f"- {line}" for line in lines)

    def names(title, before, after):
        yield from section(f"{title} added", sorted(set(after) - set(before)))
        yield from section(f"{title} removed", sorted(set(before) - set(after)))

    a, b = by_name(old["functions"]), by_name(new["functions"])
    own = [{name: function for name, function in side.items() if not function.get("header")} for side in (a, b)]
    ra, rb = resolver(old), resolver(new)
    yield from names("Functions", *own)
    yield from section("Signatures changed", (
        f"{name}: {signature(a[name], ra)} -> {signature(b[name], rb)}"
        for name in sorted(set(a) & set(b)) if signature(a[name], ra) != signature(b[name], rb)))
    yield from section("Names moved", (
        f"{b[name]['alias_of_macro']} is {name} now" for name in sorted(set(a) & set(b))
        if b[name].get("alias_of_macro") and b[name].get("alias_of_macro") != a[name].get("alias_of_macro") and not b[name]["thread_default"]))
    a, b = by_name(old["structs"]), by_name(new["structs"])
    yield from names("Structs", a, b)

    def struct_changes():
        for name in sorted(set(a) & set(b)):
            before, after = dict(layout(a[name])), dict(layout(b[name]))
            changes = [f"size {a[name]['size']} -> {b[name]['size']}"] if a[name]["size"] != b[name]["size"] else []
            changes += [f"+{path} {after[path]}" for path in after if path not in before]
            changes += [f"-{path}" for path in before if path not in after]
            changes += [f"{path} {before[path]} -> {after[path]}" for path in after if path in before and before[path] != after[path]]
            if changes:
                yield f"{name}: {', '.join(changes)}"
    yield from section("Structs changed", struct_changes())
    yield from names("Handles", old["handles"], new["handles"])
    a, b = by_name(old["enums"]), by_name(new["enums"])
    yield from names("Enumerations", a, b)
    values = [{item["name"]: item["value"] for enum in side["enums"] for item in enum["constants"]} for side in (old, new)]
    for kind, before, after in (("Constants", *values), ("Macros", old["macros"], new["macros"])):
        yield from names(kind, before, after)
        yield from section(f"{kind} changed", (
            f"{name}: {before[name]} -> {after[name]}" for name in sorted(set(before) & set(after)) if before[name] != after[name]))


def dump(facts, out):
    """One record per line."""
    parts = []
    for key, value in facts.items():
        if isinstance(value, (list, dict)) and value:
            entries = [json.dumps(item) for item in value] if isinstance(value, list) else [
                f"{json.dumps(name)}: {json.dumps(item)}" for name, item in value.items()]
            brackets = "[]" if isinstance(value, list) else "{}"
            parts.append(f'"{key}": {brackets[0]}\n' + ",\n".join(entries) + "\n" + brackets[1])
        else:
            parts.append(f'"{key}": {json.dumps(value)}')
    out.write("{\n" + ",\n".join(parts) + "\n}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--diff", action="store_true", help="say what two of them differ in")
    parser.add_argument("--base", help="older facts, for what a header does not say")
    arguments = parser.parse_args()
    base = read(arguments.base) if arguments.base else None
    if arguments.diff:
        if len(arguments.files) != 2:
            parser.error("--diff compares two files")
        old, new = (read(path) for path in arguments.files)
        print("\n".join(difference(old, new)))
    elif len(arguments.files) != 1:
        parser.error("one header")
    else:
        dump(read(arguments.files[0], base), sys.stdout)


if __name__ == "__main__":
    main()
