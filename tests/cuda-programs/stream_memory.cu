// Stream-ordered allocation: from the device's pool and one of the program's own, freed in the stream, reused, limited, counted.
#include "check.h"

#include <vector>

__global__ void fill(int* values, int n, int value)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) values[i] = value + i;
}

int main()
{
    if (!attribute(cudaDevAttrMemoryPoolsSupported)) return absent("memory pools");
    const int n = 10000;
    const size_t bytes = n * sizeof(int);
    cudaStream_t stream, other;
    CHECK(cudaStreamCreate(&stream));
    CHECK(cudaStreamCreate(&other));
    std::vector<int> back(n);
    int* values;
    for (int round = 0; round < 10; round++)
    {
        CHECK(cudaMallocAsync(&values, bytes, stream));
        fill<<<(n + 255) / 256, 256, 0, stream>>>(values, n, round);
        CHECK(cudaMemcpyAsync(back.data(), values, bytes, cudaMemcpyDeviceToHost, stream));
        CHECK(cudaFreeAsync(values, stream));
        CHECK(cudaStreamSynchronize(stream));
        for (int i = 0; i < n; i++) EXPECT(back[i] == round + i);
    }

    cudaMemPool_t pool, given, current;
    CHECK(cudaDeviceGetDefaultMemPool(&given, 0));
    CHECK(cudaDeviceGetMemPool(&current, 0));
    EXPECT(current == given);
    cudaMemPoolProps properties{};
    properties.allocType = cudaMemAllocationTypePinned;
    properties.location.type = cudaMemLocationTypeDevice;
    properties.location.id = 0;
    CHECK(cudaMemPoolCreate(&pool, &properties));
    unsigned long long threshold = ~0ull, used = 1, reserved = 0;
    CHECK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
    CHECK(cudaMallocFromPoolAsync(&values, bytes, pool, stream));
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used));
    EXPECT(used >= bytes);
    // Freed in another stream, which waits for the work on it.
    fill<<<(n + 255) / 256, 256, 0, stream>>>(values, n, 5);
    cudaEvent_t filled;
    CHECK(cudaEventCreate(&filled));
    CHECK(cudaEventRecord(filled, stream));
    CHECK(cudaStreamWaitEvent(other, filled, 0));
    CHECK(cudaFreeAsync(values, other));
    CHECK(cudaStreamSynchronize(other));
    CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used));
    CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReservedMemCurrent, &reserved));
    EXPECT(used == 0 && reserved >= bytes);
    CHECK(cudaMemPoolTrimTo(pool, 0));
    CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReservedMemCurrent, &reserved));
    EXPECT(reserved == 0);

    CHECK(cudaDeviceSetMemPool(0, pool));
    CHECK(cudaMallocAsync(&values, bytes, stream));
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used));
    EXPECT(used >= bytes);
    CHECK(cudaFree(values));
    CHECK(cudaDeviceSetMemPool(0, given));
    EXPECT_ERROR(cudaErrorMemoryAllocation, cudaMallocAsync(&values, size_t(1) << 50, stream));
    (void)cudaGetLastError();
    CHECK(cudaMemPoolDestroy(pool));
    CHECK(cudaEventDestroy(filled));
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaStreamDestroy(other));
    return pass();
}
