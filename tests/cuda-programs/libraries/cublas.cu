// cuBLAS: a handle, and one single-precision matrix product. Prints what each step answered, and whether the product is right.
// nvcc: -lcublas
// packages: libcublas12 libcublaslt12
#include "check.h"

#include <cublas_v2.h>

#include <vector>

int main()
{
    const int n = 64;
    std::vector<float> a(n * n), b(n * n), c(n * n, -1);
    for (int i = 0; i < n * n; i++)
    {
        a[i] = float(i % 7) - 3;
        b[i] = float(i % 5) * 0.5f;
    }
    const size_t bytes = n * n * sizeof(float);
    float *on_a, *on_b, *on_c;
    CHECK(cudaMalloc(&on_a, bytes));
    CHECK(cudaMalloc(&on_b, bytes));
    CHECK(cudaMalloc(&on_c, bytes));
    CHECK(cudaMemcpy(on_a, a.data(), bytes, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(on_b, b.data(), bytes, cudaMemcpyHostToDevice));
    cublasHandle_t handle;
    cublasStatus_t status = cublasCreate(&handle);
    std::printf("create %d\n", status);
    if (status != CUBLAS_STATUS_SUCCESS) return 1;
    const float one = 1, zero = 0;
    status = cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, on_a, n, on_b, n, &zero, on_c, n);
    std::printf("sgemm %d\n", status);
    std::printf("synchronize %s\n", cudaGetErrorName(cudaDeviceSynchronize()));
    cudaError_t copied = cudaMemcpy(c.data(), on_c, bytes, cudaMemcpyDeviceToHost);
    std::printf("destroy %d\n", cublasDestroy(handle));
    if (status != CUBLAS_STATUS_SUCCESS || copied != cudaSuccess) return 1;
    bool right = true;
    for (int column = 0; column < n; column++)
    {
        for (int row = 0; row < n; row++)
        {
            double sum = 0;
            for (int k = 0; k < n; k++) sum += double(a[k * n + row]) * b[column * n + k];
            right = right && std::fabs(sum - c[column * n + row]) < 1e-3;
        }
    }
    std::puts(right ? "right" : "wrong");
    return 0;
}
