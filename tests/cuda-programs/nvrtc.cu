// nvcc: -lnvrtc -lcuda
// A kernel that the program compiles itself, loads by the driver's interface and launches beside those of nvcc.
#include "check.h"

#include <cuda.h>
#include <nvrtc.h>

#include <cstring>
#include <string>
#include <vector>

#define DRIVER(call) EXPECT((call) == CUDA_SUCCESS)
#define COMPILER(call) EXPECT((call) == NVRTC_SUCCESS)

static const char* const source = R"(
template <typename T>
__global__ void axpy(T a, const T* x, T* y, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i] + y[i];
}
__constant__ float offset;
extern "C" __global__ void shift(float* y, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += offset;
}
)";

int main()
{
    nvrtcProgram program;
    COMPILER(nvrtcCreateProgram(&program, source, "axpy.cu", 0, nullptr, nullptr));
    COMPILER(nvrtcAddNameExpression(program, "axpy<float>"));
    const char* options[] = {"--gpu-architecture=compute_80", "--std=c++17"};
    COMPILER(nvrtcCompileProgram(program, 2, options));
    const char* mangled;
    COMPILER(nvrtcGetLoweredName(program, "axpy<float>", &mangled));
    size_t size;
    COMPILER(nvrtcGetPTXSize(program, &size));
    std::string ptx(size, '\0');
    COMPILER(nvrtcGetPTX(program, &ptx[0]));

    const int n = 1000;
    std::vector<float> x(n), y(n), back(n);
    for (int i = 0; i < n; i++)
    {
        x[i] = i;
        y[i] = 0.5f * i;
    }
    float *on_x, *on_y, a = 3, shifted = 100;
    CHECK(cudaMalloc(&on_x, n * sizeof(float)));
    CHECK(cudaMalloc(&on_y, n * sizeof(float)));
    CHECK(cudaMemcpy(on_x, x.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(on_y, y.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    CUmodule module;
    CUfunction axpy, shift;
    CUdeviceptr offset;
    char log[1024] = "";
    CUjit_option keys[] = {CU_JIT_INFO_LOG_BUFFER, CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES, CU_JIT_MAX_REGISTERS};
    void* values[] = {log, reinterpret_cast<void*>(sizeof log), reinterpret_cast<void*>(64)};
    DRIVER(cuModuleLoadDataEx(&module, ptx.data(), 3, keys, values));
    DRIVER(cuModuleGetFunction(&axpy, module, mangled));
    DRIVER(cuModuleGetFunction(&shift, module, "shift"));
    size_t bytes;
    DRIVER(cuModuleGetGlobal(&offset, &bytes, module, "offset"));
    EXPECT(bytes == sizeof shifted);
    DRIVER(cuMemcpyHtoD(offset, &shifted, sizeof shifted));
    int count = n;
    void* of_axpy[] = {&a, &on_x, &on_y, &count};
    DRIVER(cuLaunchKernel(axpy, (n + 127) / 128, 1, 1, 128, 1, 1, 0, nullptr, of_axpy, nullptr));
    // The other way to pass arguments: as one block of bytes.
    struct { float* y; int n; } packed = {on_y, n};
    size_t packed_size = sizeof packed;
    void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &packed, CU_LAUNCH_PARAM_BUFFER_SIZE, &packed_size, CU_LAUNCH_PARAM_END};
    DRIVER(cuLaunchKernel(shift, (n + 127) / 128, 1, 1, 128, 1, 1, 0, nullptr, nullptr, extra));
    CHECK(cudaMemcpy(back.data(), on_y, n * sizeof(float), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; i++) EXPECT(back[i] == 3 * x[i] + y[i] + 100);
    DRIVER(cuModuleUnload(module));
    EXPECT(cuModuleLoadData(&module, "not a program") == CUDA_ERROR_INVALID_IMAGE);
    COMPILER(nvrtcDestroyProgram(&program));
    CHECK(cudaFree(on_x));
    CHECK(cudaFree(on_y));
    return pass();
}
