// A program that ends with everything still open and work under way in several streams, as many do.
#include "check.h"

__device__ unsigned sink;

__global__ void spin(unsigned rounds)
{
    unsigned value = threadIdx.x + blockIdx.x;
    for (unsigned round = 0; round < rounds; round++) value = value * 1664525u + 1013904223u;
    if (value == 0) sink = value;
}

struct AtExit
{
    ~AtExit()
    {
        // The runtime still answers, or says that it has gone.
        cudaError_t result = cudaStreamQuery(nullptr);
        if (result != cudaSuccess && result != cudaErrorNotReady && result != cudaErrorCudartUnloading) std::abort();
    }
};

static AtExit at_exit;

int main()
{
    void* memory;
    CHECK(cudaMalloc(&memory, 1 << 20));
    for (int s = 0; s < 4; s++)
    {
        cudaStream_t stream;
        cudaEvent_t event;
        CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
        CHECK(cudaEventCreate(&event));
        spin<<<2, 64, 0, stream>>>(2000);
        CHECK(cudaMemsetAsync(memory, s, 1 << 20, stream));
        CHECK(cudaEventRecord(event, stream));
    }
    CHECK(cudaGetLastError());
    return pass();
}
