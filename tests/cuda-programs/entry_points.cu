// The driver's functions, asked for by name through the runtime, called without linking to the driver.
#include "check.h"

#include <cuda.h>

template <typename F>
static F find(const char* name, unsigned long long flags = cudaEnableDefault)
{
    void* function = nullptr;
    cudaDriverEntryPointQueryResult found;
    CHECK(cudaGetDriverEntryPoint(name, &function, flags, &found));
    EXPECT(found == cudaDriverEntryPointSuccess && function != nullptr);
    return reinterpret_cast<F>(function);
}

int main()
{
    auto get_version = find<CUresult (*)(int*)>("cuDriverGetVersion");
    auto get_name = find<CUresult (*)(char*, int, CUdevice)>("cuDeviceGetName");
    auto allocate = find<CUresult (*)(CUdeviceptr*, size_t)>("cuMemAlloc");
    auto release = find<CUresult (*)(CUdeviceptr)>("cuMemFree");
    auto fill = find<CUresult (*)(CUdeviceptr, unsigned, size_t, CUstream)>("cuMemsetD32Async");
    auto fill_per_thread = find<CUresult (*)(CUdeviceptr, unsigned, size_t, CUstream)>("cuMemsetD32Async", cudaEnablePerThreadDefaultStream);
    auto range = find<CUresult (*)(CUdeviceptr*, size_t*, CUdeviceptr)>("cuMemGetAddressRange");
    EXPECT(fill != fill_per_thread);
    int version, of_runtime;
    EXPECT(get_version(&version) == CUDA_SUCCESS);
    CHECK(cudaDriverGetVersion(&of_runtime));
    EXPECT(version == of_runtime);
    char name[256] = "";
    EXPECT(get_name(name, sizeof name, 0) == CUDA_SUCCESS && name[0] != 0);

    CHECK(cudaSetDevice(0));
    CUdeviceptr memory, start;
    size_t size;
    unsigned back[16];
    EXPECT(allocate(&memory, sizeof back) == CUDA_SUCCESS);
    EXPECT(range(&start, &size, memory + 20) == CUDA_SUCCESS && start == memory && size == sizeof back);
    EXPECT(fill_per_thread(memory, 7, 16, nullptr) == CUDA_SUCCESS);
    CHECK(cudaStreamSynchronize(cudaStreamPerThread));
    EXPECT(fill(memory, 8, 8, nullptr) == CUDA_SUCCESS);
    CHECK(cudaMemcpy(back, reinterpret_cast<void*>(memory), sizeof back, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 16; i++) EXPECT(back[i] == (i < 8 ? 8u : 7u));
    EXPECT(release(memory) == CUDA_SUCCESS);

    void* none = &none;
    cudaDriverEntryPointQueryResult found;
    (void)cudaGetDriverEntryPoint("cuNoSuchFunction", &none, cudaEnableDefault, &found);
    EXPECT(found == cudaDriverEntryPointSymbolNotFound && none == nullptr);
    (void)cudaGetLastError();
    return pass();
}
