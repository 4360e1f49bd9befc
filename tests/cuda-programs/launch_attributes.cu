// Launches with attributes: cudaLaunchKernelEx, priorities, programmatic order, cooperative by attribute, and attributes of streams.
#include "check.h"

__global__ void add(int* values, int n, int addend)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) values[i] += addend;
}

int main()
{
    const int n = 300;
    int *values, back[n];
    CHECK(cudaMalloc(&values, sizeof back));
    CHECK(cudaMemset(values, 0, sizeof back));
    cudaStream_t stream, copy;
    CHECK(cudaStreamCreate(&stream));
    CHECK(cudaStreamCreate(&copy));
    int least, greatest;
    CHECK(cudaDeviceGetStreamPriorityRange(&least, &greatest));

    cudaLaunchAttribute attributes[2]{};
    attributes[0].id = cudaLaunchAttributePriority;
    attributes[0].val.priority = greatest;
    attributes[1].id = cudaLaunchAttributeCooperative;
    attributes[1].val.cooperative = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(3);
    config.blockDim = dim3(128);
    config.stream = stream;
    config.attrs = attributes;
    config.numAttrs = 2;
    CHECK(cudaLaunchKernelEx(&config, add, values, n, 4));
    config.numAttrs = 0;
    CHECK(cudaLaunchKernelEx(&config, add, values, n, 5));
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaMemcpy(back, values, sizeof back, cudaMemcpyDeviceToHost));
    for (int value : back) EXPECT(value == 9);

    cudaStreamAttrValue policy{};
    policy.syncPolicy = cudaSyncPolicyYield;
    CHECK(cudaStreamSetAttribute(stream, cudaStreamAttributeSynchronizationPolicy, &policy));
    CHECK(cudaStreamCopyAttributes(copy, stream));
    policy = {};
    CHECK(cudaStreamGetAttribute(copy, cudaStreamAttributeSynchronizationPolicy, &policy));
    EXPECT(policy.syncPolicy == cudaSyncPolicyYield);
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaStreamDestroy(copy));
    CHECK(cudaFree(values));
    return pass();
}
