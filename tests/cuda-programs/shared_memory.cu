// Dynamic shared memory: more than a kernel gets without asking, static and dynamic together, barriers.
#include "check.h"

#include <vector>

__global__ void sort_block(unsigned* values, int n)
{
    extern __shared__ unsigned items[];
    __shared__ unsigned swaps;
    if (threadIdx.x == 0) swaps = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) items[i] = values[i];
    __syncthreads();
    for (int width = 2; width <= n; width *= 2)
    {
        for (int distance = width / 2; distance > 0; distance /= 2)
        {
            for (int i = threadIdx.x; i < n; i += blockDim.x)
            {
                int other = i ^ distance;
                if (other > i && (items[i] > items[other]) == ((i & width) == 0))
                {
                    unsigned kept = items[i];
                    items[i] = items[other];
                    items[other] = kept;
                    atomicAdd(&swaps, 1);
                }
            }
            __syncthreads();
        }
    }
    for (int i = threadIdx.x; i < n; i += blockDim.x) values[i] = items[i];
    if (threadIdx.x == 0) values[n] = swaps;
}

int main()
{
    const int n = 16384, bytes = n * sizeof(unsigned);
    const int optional = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
    if (optional < bytes + 64) return absent("64 KiB of shared memory for a block");
    EXPECT(attribute(cudaDevAttrMaxSharedMemoryPerBlock) < bytes);

    std::vector<unsigned> values(n + 1);
    unsigned state = 1;
    for (int i = 0; i < n; i++) values[i] = state = state * 1664525u + 1013904223u;
    unsigned* on_device;
    CHECK(cudaMalloc(&on_device, bytes + sizeof(unsigned)));
    CHECK(cudaMemcpy(on_device, values.data(), bytes, cudaMemcpyHostToDevice));
    sort_block<<<1, 256, bytes>>>(on_device, n);
    EXPECT_ERROR(cudaErrorInvalidValue, cudaGetLastError());
    CHECK(cudaFuncSetAttribute(sort_block, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
    CHECK(cudaFuncSetAttribute(sort_block, cudaFuncAttributePreferredSharedMemoryCarveout, cudaSharedmemCarveoutMaxShared));
    sort_block<<<1, 256, bytes>>>(on_device, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(values.data(), on_device, bytes + sizeof(unsigned), cudaMemcpyDeviceToHost));
    for (int i = 1; i < n; i++) EXPECT(values[i - 1] <= values[i]);
    EXPECT(values[n] > 0);
    CHECK(cudaFree(on_device));
    return pass();
}
