/* Leaves without cleaning up: exit handlers and destructors still call the driver, as the CUDA runtime's do. */
#include "check.h"

static CUcontext context;
static CUdeviceptr memory;

static void at_exit(void)
{
    printf("atexit %d\n", (int)cuMemFree(memory));
}

__attribute__((destructor)) static void destructor(void)
{
    printf("destructor %d\n", (int)cuCtxDestroy(context));
    fflush(stdout);
}

int main(void)
{
    CUdevice device;
    atexit(at_exit);
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, NULL, 0, device));
    CHECK(cuMemAlloc(&memory, 1000));
    return 7;
}
