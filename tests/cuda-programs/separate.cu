// Separately compiled device code: functions, variables and kernels of other files, linked by the device linker.
// nvcc: -rdc=true separate/functions.cu separate/kernels.cu
#include "check.h"
#include "separate/shared.h"

__device__ int calls = 0;

__global__ void combine(int* out, int n)
{
    int i = threadIdx.x;
    if (i >= n) return;
    out[i] = square(i) + lookup[i % 4] + choose(i % 2)(i);
    atomicAdd(&calls, 1);
}

int main()
{
    const int n = 40;
    int *out, got[n], other[n];
    CHECK(cudaMalloc(&out, sizeof got));
    const int values[4] = {100, 200, 300, 400};
    CHECK(cudaMemcpyToSymbol(lookup, values, sizeof values));
    combine<<<1, 64>>>(out, n);
    CHECK(cudaMemcpy(got, out, sizeof got, cudaMemcpyDeviceToHost));
    launch_elsewhere(out, n);
    CHECK(cudaMemcpy(other, out, sizeof other, cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; i++)
    {
        EXPECT(got[i] == i * i + values[i % 4] + (i % 2 ? -i : i * i));
        EXPECT(other[i] == got[i] * 2 + 1);
    }
    int counted;
    CHECK(cudaMemcpyFromSymbol(&counted, calls, sizeof counted));
    EXPECT(counted == n);
    CHECK(cudaFree(out));
    return pass();
}
