/* Says that it is ready, then posts work and waits for it until that fails, and says how. Later calls must fail at once, too. */
#include "check.h"

int main(void)
{
    CUdevice device;
    CUcontext context;
    CUdeviceptr memory;
    static char data[1 << 20];
    CUresult result = CUDA_SUCCESS;
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, NULL, 0, device));
    CHECK(cuMemAlloc(&memory, sizeof data));
    puts("ready");
    fflush(stdout);
    while (result == CUDA_SUCCESS) {
        result = cuMemcpyHtoDAsync(memory, data, sizeof data, 0);
        if (result == CUDA_SUCCESS) result = cuCtxSynchronize();
    }
    printf("lost %d\n", (int)result);
    printf("then %d\n", (int)cuCtxSynchronize());
    return 0;
}
