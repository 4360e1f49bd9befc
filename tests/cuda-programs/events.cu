// Events: what they measure, when they are reached, and the errors of those that never were recorded.
#include "check.h"

__global__ void spin(unsigned* out, int rounds)
{
    unsigned value = threadIdx.x;
    for (int round = 0; round < rounds; round++) value = value * 1664525u + 1013904223u;
    out[threadIdx.x] = value;
}

int main()
{
    unsigned* out;
    CHECK(cudaMalloc(&out, 64 * sizeof(unsigned)));
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    cudaEvent_t start, middle, end, untimed;
    CHECK(cudaEventCreate(&start));
    CHECK(cudaEventCreate(&middle));
    CHECK(cudaEventCreateWithFlags(&end, cudaEventBlockingSync));
    CHECK(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming));

    CHECK(cudaEventRecord(start, stream));
    spin<<<1, 64, 0, stream>>>(out, 1000);
    CHECK(cudaEventRecord(middle, stream));
    spin<<<1, 64, 0, stream>>>(out, 1000);
    CHECK(cudaEventRecord(end, stream));
    CHECK(cudaEventSynchronize(end));
    CHECK(cudaEventQuery(start));
    CHECK(cudaEventQuery(middle));
    CHECK(cudaEventQuery(end));
    float first, second, both;
    CHECK(cudaEventElapsedTime(&first, start, middle));
    CHECK(cudaEventElapsedTime(&second, middle, end));
    CHECK(cudaEventElapsedTime(&both, start, end));
    EXPECT(first >= 0 && second >= 0 && std::fabs(both - first - second) < 0.01f);

    // Recorded again, it means the later point.
    CHECK(cudaEventRecord(start, stream));
    CHECK(cudaEventSynchronize(start));
    float back;
    CHECK(cudaEventElapsedTime(&back, start, end));
    EXPECT(back <= 0);

    CHECK(cudaEventRecord(untimed, stream));
    CHECK(cudaEventSynchronize(untimed));
    EXPECT_ERROR(cudaErrorInvalidResourceHandle, cudaEventElapsedTime(&back, start, untimed));
    EXPECT_ERROR(cudaErrorInvalidResourceHandle, cudaGetLastError());
    cudaEvent_t never;
    CHECK(cudaEventCreate(&never));
    CHECK(cudaEventQuery(never));
    CHECK(cudaEventSynchronize(never));
    EXPECT_ERROR(cudaErrorInvalidResourceHandle, cudaEventElapsedTime(&back, start, never));
    (void)cudaGetLastError();

    for (cudaEvent_t event : {start, middle, end, untimed, never}) CHECK(cudaEventDestroy(event));
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFree(out));
    return pass();
}
