// A device that is reset, again and again: what was is gone, kernels and variables are there anew.
#include "check.h"

__device__ int state = 11;

__global__ void advance(int* out)
{
    state += 1;
    *out = state;
}

int main()
{
    for (int round = 0; round < 3; round++)
    {
        int *out, value;
        cudaStream_t stream;
        CHECK(cudaStreamCreate(&stream));
        CHECK(cudaMalloc(&out, sizeof value));
        for (int launch = 1; launch <= 2; launch++)
        {
            advance<<<1, 1, 0, stream>>>(out);
            CHECK(cudaMemcpyAsync(&value, out, sizeof value, cudaMemcpyDeviceToHost, stream));
            CHECK(cudaStreamSynchronize(stream));
            EXPECT(value == 11 + launch);
        }
        CHECK(cudaDeviceReset());
        cudaPointerAttributes attributes;
        CHECK(cudaPointerGetAttributes(&attributes, out));
        EXPECT(attributes.type == cudaMemoryTypeUnregistered);
    }
    return pass();
}
