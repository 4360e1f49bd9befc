// nvcc: -default-stream=per-thread
// The default stream of each thread: a program built for it, whose threads do not wait for each other.
#include "check.h"

#include <thread>
#include <vector>

__global__ void count(int* values, int rounds)
{
    int value = values[threadIdx.x];
    for (int round = 0; round < rounds; round++) value = value * 3 + 1;
    values[threadIdx.x] = value;
}

static void work(int start)
{
    const int n = 64;
    int *values, expected[n], back[n];
    CHECK(cudaMalloc(&values, n * sizeof(int)));
    for (int i = 0; i < n; i++) back[i] = expected[i] = start + i;
    CHECK(cudaMemcpyAsync(values, back, sizeof back, cudaMemcpyHostToDevice));
    for (int launch = 0; launch < 10; launch++)
    {
        count<<<1, n>>>(values, 5);
        for (int& value : expected)
            for (int round = 0; round < 5; round++) value = int(unsigned(value) * 3 + 1);
    }
    cudaEvent_t done;
    CHECK(cudaEventCreate(&done));
    CHECK(cudaEventRecord(done));
    CHECK(cudaEventSynchronize(done));
    CHECK(cudaMemcpyAsync(back, values, sizeof back, cudaMemcpyDeviceToHost, cudaStreamPerThread));
    CHECK(cudaStreamSynchronize(cudaStreamPerThread));
    for (int i = 0; i < n; i++) EXPECT(back[i] == expected[i]);
    CHECK(cudaStreamQuery(0));
    CHECK(cudaEventDestroy(done));
    CHECK(cudaFree(values));
}

int main()
{
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; t++) threads.emplace_back(work, 1000 * t);
    for (std::thread& thread : threads) thread.join();
    work(-5);
    // The legacy stream is still there under its name.
    int* value;
    CHECK(cudaMalloc(&value, 64 * sizeof(int)));
    CHECK(cudaMemsetAsync(value, 0, 64 * sizeof(int), cudaStreamLegacy));
    count<<<1, 64, 0, cudaStreamLegacy>>>(value, 2);
    CHECK(cudaStreamSynchronize(cudaStreamLegacy));
    int back;
    CHECK(cudaMemcpy(&back, value, sizeof back, cudaMemcpyDeviceToHost));
    EXPECT(back == 4);
    CHECK(cudaFree(value));
    return pass();
}
