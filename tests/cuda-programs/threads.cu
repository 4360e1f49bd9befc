// Many host threads on one device, each with a stream and memory of its own: nobody gets another's values.
#include "check.h"

#include <thread>
#include <vector>

__global__ void mix(unsigned* values, int n, unsigned seed)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) values[i] = values[i] * 31 + seed + i;
}

static void work(unsigned seed)
{
    const int n = 1000;
    CHECK(cudaSetDevice(0));
    cudaStream_t stream;
    CHECK(cudaStreamCreateWithFlags(&stream, seed % 2 ? cudaStreamNonBlocking : cudaStreamDefault));
    unsigned* values;
    CHECK(cudaMalloc(&values, n * sizeof(unsigned)));
    std::vector<unsigned> expected(n, seed), back(n);
    CHECK(cudaMemcpyAsync(values, expected.data(), n * sizeof(unsigned), cudaMemcpyHostToDevice, stream));
    for (unsigned round = 0; round < 20; round++)
    {
        mix<<<(n + 127) / 128, 128, 0, stream>>>(values, n, seed * round);
        for (int i = 0; i < n; i++) expected[i] = expected[i] * 31 + seed * round + i;
    }
    CHECK(cudaMemcpyAsync(back.data(), values, n * sizeof(unsigned), cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    EXPECT(back == expected);
    // The last error is each thread's own.
    if (seed % 3 == 0) EXPECT_ERROR(cudaErrorInvalidDevice, cudaSetDevice(-1));
    EXPECT_ERROR(seed % 3 == 0 ? cudaErrorInvalidDevice : cudaSuccess, cudaGetLastError());
    CHECK(cudaFree(values));
    CHECK(cudaStreamDestroy(stream));
}

int main()
{
    for (int round = 0; round < 3; round++)
    {
        std::vector<std::thread> threads;
        for (unsigned t = 1; t <= 8; t++) threads.emplace_back(work, t + 100 * round);
        for (std::thread& thread : threads) thread.join();
    }
    CHECK(cudaDeviceSynchronize());
    return pass();
}
