// Functions of the program that a stream calls: in order with its copies and kernels, and callbacks with the stream's status.
#include "check.h"

#include <atomic>
#include <vector>

__global__ void square(int* values, int n)
{
    int i = threadIdx.x;
    if (i < n) values[i] *= values[i];
}

struct Stage
{
    std::vector<int> seen;
    const int* copied;
    int* next;
};

static void observe(void* user)
{
    Stage* stage = static_cast<Stage*>(user);
    stage->seen.push_back(stage->copied[3]);
    // What follows in the stream reads it.
    stage->next[3] = stage->copied[3] + 1;
}

static std::atomic<int> calls{0};
static cudaStream_t called_stream;

static void finished(cudaStream_t stream, cudaError_t status, void* user)
{
    if (status == cudaSuccess && stream == called_stream && user == &calls) calls++;
}

int main()
{
    const int n = 8;
    int *values, *from, *to;
    CHECK(cudaMalloc(&values, n * sizeof(int)));
    CHECK(cudaMallocHost(&from, n * sizeof(int)));
    CHECK(cudaMallocHost(&to, n * sizeof(int)));
    for (int i = 0; i < n; i++) from[i] = 2;
    cudaStream_t stream;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    called_stream = stream;
    Stage stage{{}, to, from};
    for (int round = 0; round < 3; round++)
    {
        CHECK(cudaMemcpyAsync(values, from, n * sizeof(int), cudaMemcpyHostToDevice, stream));
        square<<<1, n, 0, stream>>>(values, n);
        CHECK(cudaMemcpyAsync(to, values, n * sizeof(int), cudaMemcpyDeviceToHost, stream));
        CHECK(cudaLaunchHostFunc(stream, observe, &stage));
        CHECK(cudaStreamAddCallback(stream, finished, &calls, 0));
    }
    CHECK(cudaStreamSynchronize(stream));
    EXPECT(stage.seen == (std::vector<int>{4, 25, 676}));
    EXPECT(calls == 3);

    // An event behind a function is reached when it has run.
    cudaEvent_t after;
    CHECK(cudaEventCreate(&after));
    CHECK(cudaLaunchHostFunc(stream, [](void* user) { *static_cast<std::atomic<int>*>(user) += 10; }, &calls));
    CHECK(cudaEventRecord(after, stream));
    CHECK(cudaEventSynchronize(after));
    EXPECT(calls == 13);
    CHECK(cudaEventDestroy(after));
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFree(values));
    CHECK(cudaFreeHost(from));
    CHECK(cudaFreeHost(to));
    return pass();
}
