// c[i] = a[i] + b[i]: one thread per element, the smallest useful kernel.
// Launch: any 1-D grid of at least n threads.
extern "C" __global__ void vector_add(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        c[i] = a[i] + b[i];
}
