// cuBLAS by itself: vector, matrix-vector and matrix products in single and double precision, batches, a stream of its own.
// nvcc: -lcublas
// packages: libcublas12 libcublaslt12
#include "report.h"

#include <cublas_v2.h>

// Column-major, as BLAS has it: m x k times k x n.
template <class T> void require_product(const std::vector<T>& a, const std::vector<T>& b, const std::vector<T>& c, int m, int n, int k, const char* what)
{
    for (int column = 0; column < n; column++)
    {
        for (int row = 0; row < m; row++)
        {
            double sum = 0;
            for (int index = 0; index < k; index++) sum += double(a[index * m + row]) * b[column * k + index];
            REQUIRE(std::fabs(sum - c[column * m + row]) < 1e-2, what);
        }
    }
}

int main()
{
    const int m = 192, n = 160, k = 320, batch = 8;
    auto a = numbers<float>(m * k, 1), b = numbers<float>(k * n, 2), x = numbers<float>(k, 3), many = numbers<float>(batch * m * k, 4);
    auto wide_a = numbers<double>(m * k, 5), wide_b = numbers<double>(k * n, 6);
    float *on_a = to_device(a), *on_b = to_device(b), *on_x = to_device(x), *on_many = to_device(many);
    double *on_wide_a = to_device(wide_a), *on_wide_b = to_device(wide_b);
    float *on_c = to_device(std::vector<float>(batch * m * n)), *on_y = to_device(std::vector<float>(m));
    double* on_wide_c = to_device(std::vector<double>(m * n));
    const float one = 1, zero = 0;
    const double wide_one = 1, wide_zero = 0;
    cudaStream_t stream;
    cublasHandle_t handle;
    NEED(cudaStreamCreate(&stream));
    NEED(cublasCreate(&handle));
    NEED(cublasSetStream(handle, stream));

    auto compute = [&] {
        std::vector<double> values;
        NEED(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &one, on_a, m, on_b, k, &zero, on_c, m));
        NEED(cudaStreamSynchronize(stream));
        auto c = from_device(on_c, m * n);
        require_product(a, b, c, m, n, k, "a matrix product");
        digest(c, values);

        NEED(cublasDgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &wide_one, on_wide_a, m, on_wide_b, k, &wide_zero, on_wide_c, m));
        NEED(cudaStreamSynchronize(stream));
        auto wide_c = from_device(on_wide_c, m * n);
        require_product(wide_a, wide_b, wide_c, m, n, k, "a matrix product in double precision");
        digest(wide_c, values);

        float dot, norm;
        NEED(cublasSdot(handle, k, on_x, 1, on_b, 1, &dot));
        NEED(cublasSnrm2(handle, k, on_x, 1, &norm));
        double sum = 0, squares = 0;
        for (int index = 0; index < k; index++)
        {
            sum += double(x[index]) * b[index];
            squares += double(x[index]) * x[index];
        }
        REQUIRE(std::fabs(sum - dot) < 1e-3 && std::fabs(std::sqrt(squares) - norm) < 1e-3, "a vector product");
        values.insert(values.end(), {dot, norm});

        NEED(cublasSgemv(handle, CUBLAS_OP_N, m, k, &one, on_a, m, on_x, 1, &zero, on_y, 1));
        NEED(cudaStreamSynchronize(stream));
        auto y = from_device(on_y, m);
        require_product(a, x, y, m, 1, k, "a matrix-vector product");
        digest(y, values);

        NEED(cublasSgemmStridedBatched(
            handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &one, on_many, m, m * k, on_b, k, 0, &zero, on_c, m, m * n, batch));
        NEED(cudaStreamSynchronize(stream));
        auto products = from_device(on_c, batch * m * n);
        std::vector<float> last_a(many.end() - m * k, many.end()), last(products.end() - m * n, products.end());
        require_product(last_a, b, last, m, n, k, "the last product of a batch");
        digest(products, values);
        return values;
    };
    auto step = [&] {
        NEED(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &one, on_a, m, on_b, k, &zero, on_c, m));
        NEED(cudaStreamSynchronize(stream));
    };
    int code = report(compute, step);
    NEED(cublasDestroy(handle));
    return code;
}
