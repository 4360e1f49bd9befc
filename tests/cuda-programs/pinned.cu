// Page-locked memory: allocated and registered, copied from and to asynchronously, and what its pointers say about it.
#include "check.h"

#include <vector>

__global__ void reverse(const int* from, int* to, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[n - 1 - i] = from[i] + 1;
}

int main()
{
    const int n = 1 << 16;
    const size_t bytes = n * sizeof(int);
    int *from, *to, *on_from, *on_to;
    CHECK(cudaMallocHost(&from, bytes));
    CHECK(cudaHostAlloc(&to, bytes, cudaHostAllocPortable));
    CHECK(cudaMalloc(&on_from, bytes));
    CHECK(cudaMalloc(&on_to, bytes));
    cudaStream_t stream;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    for (int round = 0; round < 5; round++)
    {
        for (int i = 0; i < n; i++) from[i] = i * (round + 1);
        CHECK(cudaMemcpyAsync(on_from, from, bytes, cudaMemcpyHostToDevice, stream));
        reverse<<<n / 256, 256, 0, stream>>>(on_from, on_to, n);
        CHECK(cudaMemcpyAsync(to, on_to, bytes, cudaMemcpyDeviceToHost, stream));
        CHECK(cudaStreamSynchronize(stream));
        for (int i = 0; i < n; i++) EXPECT(to[n - 1 - i] == i * (round + 1) + 1);
    }

    // The program's own pages, registered while they are used.
    std::vector<int> own(n, 9);
    CHECK(cudaHostRegister(own.data(), bytes, cudaHostRegisterDefault));
    CHECK(cudaMemcpyAsync(own.data(), on_to, bytes, cudaMemcpyDefault, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < n; i++) EXPECT(own[i] == to[i]);
    cudaPointerAttributes attributes;
    CHECK(cudaPointerGetAttributes(&attributes, own.data() + 5));
    EXPECT(attributes.type == cudaMemoryTypeHost);
    EXPECT_ERROR(cudaErrorHostMemoryAlreadyRegistered, cudaHostRegister(own.data(), bytes, cudaHostRegisterDefault));
    CHECK(cudaHostUnregister(own.data()));
    EXPECT_ERROR(cudaErrorHostMemoryNotRegistered, cudaHostUnregister(own.data()));
    (void)cudaGetLastError();
    CHECK(cudaPointerGetAttributes(&attributes, own.data()));
    EXPECT(attributes.type == cudaMemoryTypeUnregistered);
    CHECK(cudaPointerGetAttributes(&attributes, from));
    EXPECT(attributes.type == cudaMemoryTypeHost && attributes.hostPointer == from);
    CHECK(cudaPointerGetAttributes(&attributes, on_from));
    EXPECT(attributes.type == cudaMemoryTypeDevice && attributes.devicePointer == on_from && attributes.device == 0);
    unsigned flags;
    CHECK(cudaHostGetFlags(&flags, to));
    EXPECT((flags & cudaHostAllocPortable) != 0);

    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFree(on_from));
    CHECK(cudaFree(on_to));
    CHECK(cudaFreeHost(from));
    CHECK(cudaFreeHost(to));
    return pass();
}
