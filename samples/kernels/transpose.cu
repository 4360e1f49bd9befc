// output (width x height) = the transpose of input (height x width), row-major: through a shared tile, so that both
// reads and writes are along rows. The tile's rows are one element longer than needed, which spreads a column over
// all banks of shared memory.
// Launch: blocks of exactly TILE x ROWS threads, a 2-D grid that covers width (x) and height (y) in tiles of TILE.
#define TILE 32
#define ROWS 8

extern "C" __global__ void __launch_bounds__(TILE * ROWS)
transpose(const float* __restrict__ input, float* __restrict__ output, int width, int height)
{
    __shared__ float tile[TILE][TILE + 1];

    int x = blockIdx.x * TILE + threadIdx.x;
    int y = blockIdx.y * TILE + threadIdx.y;
    for (int i = 0; i < TILE; i += ROWS)
        if (x < width && y + i < height)
            tile[threadIdx.y + i][threadIdx.x] = input[(y + i) * width + x];
    __syncthreads();

    x = blockIdx.y * TILE + threadIdx.x;
    y = blockIdx.x * TILE + threadIdx.y;
    for (int i = 0; i < TILE; i += ROWS)
        if (x < height && y + i < width)
            output[(y + i) * height + x] = tile[threadIdx.x][threadIdx.y + i];
}
