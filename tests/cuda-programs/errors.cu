// Errors: returned at once, kept as the last one, and those of a kernel that spoil the context until it is reset.
#include "check.h"

#include <cstring>

__global__ void store(int* to, int value)
{
    *to = value;
}

int main()
{
    int* memory = nullptr;
    EXPECT_ERROR(cudaErrorMemoryAllocation, cudaMalloc(&memory, size_t(1) << 50));
    EXPECT(memory == nullptr);
    EXPECT_ERROR(cudaErrorMemoryAllocation, cudaPeekAtLastError());
    EXPECT_ERROR(cudaErrorMemoryAllocation, cudaGetLastError());
    CHECK(cudaGetLastError());
    EXPECT_ERROR(cudaErrorInvalidDevice, cudaSetDevice(99));
    EXPECT_ERROR(cudaErrorInvalidValue, cudaMalloc(static_cast<void**>(nullptr), 4));
    EXPECT_ERROR(cudaErrorInvalidValue, cudaGetLastError());
    EXPECT(std::strcmp(cudaGetErrorName(cudaErrorLaunchFailure), "cudaErrorLaunchFailure") == 0);
    EXPECT(std::strlen(cudaGetErrorString(cudaErrorIllegalAddress)) > 5);

    CHECK(cudaMalloc(&memory, sizeof(int)));
    store<<<1, 4096>>>(memory, 1);
    EXPECT_ERROR(cudaErrorInvalidConfiguration, cudaGetLastError());
    store<<<0, 1>>>(memory, 1);
    EXPECT_ERROR(cudaErrorInvalidConfiguration, cudaGetLastError());
    store<<<1, 1, 1 << 20>>>(memory, 1);
    EXPECT_ERROR(cudaErrorInvalidValue, cudaGetLastError());
    EXPECT_ERROR(cudaErrorInvalidValue, cudaMemcpy(memory, &memory, 4, static_cast<cudaMemcpyKind>(17)) == cudaErrorInvalidMemcpyDirection
        ? cudaErrorInvalidValue : cudaErrorUnknown);
    (void)cudaGetLastError();

    // None of these did harm.
    int value = 0;
    store<<<1, 1>>>(memory, 42);
    CHECK(cudaMemcpy(&value, memory, sizeof value, cudaMemcpyDeviceToHost));
    EXPECT(value == 42);

    // An address that is nobody's: the context is spoilt, and stays so.
    store<<<1, 1>>>(reinterpret_cast<int*>(0x40), 1);
    EXPECT_ERROR(cudaErrorIllegalAddress, cudaDeviceSynchronize());
    EXPECT_ERROR(cudaErrorIllegalAddress, cudaMemcpy(&value, memory, sizeof value, cudaMemcpyDeviceToHost));
    EXPECT_ERROR(cudaErrorIllegalAddress, cudaGetLastError());
    EXPECT_ERROR(cudaErrorIllegalAddress, cudaMalloc(&memory, 4));

    // A reset ends that context; the next call makes a new one.
    (void)cudaDeviceReset();
    (void)cudaGetLastError();
    CHECK(cudaMalloc(&memory, sizeof(int)));
    store<<<1, 1>>>(memory, 43);
    CHECK(cudaMemcpy(&value, memory, sizeof value, cudaMemcpyDeviceToHost));
    EXPECT(value == 43);
    CHECK(cudaFree(memory));
    return pass();
}
