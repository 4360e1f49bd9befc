#!/usr/bin/env python3
"""Writes cuda.h, or the list of what it leaves out, from facts about the CUDA driver API.

    make-cuda-h.py FACTS.json > cuda.h
    make-cuda-h.py --left-out FACTS.json EXPORTS.txt... > left-out.txt

docs/headers.md describes both formats. The output depends on nothing but the inputs.
"""
import json
import re
import sys

WIDTH = 140

# Headers whose functions stay out, and why.
INTEROP = {
    "cudaGL.h": "OpenGL interop: shares the display driver of one machine",
    "cudaEGL.h": "EGL interop: shares the display driver of one machine",
    "cudaVDPAU.h": "VDPAU interop: shares the display driver of one machine",
}
LEFT_OUT_TYPE = re.compile(r"CU(GL|egl)")
LEFT_OUT_MACROS = {"MAX_PLANES", "CUDA_EGL_INFINITE_TIMEOUT"}
LEFT_OUT_EXPORTS = [
    (re.compile(r"cudbg"), "debugger interface: not part of the driver API"),
    (re.compile(r"cuEGL"), INTEROP["cudaEGL.h"]),
    (re.compile(r""), "exported by the driver, signature not known to us"),
]

# Sections in the order of the header. A function with no group in the facts goes by the longest prefix that fits.
SECTIONS = {
    "CUDA_ERROR": "Errors",
    "CUDA_INITIALIZE": "Initialisation",
    "CUDA_VERSION": "Version",
    "CUDA_DRIVER_ENTRY_POINT": "Entry points",
    "CUDA_DEVICE": "Devices",
    "CUDA_DEVICE_DEPRECATED": "Devices, deprecated",
    "CUDA_PRIMARY_CTX": "Primary contexts",
    "CUDA_CTX": "Contexts",
    "CUDA_CTX_DEPRECATED": "Contexts, deprecated",
    "CUDA_GREEN_CONTEXTS": "Green contexts",
    "CUDA_MODULE": "Modules and the linker",
    "CUDA_MODULE_DEPRECATED": "Modules, deprecated",
    "CUDA_LIBRARY": "Libraries and kernels",
    "CUDA_MEM": "Memory",
    "CUDA_VA": "Virtual memory",
    "CUDA_MALLOC_ASYNC": "Stream-ordered memory",
    "CUDA_MULTICAST": "Multicast objects",
    "CUDA_UNIFIED": "Unified addressing",
    "CUDA_STREAM": "Streams",
    "CUDA_EVENT": "Events",
    "CUDA_EXTRES_INTEROP": "External memory and semaphores",
    "CUDA_MEMOP": "Stream memory operations",
    "CUDA_EXEC": "Functions and launches",
    "CUDA_EXEC_DEPRECATED": "Functions and launches, deprecated",
    "CUDA_OCCUPANCY": "Occupancy",
    "CUDA_GRAPH": "Graphs",
    "CUDA_TEXREF_DEPRECATED": "Texture references, deprecated",
    "CUDA_SURFREF_DEPRECATED": "Surface references, deprecated",
    "CUDA_TEXOBJECT": "Texture objects",
    "CUDA_SURFOBJECT": "Surface objects",
    "CUDA_TENSOR_MEMORY": "Tensor maps",
    "CUDA_PEER_ACCESS": "Peer access",
    "CUDA_GRAPHICS": "Graphics resources",
    "CUDA_COREDUMP": "Core dumps",
    "CUDA_CHECKPOINT": "Checkpoints",
    "CUDA_LOGS": "Logs",
    "CUDA_PROFILER": "Profiler",
    "CUDA_PROFILER_DEPRECATED": "Profiler, deprecated",
}
PREFIXES = {
    "cuCheckpoint": "CUDA_CHECKPOINT",
    "cuCtx": "CUDA_CTX",
    "cuDevice": "CUDA_DEVICE",
    "cuGetExportTable": "CUDA_DRIVER_ENTRY_POINT",
    "cuGreenCtx": "CUDA_GREEN_CONTEXTS",
    "cuKernel": "CUDA_LIBRARY",
    "cuLogs": "CUDA_LOGS",
    "cuMem": "CUDA_MEM",
    "cuMemDiscard": "CUDA_UNIFIED",
    "cuMemPrefetch": "CUDA_UNIFIED",
    "cuMemGetDefaultMemPool": "CUDA_MALLOC_ASYNC",
    "cuMemGetMemPool": "CUDA_MALLOC_ASYNC",
    "cuMemSetMemPool": "CUDA_MALLOC_ASYNC",
    "cuStream": "CUDA_STREAM",
    "cuTensorMap": "CUDA_TENSOR_MEMORY",
}

INTERNAL = "defined(__CUDA_API_VERSION_INTERNAL)"
PER_THREAD = "defined(CUDA_API_PER_THREAD_DEFAULT_STREAM)"

HEAD = """\
/*
 * The CUDA driver API, {version}: declarations of the CudaRpc project. Names, types, values and layouts only.
 * Written by headers/make-cuda-h.py from facts about the API; change those or the script, not this file. See docs/headers.md.
 *
 * CUDA_API_PER_THREAD_DEFAULT_STREAM  the plain names mean the _ptds/_ptsz functions
 * __CUDA_API_VERSION_INTERNAL         no renaming: every function, old ones and twins included, under the name libcuda exports
 */
#ifndef __cuda_cuda_h__
#define __cuda_cuda_h__

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define CUDAAPI
#define CUDA_CB

#ifdef __cplusplus
#define CUDARPC_ALIGNAS(bytes) alignas(bytes)
extern "C" {{
#else
#define CUDARPC_ALIGNAS(bytes) _Alignas(bytes)
#endif
"""

# With per-thread streams the plain name asks for per-thread functions unless the caller names a flavour.
PER_THREAD_LOOKUP = """\
static inline CUresult cudarpcGetProcAddress(const char *symbol, void **pfn, int cudaVersion, cuuint64_t flags,
        CUdriverProcAddressQueryResult *symbolStatus)
{
    const cuuint64_t flavours = CU_GET_PROC_ADDRESS_LEGACY_STREAM | CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
    if (!(flags & flavours)) flags |= CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
    return cuGetProcAddress_v2(symbol, pfn, cudaVersion, flags, symbolStatus);
}"""

TAIL = """

#ifdef __cplusplus
}
#endif

#undef CUDARPC_ALIGNAS

#endif
"""


def declarator(ctype, name, array_len=None):
    """`void *` and `p` -> `void *p`."""
    text = re.sub(r"\s*(\*+)$", r" \1", ctype)
    text += name if text.endswith("*") else " " + name
    return text if array_len is None else f"{text}[{array_len}]"


def wrapped(head, items, tail):
    """Comma-separated items after head, broken before WIDTH with a hanging indent."""
    lines, line = [], head
    for index, item in enumerate(items):
        piece = item + (tail if index == len(items) - 1 else ",")
        glue = "" if index == 0 else " "
        if len(line) + len(glue) + len(piece) > WIDTH:
            lines.append(line)
            line, glue = "        ", ""
        line += glue + piece
    return "\n".join(lines + [line])


def parameters(params):
    return [declarator(p["ctype"], p["name"]) for p in params] or ["void"]


def function(facts, name, params):
    return wrapped(f"{facts['return_type']} CUDAAPI {name}(", parameters(params), ");")


def callback(record):
    return wrapped(f"typedef {record['ret']} (CUDA_CB *{record['name']})(", parameters(record["params"]), ");")


def enum(record):
    tag = f" {record['tag']}" if record["tag"] else ""
    body = ",\n".join(f"    {c['name']} = {c['value']}" for c in record["constants"])
    return f"typedef enum{tag} {{\n{body}\n}} {record['name']};"


def fields(record, indent, align=None):
    for field in record["fields"]:
        align_text = f"CUDARPC_ALIGNAS({align}) " if align else ""
        align = None
        if "fields" in field:
            nested = "\n".join(fields(field, indent + "    "))
            name = f" {field['name']}" if field["name"] else ""
            array = f"[{field['array_len']}]" if "array_len" in field else ""
            yield f"{indent}{align_text}{field['ctype']} {{\n{nested}\n{indent}}}{name}{array};"
        else:
            yield f"{indent}{align_text}{declarator(field['ctype'], field['name'], field.get('array_len'))};"


def record_definition(record):
    body = "\n".join(fields(record, "    ", record.get("explicit_align")))
    return f"typedef {record['kind']} {record['tag']} {{\n{body}\n}} {record['name']};"


def words(value):
    """Every identifier in the types that a record, typedef or callback mentions."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("ctype", "ret"):
                yield from re.findall(r"\w+", item)
            elif key in ("fields", "params"):
                yield from words(item)
    elif isinstance(value, list):
        for item in value:
            yield from words(item)


def kept(facts, key):
    return [x for x in facts[key] if not LEFT_OUT_TYPE.match(x["name"])]


def ordered_types(facts):
    """(name, text, internal) of scalar typedefs, structs and callbacks, each after what it mentions."""
    found = {}
    for record in kept(facts, "typedefs"):
        found[record["name"]] = (record, f"typedef {declarator(record['ctype'], record['name'])};")
    for record in kept(facts, "structs"):
        found[record["name"]] = (record, record_definition(record))
    for record in kept(facts, "callbacks"):
        found[record["name"]] = (record, callback(record))
    done = {}

    def visit(name):
        if name in found and name not in done:
            record, text = found[name]
            done[name] = None
            for word in words(record):
                visit(word)
            done.pop(name)
            done[name] = (name, text, record.get("internal_only", False))

    for name in found:
        visit(name)
    return list(done.values())


def macro(name, value, constants):
    if isinstance(value, str):
        return f"#define {name} ({value})"
    # Attribute names of streams and kernel nodes are launch attributes; in C++ only the enumerator has the type.
    launch = re.sub(r"^CU_(KERNEL_NODE|STREAM)_ATTRIBUTE_", "CU_LAUNCH_ATTRIBUTE_", name)
    if launch != name and constants.get(launch) == value:
        return f"#define {name} {launch}"
    return f"#define {name} {value}" if value >= 0 else f"#define {name} ({value})"


def section_of(function_facts):
    if function_facts.get("api_group"):
        return function_facts["api_group"]
    fits = [p for p in PREFIXES if function_facts["name"].startswith(p)]
    if not fits:
        raise SystemExit(f"{function_facts['name']}: no api_group, and no prefix in PREFIXES fits")
    return PREFIXES[max(fits, key=len)]


def declared(facts):
    return [f for f in facts["functions"] if f.get("header") not in INTEROP]


def functions_by_section(facts, chosen):
    sections = {}
    for f in chosen:
        sections.setdefault(section_of(f), []).append(function(facts, f["name"], f["params"]))
    unknown = set(sections) - set(SECTIONS)
    if unknown:
        raise SystemExit(f"api_group without a title in SECTIONS: {', '.join(sorted(unknown))}")
    for group, title in SECTIONS.items():
        if group in sections:
            yield f"/* {title} */\n" + "\n".join(sections[group])


def header(facts):
    version = facts["cuda_version"]
    yield HEAD.format(version=f"{version // 1000}.{version % 1000 // 10}")

    handles = [n for n in facts["handles"] if not LEFT_OUT_TYPE.match(n)]
    yield "/* Opaque handles */\n" + "\n".join(f"typedef struct {facts['handle_tags'][n]} *{n};" for n in handles) + "\n"

    enums = kept(facts, "enums")
    yield "/* Enumerations */\n" + "\n\n".join(enum(e) for e in enums) + "\n"

    constants = {c["name"]: c["value"] for e in enums for c in e["constants"]}
    macros = [macro(n, v, constants) for n, v in facts["macros"].items() if n not in LEFT_OUT_MACROS]
    yield "/* Constants */\n" + "\n".join(macros) + "\n"

    types = ordered_types(facts)
    public = [text for _, text, internal in types if not internal]
    old = [text for _, text, internal in types if internal]
    # A blank line before each struct keeps it together with the further names that follow it.
    yield "/* Types */\n" + "\n".join("\n" + text if "\n}" in text else text for text in public) + "\n"
    yield f"/* Types of CUDA 3.1 and older */\n#if {INTERNAL}\n" + "\n\n".join(old) + "\n#endif\n"

    functions = declared(facts)
    yield "\n\n".join(functions_by_section(facts, [f for f in functions if not f.get("internal_only") and not f["thread_default"]])) + "\n"
    twins = [function(facts, f["name"], f["params"]) for f in functions if not f.get("internal_only") and f["thread_default"]]
    yield f"/* Twins for the per-thread default stream */\n#if {INTERNAL} || {PER_THREAD}\n" + "\n".join(twins) + "\n#endif\n"
    old = [function(facts, f["name"], f["params"]) for f in functions if f.get("internal_only")]
    yield f"/* Old entry points that drivers still export */\n#if {INTERNAL}\n" + "\n".join(old) + "\n#endif\n"
    yield from renames(functions)


def renames(functions):
    plain = {f["alias_of_macro"]: f["name"] for f in functions if "alias_of_macro" in f and not f["thread_default"]}
    per_thread = {f["alias_of_macro"]: f["name"] for f in functions if "alias_of_macro" in f and f["thread_default"]}
    per_thread["cuGetProcAddress"] = "cudarpcGetProcAddress"
    fixed = [f"#define {n} {s}" for n, s in sorted(plain.items()) if n not in per_thread]
    moved = [f"#define {n} {s}" for n, s in sorted(per_thread.items())]
    stayed = [f"#define {n} {s}" for n, s in sorted(plain.items()) if n in per_thread]
    yield "/* The names programs write */\n" + "\n".join(
        [f"#if !{INTERNAL}", *fixed, f"#if {PER_THREAD}", PER_THREAD_LOOKUP, *moved, "#else", *stayed, "#endif", "#endif"])


def left_out(facts, exports):
    """name and reason of every function of the facts or of an export list that cuda.h does not declare."""
    names = {f["name"] for f in declared(facts)}
    result = {f["name"]: INTEROP[f["header"]] for f in facts["functions"] if f.get("header") in INTEROP}
    for name in exports:
        if name not in names and name not in result:
            result[name] = next(reason for pattern, reason in LEFT_OUT_EXPORTS if pattern.match(name))
    return result


def left_out_text(facts, exports):
    reasons = {}
    for name, reason in sorted(left_out(facts, exports).items()):
        reasons.setdefault(reason, []).append(name)
    yield "# Names that drivers export and headers/cuda.h does not declare. A comment gives the reason for the names below it."
    yield "# Written by headers/make-cuda-h.py --left-out."
    for reason, names in sorted(reasons.items()):
        yield f"\n# {reason}\n" + "\n".join(names)


def main(arguments):
    listing = arguments[:1] == ["--left-out"]
    paths = arguments[1:] if listing else arguments
    if not paths or (not listing and len(paths) != 1):
        raise SystemExit(__doc__)
    with open(paths[0], encoding="utf-8") as file:
        facts = json.load(file)
    if listing:
        exports = []
        for path in paths[1:]:
            with open(path, encoding="utf-8") as file:
                exports += file.read().split()
        sys.stdout.write("\n".join(left_out_text(facts, exports)) + "\n")
    else:
        sys.stdout.write("\n".join(header(facts)) + TAIL)


if __name__ == "__main__":
    main(sys.argv[1:])
