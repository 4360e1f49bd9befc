// Arrays: created, described, filled and read by windows, copied between each other.
#include "check.h"

#include <vector>

int main()
{
    const int width = 20, height = 9;
    cudaArray_t array, other;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float2>(), read;
    CHECK(cudaMallocArray(&array, &format, width, height));
    CHECK(cudaMallocArray(&other, &format, width, height));
    cudaExtent extent;
    unsigned flags;
    CHECK(cudaArrayGetInfo(&read, &extent, &flags, array));
    EXPECT(read.x == 32 && read.y == 32 && read.z == 0 && read.f == cudaChannelFormatKindFloat);
    EXPECT(extent.width == width && extent.height == height && extent.depth == 0 && flags == 0);

    std::vector<float2> from(width * height), back(width * height);
    for (int i = 0; i < width * height; i++) from[i] = make_float2(i, -i);
    const size_t row = width * sizeof(float2);
    CHECK(cudaMemcpy2DToArray(array, 0, 0, from.data(), row, row, height, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy2DArrayToArray(other, 0, 0, array, 0, 0, row, height, cudaMemcpyDeviceToDevice));
    CHECK(cudaMemcpy2DFromArray(back.data(), row, other, 0, 0, row, height, cudaMemcpyDeviceToHost));
    for (int i = 0; i < width * height; i++) EXPECT(back[i].x == i && back[i].y == -i);
    float2 window[6];
    CHECK(cudaMemcpy2DFromArray(window, 3 * sizeof(float2), array, 4 * sizeof(float2), 5, 3 * sizeof(float2), 2, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 6; i++) EXPECT(window[i].x == (5 + i / 3) * width + 4 + i % 3);

    cudaArray_t volume;
    cudaChannelFormatDesc bytes = cudaCreateChannelDesc<unsigned char>();
    cudaExtent size = make_cudaExtent(8, 6, 4);
    CHECK(cudaMalloc3DArray(&volume, &bytes, size));
    std::vector<unsigned char> cells(8 * 6 * 4), cells_back(cells.size());
    for (size_t i = 0; i < cells.size(); i++) cells[i] = (unsigned char)i;
    cudaMemcpy3DParms copy{};
    copy.srcPtr = make_cudaPitchedPtr(cells.data(), 8, 8, 6);
    copy.dstArray = volume;
    copy.extent = size;
    copy.kind = cudaMemcpyHostToDevice;
    CHECK(cudaMemcpy3D(&copy));
    cudaMemcpy3DParms out{};
    out.srcArray = volume;
    out.dstPtr = make_cudaPitchedPtr(cells_back.data(), 8, 8, 6);
    out.extent = size;
    out.kind = cudaMemcpyDeviceToHost;
    CHECK(cudaMemcpy3D(&out));
    EXPECT(cells == cells_back);
    CHECK(cudaFreeArray(volume));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFreeArray(other));
    return pass();
}
