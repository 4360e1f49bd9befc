#!/usr/bin/env python3
"""Writes the GPU kit's report (Markdown) to standard output.

usage: report.py gpu|rehearsal WORK VERSION      WORK: what the steps of run left; VERSION: a file

The exit code is 0 only if both runs are there, every kernel verified in both, and both gave the same error.
"""

import json
import pathlib
import platform
import subprocess
import sys


def machine():
    """What a reader needs to judge the figures; never names the machine."""
    yield f"kernel {platform.release()}, {platform.machine()}"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            yield line.split(":", 1)[1].strip()
            break
    try:
        query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
        yield from subprocess.run(query, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        yield "nvidia-smi: not available"


def read_kernels(path):
    try:
        return {kernel["name"]: kernel for kernel in json.loads(path.read_text())["kernels"]}
    except (OSError, ValueError, KeyError):
        return {}


def report_programs(path):
    """The table of programs/run.py's lines; False if one that runs natively does not give the same remotely."""
    if not path.exists():
        return True
    good = True
    print("\n| program | outcome | native first s | remote first s | native step ms | remote step ms | ratio | detail |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for line in path.read_text().splitlines():
        said = json.loads(line)
        good = good and said["outcome"] in ("same", "absent", "not comparable", "not built")
        first = [f"{said[key]:.2f}" if said.get(key) else "" for key in ("nativeFirst", "remoteFirst")]
        step = [f"{said[key] * 1000:.2f}" if said.get(key) else "" for key in ("nativeStep", "remoteStep")]
        ratio = f"{said['remoteStep'] / said['nativeStep']:.2f}" if all(step) else ""
        detail = " ".join(said.get("detail", "").split()).replace("|", "/")[:160]
        print("| " + " | ".join([said["name"], said["outcome"], *first, *step, ratio, detail]) + " |")
    return good


def main():
    mode, work, version = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    direct = read_kernels(work / "kernels-direct.out")
    remote = read_kernels(work / "kernels-remote.out")
    good = bool(direct) and direct.keys() == remote.keys()

    if mode == "gpu":
        print("# CudaRpc on a GPU\n")
    else:
        print("# Rehearsal of the GPU kit\n\nThe GPU was simulated: this says nothing about a real one.\n")
    print(f"Version {version.read_text().strip()}. Remote is a server on the same machine, over a Unix socket. Times of kernels "
          "are the fastest of five runs: loading the module, copies, kernel, release.\n")
    for line in machine():
        print(f"- {line}")

    print("\n| kernel | size | direct | remote | max error | direct ms | remote ms | posted | synchronous | local |")
    print("| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for name in dict.fromkeys([*direct, *remote]):
        a, b = direct.get(name), remote.get(name)
        if a is None or b is None:
            print(f"| {name} | missing in one run |")
            continue
        same = a["maxError"] == b["maxError"]
        good = good and a["verified"] and b["verified"] and same
        words = {True: "verified", False: "WRONG"}
        error = f"{a['maxError']:.2e}" if same else f"{a['maxError']:.2e}, remote {b['maxError']:.2e}"
        print(f"| {name} | {a['size']} | {words[a['verified']]} | {words[b['verified']]} | {error} "
              f"| {a['milliseconds']:.2f} | {b['milliseconds']:.2f} | {b['posted']} | {b['synchronous']} | {b['local']} |")

    print("\n| sample | direct | remote | direct s | remote s |")
    print("| --- | --- | --- | ---: | ---: |")
    for sample in ("c", "python"):
        texts, seconds = [], []
        for where in ("direct", "remote"):
            out, time = work / f"{sample}-{where}.out", work / f"{sample}-{where}.seconds"
            text = out.read_text().strip() if out.exists() else ""
            good = good and text.startswith("OK")
            texts.append(text or "FAILED")
            seconds.append(time.read_text().strip() if time.exists() else "")
        print(f"| {sample} | {texts[0]} | {texts[1]} | {seconds[0]} | {seconds[1]} |")

    good = report_programs(work / "programs.out") and good

    print("\nAll verified." if good else "\nNOT verified.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
