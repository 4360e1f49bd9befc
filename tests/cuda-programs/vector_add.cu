// The first program of everybody: two vectors to the device, their sum back.
#include "check.h"

#include <vector>

__global__ void add(const float* a, const float* b, float* sum, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) sum[i] = a[i] + b[i];
}

int main()
{
    const int n = 100003;
    std::vector<float> a(n), b(n), sum(n);
    for (int i = 0; i < n; i++)
    {
        a[i] = 0.25f * i;
        b[i] = 7.0f - i;
    }
    const size_t bytes = n * sizeof(float);
    float *on_a, *on_b, *on_sum;
    CHECK(cudaMalloc(&on_a, bytes));
    CHECK(cudaMalloc(&on_b, bytes));
    CHECK(cudaMalloc(&on_sum, bytes));
    CHECK(cudaMemcpy(on_a, a.data(), bytes, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(on_b, b.data(), bytes, cudaMemcpyDefault));
    add<<<(n + 255) / 256, 256>>>(on_a, on_b, on_sum, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(sum.data(), on_sum, bytes, cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; i++) EXPECT(sum[i] == a[i] + b[i]);
    CHECK(cudaFree(on_a));
    CHECK(cudaFree(on_b));
    CHECK(cudaFree(on_sum));
    return pass();
}
