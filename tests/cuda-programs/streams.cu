// Several streams: each keeps its order, the legacy default stream waits for the blocking ones and they for it,
// and events order streams that would not wait for each other.
#include "check.h"

#include <vector>

__global__ void multiply_add(unsigned* values, int n, unsigned factor, unsigned addend, int rounds)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    unsigned value = values[i];
    for (int round = 0; round < rounds; round++) value = value * factor + addend;
    values[i] = value;
}

static unsigned expected(unsigned value, unsigned factor, unsigned addend, int rounds)
{
    while (rounds-- > 0) value = value * factor + addend;
    return value;
}

int main()
{
    const int n = 4096, count = 4;
    cudaStream_t streams[count];
    unsigned* values[count];
    for (int s = 0; s < count; s++)
    {
        CHECK(s % 2 == 0 ? cudaStreamCreate(&streams[s]) : cudaStreamCreateWithFlags(&streams[s], cudaStreamNonBlocking));
        CHECK(cudaMalloc(&values[s], n * sizeof(unsigned)));
        CHECK(cudaMemsetAsync(values[s], 0, n * sizeof(unsigned), streams[s]));
    }

    // Not commutative: any other order gives other values.
    for (unsigned step = 1; step <= 6; step++)
    {
        for (int s = 0; s < count; s++) multiply_add<<<n / 128, 128, 0, streams[s]>>>(values[s], n, 2 * step + 1, s + step, 20);
    }
    unsigned after_steps[count];
    for (int s = 0; s < count; s++)
    {
        after_steps[s] = 0;
        for (unsigned step = 1; step <= 6; step++) after_steps[s] = expected(after_steps[s], 2 * step + 1, s + step, 20);
    }

    // The legacy stream reads what a blocking stream wrote, without a word about it.
    std::vector<unsigned> back(n);
    multiply_add<<<n / 128, 128>>>(values[0], n, 3, 1, 1);
    multiply_add<<<n / 128, 128, 0, streams[0]>>>(values[0], n, 5, 2, 1);
    CHECK(cudaMemcpy(back.data(), values[0], n * sizeof(unsigned), cudaMemcpyDeviceToHost));
    for (unsigned value : back) EXPECT(value == (after_steps[0] * 3 + 1) * 5 + 2);

    // A stream that does not block waits where an event tells it to.
    cudaEvent_t written;
    CHECK(cudaEventCreateWithFlags(&written, cudaEventDisableTiming));
    CHECK(cudaEventRecord(written, streams[1]));
    CHECK(cudaStreamWaitEvent(streams[3], written, 0));
    CHECK(cudaMemcpyAsync(values[3], values[1], n * sizeof(unsigned), cudaMemcpyDeviceToDevice, streams[3]));
    multiply_add<<<n / 128, 128, 0, streams[3]>>>(values[3], n, 7, 0, 1);
    CHECK(cudaStreamSynchronize(streams[3]));
    CHECK(cudaStreamQuery(streams[3]));
    CHECK(cudaMemcpy(back.data(), values[3], n * sizeof(unsigned), cudaMemcpyDeviceToHost));
    for (unsigned value : back) EXPECT(value == after_steps[1] * 7);

    unsigned flags;
    CHECK(cudaStreamGetFlags(streams[1], &flags));
    EXPECT(flags == cudaStreamNonBlocking);
    int least, greatest, priority;
    CHECK(cudaDeviceGetStreamPriorityRange(&least, &greatest));
    cudaStream_t urgent;
    CHECK(cudaStreamCreateWithPriority(&urgent, cudaStreamNonBlocking, greatest));
    CHECK(cudaStreamGetPriority(urgent, &priority));
    EXPECT(priority == greatest && greatest <= least);
    CHECK(cudaStreamDestroy(urgent));
    CHECK(cudaEventDestroy(written));
    for (int s = 0; s < count; s++)
    {
        CHECK(cudaStreamDestroy(streams[s]));
        CHECK(cudaFree(values[s]));
    }
    return pass();
}
