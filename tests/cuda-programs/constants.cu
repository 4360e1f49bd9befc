// Constant and global variables of a program: copied to and from by symbol, their addresses and sizes, initial values.
#include "check.h"

struct Table
{
    double factors[8];
    const int* indirect;
};

__constant__ float coefficients[5] = {1, 2, 3, 4, 5};
__constant__ Table table;
__device__ int counter = 7;
__device__ int numbers[64];
static __device__ unsigned char hidden[3] = {10, 20, 30};

__global__ void evaluate(const float* x, float* y, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float sum = 0;
    for (int c = 4; c >= 0; c--) sum = sum * x[i] + coefficients[c];
    y[i] = sum + float(table.factors[i % 8]) * table.indirect[i % 64] + hidden[i % 3];
    atomicAdd(&counter, 1);
}

int main()
{
    const int n = 200;
    float x[n], y[n], *on_x, *on_y, changed[2] = {-1, 0.5f};
    int start, filled[64];
    CHECK(cudaMemcpyFromSymbol(&start, counter, sizeof start));
    EXPECT(start == 7);
    Table values;
    for (int i = 0; i < 8; i++) values.factors[i] = 0.5 * i;
    for (int i = 0; i < 64; i++) filled[i] = 3 * i;
    void* address;
    size_t size;
    CHECK(cudaGetSymbolAddress(&address, numbers));
    CHECK(cudaGetSymbolSize(&size, numbers));
    EXPECT(size == sizeof filled);
    values.indirect = static_cast<const int*>(address);
    CHECK(cudaMemcpyToSymbol(numbers, filled, sizeof filled));
    CHECK(cudaMemcpyToSymbol(table, &values, sizeof values));
    CHECK(cudaMemcpyToSymbol(coefficients, changed, sizeof changed, 2 * sizeof(float)));
    for (int i = 0; i < n; i++) x[i] = 0.01f * i;
    CHECK(cudaMalloc(&on_x, sizeof x));
    CHECK(cudaMalloc(&on_y, sizeof y));
    CHECK(cudaMemcpy(on_x, x, sizeof x, cudaMemcpyHostToDevice));
    evaluate<<<2, 128>>>(on_x, on_y, n);
    CHECK(cudaMemcpy(y, on_y, sizeof y, cudaMemcpyDeviceToHost));
    const float c[5] = {1, 2, -1, 0.5f, 5}, bytes[3] = {10, 20, 30};
    for (int i = 0; i < n; i++)
    {
        float sum = 0;
        for (int k = 4; k >= 0; k--) sum = sum * x[i] + c[k];
        EXPECT(std::fabs(y[i] - (sum + 0.5f * (i % 8) * (3 * (i % 64)) + bytes[i % 3])) < 0.01f);
    }
    CHECK(cudaMemcpyFromSymbol(&start, counter, sizeof start));
    EXPECT(start == 7 + n);
    EXPECT_ERROR(cudaErrorInvalidValue, cudaMemcpyToSymbol(coefficients, changed, sizeof changed, 4 * sizeof(float)));
    EXPECT_ERROR(cudaErrorInvalidSymbol, cudaGetSymbolSize(&size, static_cast<const void*>(&start)));
    CHECK(cudaFree(on_x));
    CHECK(cudaFree(on_y));
    return pass();
}
