#!/usr/bin/env python3
"""Runs the programs of the GPU kit natively and through a server, compares their values, and writes one line of JSON for each.

usage: run.py KIT REMOTE_URL DIRECT [PROGRAM...]

KIT: the kit's folder. REMOTE_URL: the running server. DIRECT: "native", or "sim:" for a rehearsal without a GPU. Python programs lie beside this
file, and so do those of cuBLAS and cuFFT; these and the CUDA programs (KIT/cuda-programs/*.cu) are built with the machine's nvcc, with the shared and with the static runtime, if it has one.
The exit code is 0 only if every program that runs natively gives the same values remotely.
"""

import json
import math
import os
import pathlib
import shutil
import subprocess
import sys

ABSENT = 77
TIMEOUT = 420
RELATIVE = 2e-3


def environment(kit, url):
    result = {key: value for key, value in os.environ.items() if not key.startswith("CUDARPC_")}
    if url != "native":
        shim = str(kit / "shim")
        result["LD_LIBRARY_PATH"] = ":".join(filter(None, [shim, result.get("LD_LIBRARY_PATH")]))
        result.update(CUDARPC_SERVER=url, TRITON_LIBCUDA_PATH=shim, NUMBA_CUDA_DRIVER=shim + "/libcuda.so.1")
    return result


def run(command, env):
    """Returns (outcome, values or None, first, step, detail)."""
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return "timeout", None, None, None, f"longer than {TIMEOUT} s"
    tail = "\n".join(done.stderr.strip().splitlines()[-3:])
    if done.returncode == ABSENT:
        return "absent", None, None, None, tail
    if done.returncode:
        return "failed", None, None, None, f"exit code {done.returncode}: {tail or done.stdout.strip()[-200:]}"
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            said = json.loads(line)
            return "ok", said["values"], said["first"], said["step"], ""
        if line.startswith("PASS"):
            return "ok", [], None, None, ""
    return "failed", None, None, None, "it said no result"


def same(left, right):
    return len(left) == len(right) and all(math.isclose(a, b, rel_tol=RELATIVE, abs_tol=1e-3) for a, b in zip(left, right))


def cuda_programs(kit, here, work):
    """Builds the CUDA programs; yields (name, command), command None where it does not build."""
    nvcc = shutil.which("nvcc") or next((str(p) for p in [pathlib.Path("/usr/local/cuda/bin/nvcc")] if p.exists()), None)
    for source in sorted((kit / "cuda-programs").glob("*.cu")) + sorted(here.glob("*.cu")):
        for runtime in ("shared", "static"):
            name = f"{source.stem} ({runtime} runtime)"
            if nvcc is None:
                yield name, None, "no nvcc"
                continue
            program = work / f"{source.stem}-{runtime}"
            flags = [flag for line in source.read_text().splitlines() if line.startswith("// nvcc:") for flag in line[len("// nvcc:"):].split()]
            built = subprocess.run([nvcc, "-std=c++17", "-O2", "-arch=native", f"-cudart={runtime}", *flags, "-o", str(program.resolve()), source.name],
                                   capture_output=True, text=True, cwd=source.parent)
            yield name, [str(program)] if built.returncode == 0 else None, built.stderr.strip()[-300:]


def main():
    kit, url, direct, wanted = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    work = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"cudarpc-programs-{os.getpid()}"
    work.mkdir()
    here = pathlib.Path(__file__).parent
    programs = [(p.stem, [sys.executable, str(p)], "") for p in sorted(here.glob("*.py")) if p.stem not in ("run", "harness")]
    programs += list(cuda_programs(kit, here, work))
    good = True
    try:
        for name, command, problem in programs:
            if wanted and name.split(" ")[0] not in wanted:
                continue
            result = {"name": name}
            if command is None:
                result.update(outcome="absent" if problem == "no nvcc" else "not built", detail=problem)
            else:
                native = run(command, environment(kit, direct))
                result.update(native=native[0], nativeFirst=native[2], nativeStep=native[3])
                if native[0] != "ok":
                    result.update(outcome="absent" if native[0] == "absent" else "not comparable", detail=native[4])
                else:
                    remote = run(command, environment(kit, url))
                    equal = remote[0] == "ok" and same(native[1], remote[1])
                    result.update(remote=remote[0], remoteFirst=remote[2], remoteStep=remote[3], detail=remote[4])
                    result["outcome"] = "same" if equal else "DIFFERENT" if remote[0] == "ok" else "FAILED"
                    good = good and equal
            print(json.dumps(result), flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
