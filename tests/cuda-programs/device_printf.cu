// printf, assert and clocks on the device: what a kernel prints is where the device's driver writes it; a failed assertion is an error.
#include "check.h"

#include <cassert>

__global__ void talk(int* printed, long long* clocks)
{
    long long start = clock64();
    printed[threadIdx.x] = printf("thread %d of %u says %s, %.2f, %lld, %c, %p\n", threadIdx.x, blockDim.x, "hello", 0.5 * threadIdx.x,
                                  1ll << 40, 'x', static_cast<void*>(nullptr));
    __nanosleep(100);
    clocks[threadIdx.x] = clock64() - start;
}

__global__ void doubt(int value)
{
    assert(value < 10);
}

int main()
{
    int *printed, counts[2];
    long long *clocks, elapsed[2];
    size_t size;
    CHECK(cudaDeviceGetLimit(&size, cudaLimitPrintfFifoSize));
    CHECK(cudaDeviceSetLimit(cudaLimitPrintfFifoSize, 1 << 21));
    CHECK(cudaMalloc(&printed, sizeof counts));
    CHECK(cudaMalloc(&clocks, sizeof elapsed));
    talk<<<1, 2>>>(printed, clocks);
    CHECK(cudaMemcpy(counts, printed, sizeof counts, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(elapsed, clocks, sizeof elapsed, cudaMemcpyDeviceToHost));
    // The number of arguments, which a GPU's printf returns.
    for (int count : counts) EXPECT(count == 7);
    for (long long ticks : elapsed) EXPECT(ticks >= 0);
    doubt<<<1, 4>>>(9);
    CHECK(cudaDeviceSynchronize());
    doubt<<<1, 4>>>(10);
    EXPECT_ERROR(cudaErrorAssert, cudaDeviceSynchronize());
    EXPECT_ERROR(cudaErrorAssert, cudaGetLastError());
    return pass();
}
