// nvcc: -lcuda
// The driver and the runtime in one program: each uses the other's contexts, streams, events, memory and kernels.
#include "check.h"

#include <cuda.h>

#define DRIVER(call) EXPECT((call) == CUDA_SUCCESS)

__global__ void add(int* values, int addend)
{
    values[threadIdx.x] += addend;
}

int main()
{
    CUcontext current, primary;
    CUdevice device;
    DRIVER(cuInit(0));
    DRIVER(cuCtxGetCurrent(&current));
    EXPECT(current == nullptr);
    CHECK(cudaSetDevice(0));
    DRIVER(cuCtxGetCurrent(&current));
    EXPECT(current != nullptr);
    DRIVER(cuDeviceGet(&device, 0));
    DRIVER(cuDevicePrimaryCtxRetain(&primary, device));
    EXPECT(primary == current);

    // The runtime's stream and event in the driver's calls, and the other way round.
    cudaStream_t of_runtime;
    CUstream of_driver;
    cudaEvent_t event;
    CHECK(cudaStreamCreate(&of_runtime));
    DRIVER(cuStreamCreate(&of_driver, CU_STREAM_NON_BLOCKING));
    CHECK(cudaEventCreate(&event));
    CUdeviceptr memory;
    DRIVER(cuMemAlloc(&memory, 32 * sizeof(int)));
    DRIVER(cuMemsetD32Async(memory, 5, 32, of_runtime));
    CHECK(cudaEventRecord(event, of_runtime));
    DRIVER(cuStreamWaitEvent(of_driver, event, 0));
    add<<<1, 32, 0, of_driver>>>(reinterpret_cast<int*>(memory), 6);
    CHECK(cudaGetLastError());
    cudaFunction_t kernel;
    CHECK(cudaGetFuncBySymbol(&kernel, reinterpret_cast<const void*>(add)));
    int addend = 7;
    void* arguments[] = {&memory, &addend};
    DRIVER(cuLaunchKernel(kernel, 1, 1, 1, 32, 1, 1, 0, of_driver, arguments, nullptr));
    DRIVER(cuStreamSynchronize(of_driver));
    int back[32];
    CHECK(cudaMemcpy(back, reinterpret_cast<void*>(memory), sizeof back, cudaMemcpyDeviceToHost));
    for (int value : back) EXPECT(value == 18);
    int registers = 0;
    DRIVER(cuFuncGetAttribute(&registers, CU_FUNC_ATTRIBUTE_NUM_REGS, kernel));
    EXPECT(registers > 0);

    // A context of the driver's own: the runtime works in whichever is current.
    CUcontext own;
    DRIVER(cuCtxCreate(&own, 0, device));
    int* values;
    CHECK(cudaMalloc(&values, 32 * sizeof(int)));
    CHECK(cudaMemset(values, 0, 32 * sizeof(int)));
    add<<<1, 32>>>(values, 3);
    CHECK(cudaMemcpy(back, values, sizeof back, cudaMemcpyDeviceToHost));
    for (int value : back) EXPECT(value == 3);
    CUcontext of_memory;
    DRIVER(cuPointerGetAttribute(&of_memory, CU_POINTER_ATTRIBUTE_CONTEXT, reinterpret_cast<CUdeviceptr>(values)));
    EXPECT(of_memory == own);
    CHECK(cudaFree(values));
    DRIVER(cuCtxDestroy(own));
    DRIVER(cuCtxSetCurrent(primary));
    CHECK(cudaFree(reinterpret_cast<void*>(memory)));
    CHECK(cudaEventDestroy(event));
    CHECK(cudaStreamDestroy(of_driver));
    DRIVER(cuStreamDestroy(of_runtime));
    DRIVER(cuDevicePrimaryCtxRelease(device));
    return pass();
}
