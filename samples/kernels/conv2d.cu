// output = input (height x width, row-major) convolved with the filter in constant memory; pixels beyond an edge read
// as the nearest pixel of the edge. The caller writes the filter to the module's global `conv2d_filter`.
// Launch: a 2-D grid that covers width (x) and height (y).
#define RADIUS 2
#define SIDE (2 * RADIUS + 1)

extern "C" {

__constant__ float conv2d_filter[SIDE * SIDE];

__global__ void conv2d(const float* __restrict__ input, float* __restrict__ output, int width, int height)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height)
        return;

    float sum = 0.0f;
    for (int j = 0; j < SIDE; j++) {
        int row = min(max(y + j - RADIUS, 0), height - 1);
        for (int i = 0; i < SIDE; i++) {
            int column = min(max(x + i - RADIUS, 0), width - 1);
            sum += conv2d_filter[j * SIDE + i] * input[row * width + column];
        }
    }
    output[y * width + x] = sum;
}

}
