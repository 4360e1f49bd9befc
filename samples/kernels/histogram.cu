// bins[v] += how often v occurs in values[0 .. n): each block counts in shared memory with shared atomics, then adds
// its counts to the global bins with global atomics. The caller sets the bins to their starting values.
// Launch: any 1-D grid.
#define BINS 256

extern "C" __global__ void histogram(const unsigned char* __restrict__ values, unsigned int* __restrict__ bins, int n)
{
    __shared__ unsigned int counts[BINS];

    for (int bin = threadIdx.x; bin < BINS; bin += blockDim.x)
        counts[bin] = 0;
    __syncthreads();

    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x)
        atomicAdd(&counts[values[i]], 1u);
    __syncthreads();

    for (int bin = threadIdx.x; bin < BINS; bin += blockDim.x)
        if (counts[bin] != 0)
            atomicAdd(&bins[bin], counts[bin]);
}
