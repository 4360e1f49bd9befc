// *sum += values[0] + ... + values[n - 1]: a grid-stride loop per thread, shuffles within each warp, shared memory
// between the warps of a block, one atomic addition per block. The caller sets *sum to its starting value.
// Launch: any 1-D grid of blocks whose size is a multiple of 32.
#define WARP 32
#define WHOLE_WARP 0xffffffffu

__device__ float warp_sum(float value)
{
    for (int distance = WARP / 2; distance > 0; distance /= 2)
        value += __shfl_down_sync(WHOLE_WARP, value, distance);
    return value;
}

extern "C" __global__ void reduce_sum(const float* __restrict__ values, float* __restrict__ sum, int n)
{
    __shared__ float sums[WARP];

    float value = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x)
        value += values[i];

    int lane = threadIdx.x % WARP;
    int warp = threadIdx.x / WARP;
    value = warp_sum(value);
    if (lane == 0)
        sums[warp] = value;
    __syncthreads();

    if (warp == 0) {
        value = lane < blockDim.x / WARP ? sums[lane] : 0.0f;
        value = warp_sum(value);
        if (lane == 0)
            atomicAdd(sum, value);
    }
}
