// cuFFT: a plan, and one transform forth and back. Prints what each step answered, and whether it came back.
// nvcc: -lcufft
// packages: libcufft11
#include "check.h"

#include <cufft.h>

#include <vector>

int main()
{
    const int n = 256;
    std::vector<float2> signal(n), back(n);
    for (int i = 0; i < n; i++) signal[i] = make_float2(float(i % 9), 0);
    float2* on_device;
    CHECK(cudaMalloc(&on_device, n * sizeof(float2)));
    CHECK(cudaMemcpy(on_device, signal.data(), n * sizeof(float2), cudaMemcpyHostToDevice));
    cufftHandle plan;
    cufftResult result = cufftPlan1d(&plan, n, CUFFT_C2C, 1);
    std::printf("create %d\n", result);
    if (result != CUFFT_SUCCESS) return 1;
    result = cufftExecC2C(plan, on_device, on_device, CUFFT_FORWARD);
    std::printf("forward %d\n", result);
    if (result == CUFFT_SUCCESS) result = cufftExecC2C(plan, on_device, on_device, CUFFT_INVERSE);
    std::printf("inverse %d\n", result);
    std::printf("synchronize %s\n", cudaGetErrorName(cudaDeviceSynchronize()));
    cudaError_t copied = cudaMemcpy(back.data(), on_device, n * sizeof(float2), cudaMemcpyDeviceToHost);
    std::printf("destroy %d\n", cufftDestroy(plan));
    if (result != CUFFT_SUCCESS || copied != cudaSuccess) return 1;
    bool right = true;
    for (int i = 0; i < n; i++) right = right && std::fabs(back[i].x / n - signal[i].x) < 1e-3f;
    std::puts(right ? "right" : "wrong");
    return 0;
}
