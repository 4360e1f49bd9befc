// Devices: how many, what they are by structure and attribute, and each one's peers.
#include "check.h"

#include <cstring>

__global__ void fill(int* values, int value)
{
    values[threadIdx.x] = value;
}

int main()
{
    int count = 0, version = 0, runtime = 0;
    CHECK(cudaGetDeviceCount(&count));
    CHECK(cudaDriverGetVersion(&version));
    CHECK(cudaRuntimeGetVersion(&runtime));
    EXPECT(count >= 1 && runtime / 1000 <= version / 1000 && runtime == CUDART_VERSION);
    for (int d = 0; d < count; d++)
    {
        cudaDeviceProp properties;
        CHECK(cudaGetDeviceProperties(&properties, d));
        int major, warp, threads, clock;
        CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, d));
        CHECK(cudaDeviceGetAttribute(&warp, cudaDevAttrWarpSize, d));
        CHECK(cudaDeviceGetAttribute(&threads, cudaDevAttrMaxThreadsPerBlock, d));
        CHECK(cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, d));
        EXPECT(std::strlen(properties.name) > 0 && properties.totalGlobalMem > 0 && properties.multiProcessorCount > 0);
        EXPECT(properties.major == major && properties.warpSize == warp && warp == 32);
        EXPECT(properties.maxThreadsPerBlock == threads && threads >= 512 && properties.clockRate == clock);
        EXPECT(properties.unifiedAddressing == 1);
        char bus[32];
        int same = -1, chosen = -1;
        CHECK(cudaDeviceGetPCIBusId(bus, sizeof bus, d));
        CHECK(cudaDeviceGetByPCIBusId(&same, bus));
        EXPECT(same == d);
        CHECK(cudaChooseDevice(&chosen, &properties));
        EXPECT(chosen >= 0 && chosen < count);
        CHECK(cudaSetDevice(d));
        CHECK(cudaGetDevice(&chosen));
        EXPECT(chosen == d);
        size_t available, total;
        CHECK(cudaMemGetInfo(&available, &total));
        EXPECT(available <= total && total > 0 && total <= properties.totalGlobalMem);
        size_t stack;
        CHECK(cudaDeviceGetLimit(&stack, cudaLimitStackSize));
        CHECK(cudaDeviceSetLimit(cudaLimitStackSize, 4096));
        CHECK(cudaDeviceGetLimit(&stack, cudaLimitStackSize));
        EXPECT(stack >= 4096);
        unsigned flags;
        CHECK(cudaGetDeviceFlags(&flags));
        int can = -1;
        CHECK(cudaDeviceCanAccessPeer(&can, d, d));
        EXPECT(can == 0);
    }
    cudaDeviceProp none;
    EXPECT_ERROR(cudaErrorInvalidDevice, cudaGetDeviceProperties(&none, count));
    EXPECT_ERROR(cudaErrorInvalidDevice, cudaSetDevice(count));
    (void)cudaGetLastError();

    // Two devices: memory of one is copied and, with permission, written by the other.
    for (int d = 1; d < count; d++)
    {
        int can;
        CHECK(cudaDeviceCanAccessPeer(&can, d, 0));
        if (!can) continue;
        int *first, back[32];
        CHECK(cudaSetDevice(0));
        CHECK(cudaMalloc(&first, sizeof back));
        CHECK(cudaSetDevice(d));
        CHECK(cudaDeviceEnablePeerAccess(0, 0));
        EXPECT_ERROR(cudaErrorPeerAccessAlreadyEnabled, cudaDeviceEnablePeerAccess(0, 0));
        (void)cudaGetLastError();
        fill<<<1, 32>>>(first, 70 + d);
        CHECK(cudaDeviceSynchronize());
        int* second;
        CHECK(cudaMalloc(&second, sizeof back));
        CHECK(cudaMemcpyPeer(second, d, first, 0, sizeof back));
        CHECK(cudaMemcpy(back, second, sizeof back, cudaMemcpyDeviceToHost));
        for (int value : back) EXPECT(value == 70 + d);
        CHECK(cudaDeviceDisablePeerAccess(0));
        CHECK(cudaFree(second));
        CHECK(cudaFree(first));
    }
    return pass();
}
