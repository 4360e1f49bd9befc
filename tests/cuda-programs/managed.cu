// Managed memory: one address for the host and the device, advised and prefetched.
#include "check.h"

__global__ void accumulate(int* values, int n, int* total)
{
    int i = threadIdx.x;
    if (i >= n) return;
    values[i] = values[i] * 2 + i % 4;
    atomicAdd(total, values[i]);
}

int main()
{
    if (!attribute(cudaDevAttrManagedMemory)) return absent("managed memory");
    const int n = 256;
    int *values, *total;
    CHECK(cudaMallocManaged(&values, n * sizeof(int)));
    CHECK(cudaMallocManaged(&total, sizeof(int)));
    int expected = *total = 5;
    for (int i = 0; i < n; i++) values[i] = i;
    for (int round = 0; round < 3; round++)
    {
        accumulate<<<1, n>>>(values, n, total);
        CHECK(cudaDeviceSynchronize());
        for (int i = 0; i < n; i++)
        {
            int was = i;
            for (int past = 0; past <= round; past++) was = was * 2 + i % 4;
            EXPECT(values[i] == was);
            expected += was;
        }
        EXPECT(*total == expected);
    }
    cudaPointerAttributes attributes;
    CHECK(cudaPointerGetAttributes(&attributes, values));
    EXPECT(attributes.type == cudaMemoryTypeManaged && attributes.devicePointer == values && attributes.hostPointer == values);
    if (attribute(cudaDevAttrConcurrentManagedAccess))
    {
        CHECK(cudaMemAdvise(values, n * sizeof(int), cudaMemAdviseSetPreferredLocation, 0));
        CHECK(cudaMemPrefetchAsync(values, n * sizeof(int), 0));
    }
    // Copies take it like any other memory.
    int back[n];
    CHECK(cudaMemcpy(back, values, sizeof back, cudaMemcpyDefault));
    for (int i = 0; i < n; i++) EXPECT(back[i] == values[i]);
    CHECK(cudaFree(values));
    CHECK(cudaFree(total));
    return pass();
}
