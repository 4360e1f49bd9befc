"""What the programs of the GPU kit share: each computes something, times it, and says both in one line of JSON.

A program imports its framework itself, calls `report(values, step)` once, and needs nothing but what the machine has: weights and inputs are
random with fixed seeds, nothing is downloaded. Exit code 77 says that the framework is not installed.
"""

import json
import statistics
import sys
import time

ABSENT = 77


def need(*modules):
    """Imports modules by name, or ends the program with exit code 77 and the reason."""
    import importlib

    found = []
    for name in modules:
        try:
            found.append(importlib.import_module(name))
        except ImportError as error:
            print(f"{name} is not installed: {error}", file=sys.stderr)
            sys.exit(ABSENT)
    return found[0] if len(found) == 1 else found


def numbers(value):
    """Flattens tensors, arrays, numbers and lists of them to at most a few numbers that depend on every element."""
    if isinstance(value, (int, float)):
        return [float(value)]
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in numbers(item)]
    if hasattr(value, "detach"):
        value = value.detach().float().cpu().numpy()
    elif hasattr(value, "get"):
        value = value.get()
    import numpy

    flat = numpy.asarray(value, dtype=numpy.float64).reshape(-1)
    weights = numpy.cos(numpy.arange(flat.size) * 0.01)
    return [float(flat.sum()), float(numpy.abs(flat).sum()), float(flat @ weights)]


def report(compute, step=None, steps=20):
    """Prints {"values": [...], "first": seconds, "step": seconds}.

    compute: called once, returns what is compared between the native and the remote run.
    step: called repeatedly and timed; it must wait for its own work. Without one only the first call is timed.
    """
    start = time.perf_counter()
    values = numbers(compute())
    first = time.perf_counter() - start
    if not all(number == number and abs(number) != float("inf") for number in values):
        print(f"not finite: {values}", file=sys.stderr)
        sys.exit(1)
    times = []
    if step is not None:
        for _ in range(3):
            step()
        for _ in range(steps):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
    print(json.dumps({"values": values, "first": first, "step": statistics.median(times) if times else None}))
