// Mapped memory: the host's pages, which kernels read and write.
#include "check.h"

#include <vector>

__global__ void increment(const int* from, int* to, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[i] = from[i] + 1;
}

int main()
{
    if (!attribute(cudaDevAttrCanMapHostMemory)) return absent("mapped host memory");
    const int n = 5000;
    int *from, *to, *device_from, *device_to;
    CHECK(cudaHostAlloc(&from, n * sizeof(int), cudaHostAllocMapped));
    CHECK(cudaHostAlloc(&to, n * sizeof(int), cudaHostAllocMapped | cudaHostAllocWriteCombined));
    CHECK(cudaHostGetDevicePointer(&device_from, from, 0));
    CHECK(cudaHostGetDevicePointer(&device_to, to, 0));
    for (int round = 0; round < 3; round++)
    {
        for (int i = 0; i < n; i++) from[i] = i * (round + 2);
        increment<<<(n + 255) / 256, 256>>>(device_from, device_to, n);
        CHECK(cudaDeviceSynchronize());
        for (int i = 0; i < n; i++) EXPECT(to[i] == i * (round + 2) + 1);
    }
    std::vector<int> own(n, 3);
    CHECK(cudaHostRegister(own.data(), n * sizeof(int), cudaHostRegisterMapped));
    int* device_own;
    CHECK(cudaHostGetDevicePointer(&device_own, own.data(), 0));
    increment<<<(n + 255) / 256, 256>>>(device_own, device_own, n);
    CHECK(cudaDeviceSynchronize());
    for (int value : own) EXPECT(value == 4);
    CHECK(cudaHostUnregister(own.data()));
    CHECK(cudaFreeHost(from));
    CHECK(cudaFreeHost(to));
    return pass();
}
