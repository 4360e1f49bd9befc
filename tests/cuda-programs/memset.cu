// Fills: bytes, unaligned ends, in streams, and nothing beyond the end.
#include "check.h"

#include <cstring>
#include <vector>

int main()
{
    const size_t size = 10007;
    unsigned char* memory;
    CHECK(cudaMalloc(&memory, size));
    std::vector<unsigned char> expected(size, 0xee), back(size);
    CHECK(cudaMemset(memory, 0xee, size));
    struct { size_t start, length; int value; } const fills[] = { {0, 1, 1}, {3, 5, 0x102}, {17, 4096, 3}, {4000, 6007, 0xff}, {9999, 0, 5} };
    for (auto fill : fills)
    {
        CHECK(cudaMemset(memory + fill.start, fill.value, fill.length));
        std::memset(expected.data() + fill.start, fill.value, fill.length);
    }
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    for (int i = 0; i < 50; i++)
    {
        CHECK(cudaMemsetAsync(memory + 101 * i, i, 33, stream));
        std::memset(expected.data() + 101 * i, i, 33);
    }
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaMemcpy(back.data(), memory, size, cudaMemcpyDeviceToHost));
    EXPECT(back == expected);
    // Refused; a device at the other end of a network may say so when it is waited for.
    cudaError_t refused = cudaMemset(memory, 0, size + (1 << 22));
    EXPECT_ERROR(cudaErrorInvalidValue, refused == cudaSuccess ? cudaDeviceSynchronize() : refused);
    (void)cudaGetLastError();
    CHECK(cudaMemcpy(back.data(), memory, size, cudaMemcpyDeviceToHost));
    EXPECT(back == expected);
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFree(memory));
    return pass();
}
