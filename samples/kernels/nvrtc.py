#!/usr/bin/env python3
"""Compiles CUDA C++ files to PTX with NVRTC, through ctypes.

usage: nvrtc.py LIBNVRTC FILE.cu...    writes FILE.ptx beside each FILE.cu
"""

import ctypes
import pathlib
import sys

# The lowest architecture whose threads schedule independently; every newer GPU compiles this PTX for itself.
ARCHITECTURE = "compute_70"


class Nvrtc:
    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        self.library.nvrtcGetErrorString.restype = ctypes.c_char_p

    def version(self):
        major, minor = ctypes.c_int(), ctypes.c_int()
        self._call("nvrtcVersion", ctypes.byref(major), ctypes.byref(minor))
        return f"{major.value}.{minor.value}"

    def compile(self, source, name):
        """The PTX of one source; raises RuntimeError with the compiler's log."""
        program = ctypes.c_void_p()
        self._call("nvrtcCreateProgram", ctypes.byref(program), source.encode(), name.encode(), 0, None, None)
        try:
            options = [f"--gpu-architecture={ARCHITECTURE}".encode(), b"--std=c++17"]
            array = (ctypes.c_char_p * len(options))(*options)
            try:
                self._call("nvrtcCompileProgram", program, len(options), array)
            except RuntimeError as error:
                raise RuntimeError(f"{error}\n{self._text(program, 'nvrtcGetProgramLog')}") from None
            return self._text(program, "nvrtcGetPTX")
        finally:
            self._call("nvrtcDestroyProgram", ctypes.byref(program))

    def _text(self, program, what):
        size = ctypes.c_size_t()
        self._call(f"{what}Size", program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        self._call(what, program, buffer)
        return buffer.value.decode()

    def _call(self, name, *arguments):
        result = getattr(self.library, name)(*arguments)
        if result != 0:
            raise RuntimeError(f"{name}: {self.library.nvrtcGetErrorString(result).decode()}")


def code_only(ptx):
    """PTX without comments (the compiler's banner among them), blank lines and trailing space."""
    lines = (line.split("//")[0].rstrip() for line in ptx.splitlines())
    return "".join(f"{line}\n" for line in lines if line)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    nvrtc = Nvrtc(sys.argv[1])
    for source in map(pathlib.Path, sys.argv[2:]):
        ptx = code_only(nvrtc.compile(source.read_text(), source.name))
        origin = f"// {source.name} compiled by NVRTC {nvrtc.version()} for {ARCHITECTURE}; made by regenerate, do not edit.\n"
        source.with_suffix(".ptx").write_text(origin + ptx)


if __name__ == "__main__":
    main()
