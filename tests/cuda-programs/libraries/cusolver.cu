// cuSOLVER: a handle, and a Cholesky factorisation. Prints what each step answered, and whether the factor is right.
// nvcc: -lcusolver -lcublas -lcublasLt -lcusparse
// packages: libcusolver11 libcublas12 libcublaslt12 libcusparse12 libnvjitlink12
#include "check.h"

#include <cusolverDn.h>

int main()
{
    const int n = 3;
    double matrix[n * n] = {4, 2, 2, 2, 5, 3, 2, 3, 6}, factor[n * n];
    double *on_matrix, *work;
    int *info, size = 0;
    CHECK(cudaMalloc(&on_matrix, sizeof matrix));
    CHECK(cudaMalloc(&info, sizeof(int)));
    CHECK(cudaMemset(info, 0, sizeof(int)));
    CHECK(cudaMemcpy(on_matrix, matrix, sizeof matrix, cudaMemcpyHostToDevice));
    cusolverDnHandle_t handle;
    cusolverStatus_t status = cusolverDnCreate(&handle);
    std::printf("create %d\n", status);
    if (status != CUSOLVER_STATUS_SUCCESS) return 1;
    status = cusolverDnDpotrf_bufferSize(handle, CUBLAS_FILL_MODE_LOWER, n, on_matrix, n, &size);
    CHECK(cudaMalloc(&work, (size > 0 ? size : 1) * sizeof(double)));
    if (status == CUSOLVER_STATUS_SUCCESS) status = cusolverDnDpotrf(handle, CUBLAS_FILL_MODE_LOWER, n, on_matrix, n, work, size, info);
    std::printf("factorise %d\n", status);
    std::printf("synchronize %s\n", cudaGetErrorName(cudaDeviceSynchronize()));
    cudaError_t copied = cudaMemcpy(factor, on_matrix, sizeof factor, cudaMemcpyDeviceToHost);
    std::printf("destroy %d\n", cusolverDnDestroy(handle));
    if (status != CUSOLVER_STATUS_SUCCESS || copied != cudaSuccess) return 1;
    std::puts(std::fabs(factor[0] - 2) < 1e-9 && std::fabs(factor[4] - 2) < 1e-9 ? "right" : "wrong");
    return 0;
}
