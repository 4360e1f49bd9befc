"""The driver API by itself, through ctypes: memory, sets, copies. Needs no framework: shows that the comparison works where none is installed."""

import ctypes

from harness import report

cuda = ctypes.CDLL("libcuda.so.1")


def call(name, *arguments):
    result = getattr(cuda, name)(*arguments)
    if result:
        raise SystemExit(f"{name}: {result}")


device, context, address = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
call("cuInit", 0)
call("cuDeviceGet", ctypes.byref(device), 0)
call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
call("cuCtxSetCurrent", context)
BYTES = 1 << 20
call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(BYTES))
host = (ctypes.c_float * (BYTES // 4))()


def compute():
    call("cuMemsetD32_v2", address, ctypes.c_uint(0x3F800000), ctypes.c_size_t(BYTES // 4))
    call("cuMemcpyDtoH_v2", host, address, ctypes.c_size_t(BYTES))
    return [sum(host), host[0], host[BYTES // 4 - 1]]


def step():
    call("cuMemcpyHtoD_v2", address, host, ctypes.c_size_t(BYTES))
    call("cuMemcpyDtoH_v2", host, address, ctypes.c_size_t(BYTES))


report(compute, step)
