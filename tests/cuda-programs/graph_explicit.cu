// Graphs made node by node: copies, fills, kernels, host functions and child graphs; parameters changed in graph and executable.
#include "check.h"

__global__ void add(int* values, int n, int addend)
{
    int i = threadIdx.x;
    if (i < n) values[i] += addend;
}

static void count(void* user)
{
    ++*static_cast<int*>(user);
}

int main()
{
    int n = 100, addend = 4, counted = 0;
    int *values, from[100], to[100];
    for (int i = 0; i < n; i++) from[i] = i;
    CHECK(cudaMalloc(&values, sizeof from));

    cudaGraph_t graph, child;
    CHECK(cudaGraphCreate(&graph, 0));
    cudaGraphNode_t fill, upload, kernel, download, host, embedded;
    cudaMemsetParams zero{};
    zero.dst = values;
    zero.elementSize = 4;
    zero.value = 0;
    zero.width = n;
    zero.height = 1;
    CHECK(cudaGraphAddMemsetNode(&fill, graph, nullptr, 0, &zero));
    CHECK(cudaGraphAddMemcpyNode1D(&upload, graph, &fill, 1, values, from, sizeof from / 2, cudaMemcpyHostToDevice));
    void* arguments[] = {&values, &n, &addend};
    cudaKernelNodeParams launch{};
    launch.func = reinterpret_cast<void*>(add);
    launch.gridDim = dim3(1);
    launch.blockDim = dim3(128);
    launch.kernelParams = arguments;
    CHECK(cudaGraphAddKernelNode(&kernel, graph, &upload, 1, &launch));
    CHECK(cudaGraphCreate(&child, 0));
    cudaGraphNode_t again;
    CHECK(cudaGraphAddKernelNode(&again, child, nullptr, 0, &launch));
    CHECK(cudaGraphAddChildGraphNode(&embedded, graph, &kernel, 1, child));
    CHECK(cudaGraphAddMemcpyNode1D(&download, graph, &embedded, 1, to, values, sizeof to, cudaMemcpyDeviceToHost));
    cudaHostNodeParams call{};
    call.fn = count;
    call.userData = &counted;
    CHECK(cudaGraphAddHostNode(&host, graph, &download, 1, &call));

    cudaGraphNodeType type;
    CHECK(cudaGraphNodeGetType(host, &type));
    EXPECT(type == cudaGraphNodeTypeHost);
    cudaKernelNodeParams read{};
    CHECK(cudaGraphKernelNodeGetParams(kernel, &read));
    EXPECT(read.blockDim.x == 128 && read.gridDim.x == 1);
    size_t dependencies = 0;
    CHECK(cudaGraphNodeGetDependencies(download, nullptr, &dependencies));
    EXPECT(dependencies == 1);

    cudaGraphExec_t executable;
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < n; i++) EXPECT(to[i] == (i < n / 2 ? i : 0) + 8);
    EXPECT(counted == 1);

    // Only the executable's: the graph keeps what it was made with.
    addend = 100;
    CHECK(cudaGraphExecKernelNodeSetParams(executable, kernel, &launch));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < n; i++) EXPECT(to[i] == (i < n / 2 ? i : 0) + 104);
    cudaGraphExec_t fresh;
    CHECK(cudaGraphInstantiate(&fresh, graph, 0));
    CHECK(cudaGraphLaunch(fresh, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < n; i++) EXPECT(to[i] == (i < n / 2 ? i : 0) + 8);
    EXPECT(counted == 3);

    // A clone lives on without the original.
    cudaGraph_t clone;
    CHECK(cudaGraphClone(&clone, graph));
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphExecDestroy(fresh));
    CHECK(cudaGraphDestroy(child));
    CHECK(cudaGraphDestroy(graph));
    CHECK(cudaGraphInstantiate(&executable, clone, 0));
    CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    EXPECT(counted == 4);
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(clone));
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFree(values));
    return pass();
}
