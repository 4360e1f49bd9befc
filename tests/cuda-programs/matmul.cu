// Tiled matrix multiplication, in float, double and half precision, against the host.
#include "check.h"

#include <cuda_fp16.h>

#include <vector>

template <typename T, typename Sum>
__global__ void multiply(const T* a, const T* b, Sum* c, int rows, int inner, int columns)
{
    const int tile = 16;
    __shared__ T left[tile][tile], right[tile][tile + 1];
    int row = blockIdx.y * tile + threadIdx.y, column = blockIdx.x * tile + threadIdx.x;
    Sum sum = 0;
    for (int start = 0; start < inner; start += tile)
    {
        left[threadIdx.y][threadIdx.x] = row < rows && start + threadIdx.x < inner ? a[row * inner + start + threadIdx.x] : T(0.0f);
        right[threadIdx.y][threadIdx.x] = column < columns && start + threadIdx.y < inner ? b[(start + threadIdx.y) * columns + column] : T(0.0f);
        __syncthreads();
        for (int k = 0; k < tile; k++) sum += Sum(left[threadIdx.y][k]) * Sum(right[k][threadIdx.x]);
        __syncthreads();
    }
    if (row < rows && column < columns) c[row * columns + column] = sum;
}

template <typename T, typename Sum>
static void test(double tolerance)
{
    const int rows = 37, inner = 53, columns = 41;
    std::vector<T> a(rows * inner), b(inner * columns);
    std::vector<Sum> c(rows * columns);
    for (int i = 0; i < rows * inner; i++) a[i] = T(float(i % 13) - 6);
    for (int i = 0; i < inner * columns; i++) b[i] = T(float(i % 7) * 0.5f);
    T *on_a, *on_b;
    Sum* on_c;
    CHECK(cudaMalloc(&on_a, a.size() * sizeof(T)));
    CHECK(cudaMalloc(&on_b, b.size() * sizeof(T)));
    CHECK(cudaMalloc(&on_c, c.size() * sizeof(Sum)));
    CHECK(cudaMemcpy(on_a, a.data(), a.size() * sizeof(T), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(on_b, b.data(), b.size() * sizeof(T), cudaMemcpyHostToDevice));
    multiply<T, Sum><<<dim3((columns + 15) / 16, (rows + 15) / 16), dim3(16, 16)>>>(on_a, on_b, on_c, rows, inner, columns);
    CHECK(cudaMemcpy(c.data(), on_c, c.size() * sizeof(Sum), cudaMemcpyDeviceToHost));
    for (int row = 0; row < rows; row++)
    {
        for (int column = 0; column < columns; column++)
        {
            double sum = 0;
            for (int k = 0; k < inner; k++) sum += double(float(a[row * inner + k])) * double(float(b[k * columns + column]));
            EXPECT(std::fabs(sum - double(c[row * columns + column])) <= tolerance);
        }
    }
    CHECK(cudaFree(on_a));
    CHECK(cudaFree(on_b));
    CHECK(cudaFree(on_c));
}

__global__ void in_halves(const __half2* a, const __half2* b, __half2* out, int n)
{
    int i = threadIdx.x;
    if (i < n) out[i] = __hfma2(a[i], b[i], __hadd2(a[i], __float2half2_rn(0.5f)));
}

int main()
{
    test<float, float>(0.001);
    test<double, double>(1e-9);
    test<__half, float>(0.001);

    __half2 a[32], b[32], out[32], *memory;
    for (int i = 0; i < 32; i++)
    {
        a[i] = __floats2half2_rn(i, -i);
        b[i] = __floats2half2_rn(2, 0.25f);
    }
    CHECK(cudaMalloc(&memory, 3 * sizeof a));
    CHECK(cudaMemcpy(memory, a, sizeof a, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(memory + 32, b, sizeof b, cudaMemcpyHostToDevice));
    in_halves<<<1, 32>>>(memory, memory + 32, memory + 64, 32);
    CHECK(cudaMemcpy(out, memory + 64, sizeof out, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 32; i++)
    {
        float2 got = __half22float2(out[i]);
        EXPECT(got.x == 3 * i + 0.5f && got.y == -1.25f * i + 0.5f);
    }
    CHECK(cudaFree(memory));
    return pass();
}
