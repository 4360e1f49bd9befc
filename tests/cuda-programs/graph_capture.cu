// Graphs captured from streams: work of two streams joined by events, launched several times, updated in place, queried.
#include "check.h"

#include <vector>

__global__ void scale(int* values, int n, int factor)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) values[i] *= factor;
}

__global__ void add(int* to, const int* from, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[i] += from[i];
}

static cudaGraph_t capture(cudaStream_t main, cudaStream_t side, cudaEvent_t fork, cudaEvent_t join, int* a, int* b, const int* ones, int n, int factor)
{
    cudaGraph_t graph;
    CHECK(cudaStreamBeginCapture(main, cudaStreamCaptureModeThreadLocal));
    CHECK(cudaMemcpyAsync(b, ones, n * sizeof(int), cudaMemcpyDeviceToDevice, main));
    CHECK(cudaEventRecord(fork, main));
    CHECK(cudaStreamWaitEvent(side, fork, 0));
    scale<<<(n + 127) / 128, 128, 0, side>>>(b, n, factor);
    scale<<<(n + 127) / 128, 128, 0, main>>>(a, n, 3);
    CHECK(cudaEventRecord(join, side));
    CHECK(cudaStreamWaitEvent(main, join, 0));
    add<<<(n + 127) / 128, 128, 0, main>>>(a, b, n);
    cudaStreamCaptureStatus status;
    CHECK(cudaStreamIsCapturing(main, &status));
    EXPECT(status == cudaStreamCaptureStatusActive);
    CHECK(cudaStreamEndCapture(main, &graph));
    return graph;
}

int main()
{
    const int n = 500;
    int *a, *b, *ones;
    std::vector<int> host(n, 1), back(n);
    CHECK(cudaMalloc(&a, n * sizeof(int)));
    CHECK(cudaMalloc(&b, n * sizeof(int)));
    CHECK(cudaMalloc(&ones, n * sizeof(int)));
    CHECK(cudaMemcpy(ones, host.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(a, 0, n * sizeof(int)));
    cudaStream_t main_stream, side;
    cudaEvent_t fork, join;
    CHECK(cudaStreamCreateWithFlags(&main_stream, cudaStreamNonBlocking));
    CHECK(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking));
    CHECK(cudaEventCreateWithFlags(&fork, cudaEventDisableTiming));
    CHECK(cudaEventCreateWithFlags(&join, cudaEventDisableTiming));

    cudaGraph_t graph = capture(main_stream, side, fork, join, a, b, ones, n, 5);
    size_t nodes = 0, edges = 0;
    CHECK(cudaGraphGetNodes(graph, nullptr, &nodes));
    CHECK(cudaGraphGetEdges(graph, nullptr, nullptr, &edges));
    EXPECT(nodes == 4 && edges == 4);
    // Captured, not done.
    CHECK(cudaMemcpy(back.data(), a, n * sizeof(int), cudaMemcpyDeviceToHost));
    for (int value : back) EXPECT(value == 0);

    cudaGraphExec_t executable;
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    int expected = 0;
    for (int launch = 0; launch < 4; launch++)
    {
        CHECK(cudaGraphLaunch(executable, main_stream));
        expected = expected * 3 + 5;
    }
    CHECK(cudaStreamSynchronize(main_stream));
    CHECK(cudaMemcpy(back.data(), a, n * sizeof(int), cudaMemcpyDeviceToHost));
    for (int value : back) EXPECT(value == expected);

    // The same shape with another number: the executable takes it over.
    cudaGraph_t other = capture(main_stream, side, fork, join, a, b, ones, n, 7);
    cudaGraphExecUpdateResultInfo info;
    CHECK(cudaGraphExecUpdate(executable, other, &info));
    EXPECT(info.result == cudaGraphExecUpdateSuccess);
    CHECK(cudaGraphLaunch(executable, main_stream));
    expected = expected * 3 + 7;
    CHECK(cudaStreamSynchronize(main_stream));
    CHECK(cudaMemcpy(back.data(), a, n * sizeof(int), cudaMemcpyDeviceToHost));
    for (int value : back) EXPECT(value == expected);

    // What cannot be captured ends the capture.
    CHECK(cudaStreamBeginCapture(main_stream, cudaStreamCaptureModeThreadLocal));
    EXPECT_ERROR(cudaErrorStreamCaptureUnsupported, cudaStreamSynchronize(main_stream));
    cudaGraph_t none = nullptr;
    EXPECT_ERROR(cudaErrorStreamCaptureInvalidated, cudaStreamEndCapture(main_stream, &none));
    EXPECT(none == nullptr);
    (void)cudaGetLastError();

    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaGraphDestroy(other));
    CHECK(cudaStreamDestroy(main_stream));
    CHECK(cudaStreamDestroy(side));
    CHECK(cudaEventDestroy(fork));
    CHECK(cudaEventDestroy(join));
    for (int* memory : {a, b, ones}) CHECK(cudaFree(memory));
    return pass();
}
