#!/usr/bin/env python3
"""y = a * x + y on a GPU, through the CUDA driver API by ctypes; needs no package.

usage: saxpy.py FILE.ptx      the sample kernel, samples/kernels/saxpy.ptx

Checks every element and prints one line that starts with OK; the exit code is 0 only then.
"""

import array
import ctypes
import sys

N = 1 << 20
BLOCK = 256
BLOCKS = 1024

cuda = ctypes.CDLL("libcuda.so.1")


def call(name, *arguments):
    """Calls one function of the driver API; a result other than CUDA_SUCCESS ends the program."""
    result = getattr(cuda, name)(*arguments)
    if result != 0:
        text = ctypes.c_char_p()
        cuda.cuGetErrorName(result, ctypes.byref(text))
        sys.exit(f"saxpy: {name}: {text.value.decode() if text.value else result}")


def upload(values):
    """Device memory that holds the values."""
    address = ctypes.c_uint64()
    size = len(values) * values.itemsize
    call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(size))
    call("cuMemcpyHtoD_v2", address, ctypes.c_void_p(values.buffer_info()[0]), ctypes.c_size_t(size))
    return address


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)

    device, context = ctypes.c_int(), ctypes.c_void_p()
    name = ctypes.create_string_buffer(256)
    call("cuInit", 0)
    call("cuDeviceGet", ctypes.byref(device), 0)
    call("cuDeviceGetName", name, len(name), device)
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    call("cuCtxSetCurrent", context)

    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    with open(sys.argv[1], "rb") as file:
        call("cuModuleLoadData", ctypes.byref(module), file.read())
    call("cuModuleGetFunction", ctypes.byref(function), module, b"saxpy")

    # Values whose products and sums are exact in single precision.
    n, a = ctypes.c_int(N), ctypes.c_float(2.5)
    x = array.array("f", (i % 1000 / 8 for i in range(N)))
    y = array.array("f", (i % 777 for i in range(N)))
    device_x, device_y = upload(x), upload(y)

    kernel_arguments = (n, a, device_x, device_y)
    pointers = (ctypes.c_void_p * len(kernel_arguments))(*(ctypes.addressof(value) for value in kernel_arguments))
    call("cuLaunchKernel", function, BLOCKS, 1, 1, BLOCK, 1, 1, 0, None, pointers, None)
    call("cuCtxSynchronize")

    result = array.array("f", bytes(N * y.itemsize))
    call("cuMemcpyDtoH_v2", ctypes.c_void_p(result.buffer_info()[0]), device_y, ctypes.c_size_t(N * result.itemsize))

    call("cuMemFree_v2", device_x)
    call("cuMemFree_v2", device_y)
    call("cuModuleUnload", module)
    call("cuDevicePrimaryCtxRelease_v2", device)

    wrong = sum(actual != a.value * left + right for actual, left, right in zip(result, x, y))
    if wrong != 0:
        sys.exit(f"saxpy: {wrong} of {N} elements are wrong")
    print(f"OK saxpy of {N} elements on {name.value.decode()}")


if __name__ == "__main__":
    main()
