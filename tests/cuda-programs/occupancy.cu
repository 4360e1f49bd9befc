// What a kernel is and how many fit: attributes, occupancy, the launch shape that the runtime suggests.
#include "check.h"

__global__ void __launch_bounds__(256, 2) bounded(float* values)
{
    __shared__ float shared[512];
    shared[threadIdx.x] = values[threadIdx.x];
    __syncthreads();
    values[threadIdx.x] = shared[255 - threadIdx.x] * shared[(threadIdx.x + 1) % 256];
}

__global__ void plain(float* values, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) values[i] *= 2;
}

struct Room
{
    __host__ __device__ size_t operator()(int threads) const { return size_t(threads) * 64; }
};

int main()
{
    cudaFuncAttributes attributes;
    CHECK(cudaFuncGetAttributes(&attributes, bounded));
    EXPECT(attributes.maxThreadsPerBlock == 256 && attributes.sharedSizeBytes == 512 * sizeof(float));
    EXPECT(attributes.numRegs > 0 && attributes.constSizeBytes == 0 && attributes.ptxVersion > 0 && attributes.binaryVersion > 0);
    CHECK(cudaFuncGetAttributes(&attributes, plain));
    EXPECT(attributes.maxThreadsPerBlock >= 512 && attributes.sharedSizeBytes == 0);

    cudaDeviceProp properties;
    CHECK(cudaGetDeviceProperties(&properties, 0));
    int blocks = 0, fewer = 0;
    CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, plain, 256, 0));
    EXPECT(blocks >= 1 && blocks * 256 <= properties.maxThreadsPerMultiProcessor);
    CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&fewer, plain, 256, properties.sharedMemPerBlock));
    EXPECT(fewer >= 1 && fewer <= blocks);
    EXPECT(fewer * properties.sharedMemPerBlock <= properties.sharedMemPerMultiprocessor);
    CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&blocks, bounded, 256, 0, cudaOccupancyDisableCachingOverride));
    EXPECT(blocks >= 2);
    size_t room = 0;
    CHECK(cudaOccupancyAvailableDynamicSMemPerBlock(&room, plain, 1, 256));
    EXPECT(room > 0 && room <= properties.sharedMemPerMultiprocessor);

    int grid = 0, block = 0;
    CHECK(cudaOccupancyMaxPotentialBlockSize(&grid, &block, plain, 0, 0));
    EXPECT(grid >= 1 && block >= 32 && block % 32 == 0 && block <= properties.maxThreadsPerBlock);
    CHECK(cudaOccupancyMaxPotentialBlockSizeVariableSMem(&grid, &block, plain, Room(), 0));
    EXPECT(size_t(block) * 64 <= properties.sharedMemPerMultiprocessor);

    // The suggested shape computes.
    const int n = 5000;
    float *values, back[n];
    CHECK(cudaMalloc(&values, sizeof back));
    for (int i = 0; i < n; i++) back[i] = i;
    CHECK(cudaMemcpy(values, back, sizeof back, cudaMemcpyHostToDevice));
    plain<<<(n + block - 1) / block, block>>>(values, n);
    CHECK(cudaMemcpy(back, values, sizeof back, cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; i++) EXPECT(back[i] == 2.0f * i);
    CHECK(cudaFree(values));

    EXPECT_ERROR(cudaErrorInvalidDeviceFunction, cudaFuncGetAttributes(&attributes, static_cast<const void*>(&grid)));
    (void)cudaGetLastError();
    EXPECT_ERROR(cudaErrorInvalidValue, cudaFuncSetAttribute(plain, cudaFuncAttributeMaxDynamicSharedMemorySize, 1 << 30));
    (void)cudaGetLastError();
    return pass();
}
