// cuRAND: a generator, and numbers of it. Prints what each step answered, and whether the numbers look even.
// nvcc: -lcurand
// packages: libcurand10
#include "check.h"

#include <curand.h>

#include <vector>

int main()
{
    const int n = 10000;
    float* numbers;
    CHECK(cudaMalloc(&numbers, n * sizeof(float)));
    CHECK(cudaMemset(numbers, 0, n * sizeof(float)));
    curandGenerator_t generator;
    curandStatus_t status = curandCreateGenerator(&generator, CURAND_RNG_PSEUDO_PHILOX4_32_10);
    std::printf("create %d\n", status);
    if (status != CURAND_STATUS_SUCCESS) return 1;
    status = curandSetPseudoRandomGeneratorSeed(generator, 42);
    if (status == CURAND_STATUS_SUCCESS) status = curandGenerateUniform(generator, numbers, n);
    std::printf("generate %d\n", status);
    std::printf("synchronize %s\n", cudaGetErrorName(cudaDeviceSynchronize()));
    std::vector<float> back(n);
    cudaError_t copied = cudaMemcpy(back.data(), numbers, n * sizeof(float), cudaMemcpyDeviceToHost);
    std::printf("destroy %d\n", curandDestroyGenerator(generator));
    if (status != CURAND_STATUS_SUCCESS || copied != cudaSuccess) return 1;
    double sum = 0;
    for (float number : back) sum += number;
    std::puts(std::fabs(sum / n - 0.5) < 0.02 ? "right" : "wrong");
    return 0;
}
