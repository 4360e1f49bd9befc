// cuSPARSE: a handle, and a sparse matrix times a vector. Prints what each step answered, and whether the product is right.
// nvcc: -lcusparse
// packages: libcusparse12 libnvjitlink12
#include "check.h"

#include <cusparse.h>

int main()
{
    // Twice the identity, and a first row of ones.
    const int n = 32, entries = 2 * n - 1;
    int starts[n + 1], columns[entries];
    float values[entries], x[n], y[n];
    for (int i = 0; i < n; i++)
    {
        x[i] = float(i + 1);
        columns[i] = i;
        values[i] = i == 0 ? 2 : 1;
        starts[i + 1] = n + i;
        if (i > 0)
        {
            columns[n + i - 1] = i;
            values[n + i - 1] = 2;
        }
    }
    starts[0] = 0;
    int *on_starts, *on_columns;
    float *on_values, *on_x, *on_y;
    CHECK(cudaMalloc(&on_starts, sizeof starts));
    CHECK(cudaMalloc(&on_columns, sizeof columns));
    CHECK(cudaMalloc(&on_values, sizeof values));
    CHECK(cudaMalloc(&on_x, sizeof x));
    CHECK(cudaMalloc(&on_y, sizeof y));
    CHECK(cudaMemcpy(on_starts, starts, sizeof starts, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(on_columns, columns, sizeof columns, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(on_values, values, sizeof values, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(on_x, x, sizeof x, cudaMemcpyHostToDevice));
    CHECK(cudaMemset(on_y, 0, sizeof y));
    cusparseHandle_t handle;
    cusparseStatus_t status = cusparseCreate(&handle);
    std::printf("create %d\n", status);
    if (status != CUSPARSE_STATUS_SUCCESS) return 1;
    cusparseSpMatDescr_t matrix;
    cusparseDnVecDescr_t in, out;
    cusparseCreateCsr(&matrix, n, n, entries, on_starts, on_columns, on_values, CUSPARSE_INDEX_32I, CUSPARSE_INDEX_32I, CUSPARSE_INDEX_BASE_ZERO, CUDA_R_32F);
    cusparseCreateDnVec(&in, n, on_x, CUDA_R_32F);
    cusparseCreateDnVec(&out, n, on_y, CUDA_R_32F);
    const float one = 1, zero = 0;
    size_t size = 0;
    void* buffer = nullptr;
    status = cusparseSpMV_bufferSize(handle, CUSPARSE_OPERATION_NON_TRANSPOSE, &one, matrix, in, &zero, out, CUDA_R_32F, CUSPARSE_SPMV_ALG_DEFAULT, &size);
    if (size > 0) CHECK(cudaMalloc(&buffer, size));
    if (status == CUSPARSE_STATUS_SUCCESS)
        status = cusparseSpMV(handle, CUSPARSE_OPERATION_NON_TRANSPOSE, &one, matrix, in, &zero, out, CUDA_R_32F, CUSPARSE_SPMV_ALG_DEFAULT, buffer);
    std::printf("multiply %d\n", status);
    std::printf("synchronize %s\n", cudaGetErrorName(cudaDeviceSynchronize()));
    cudaError_t copied = cudaMemcpy(y, on_y, sizeof y, cudaMemcpyDeviceToHost);
    std::printf("destroy %d\n", cusparseDestroy(handle));
    if (status != CUSPARSE_STATUS_SUCCESS || copied != cudaSuccess) return 1;
    bool right = y[0] == n * (n + 1) / 2 + 1;
    for (int i = 1; i < n; i++) right = right && y[i] == 2 * x[i];
    std::puts(right ? "right" : "wrong");
    return 0;
}
