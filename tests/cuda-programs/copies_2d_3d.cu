// Pitched and three-dimensional copies and fills: parts of planes and volumes, in all directions.
#include "check.h"

#include <cstring>
#include <vector>

int main()
{
    const size_t width = 100, height = 37;
    unsigned char* plane;
    size_t pitch;
    CHECK(cudaMallocPitch(&plane, &pitch, width, height));
    EXPECT(pitch >= width && pitch % 32 == 0);
    std::vector<unsigned char> from(width * height), back(width * height);
    for (size_t i = 0; i < from.size(); i++) from[i] = (unsigned char)(i * 7);
    CHECK(cudaMemcpy2D(plane, pitch, from.data(), width, width, height, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy2D(back.data(), width, plane, pitch, width, height, cudaMemcpyDeviceToHost));
    EXPECT(back == from);

    // A window of it filled, another moved, one read into the middle of a larger plane.
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    CHECK(cudaMemset2DAsync(plane + 3 * pitch + 10, pitch, 0xab, 20, 5, stream));
    CHECK(cudaMemcpy2DAsync(plane + 20 * pitch + 50, pitch, plane + 4 * pitch + 12, pitch, 30, 10, cudaMemcpyDeviceToDevice, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (size_t y = 3; y < 8; y++) std::memset(&from[y * width + 10], 0xab, 20);
    for (size_t y = 0; y < 10; y++) std::memmove(&from[(20 + y) * width + 50], &from[(4 + y) * width + 12], 30);
    CHECK(cudaMemcpy2D(back.data(), width, plane, pitch, width, height, cudaMemcpyDefault));
    EXPECT(back == from);
    EXPECT_ERROR(cudaErrorInvalidPitchValue, cudaMemcpy2D(back.data(), 10, plane, pitch, width, height, cudaMemcpyDeviceToHost));
    (void)cudaGetLastError();

    // A volume of shorts, and a box out of it.
    const size_t w = 18, h = 11, d = 7;
    cudaPitchedPtr volume;
    cudaExtent extent = make_cudaExtent(w * sizeof(short), h, d);
    CHECK(cudaMalloc3D(&volume, extent));
    CHECK(cudaMemset3D(volume, 0x11, extent));
    std::vector<short> box(5 * 4 * 3), whole(w * h * d, -1);
    for (size_t i = 0; i < box.size(); i++) box[i] = short(i + 1);
    cudaMemcpy3DParms in{};
    in.srcPtr = make_cudaPitchedPtr(box.data(), 5 * sizeof(short), 5, 4);
    in.dstPtr = volume;
    in.dstPos = make_cudaPos(6 * sizeof(short), 2, 3);
    in.extent = make_cudaExtent(5 * sizeof(short), 4, 3);
    in.kind = cudaMemcpyHostToDevice;
    CHECK(cudaMemcpy3D(&in));
    cudaMemcpy3DParms out{};
    out.srcPtr = volume;
    out.dstPtr = make_cudaPitchedPtr(whole.data(), w * sizeof(short), w, h);
    out.extent = extent;
    out.kind = cudaMemcpyDeviceToHost;
    CHECK(cudaMemcpy3DAsync(&out, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (size_t z = 0; z < d; z++)
    {
        for (size_t y = 0; y < h; y++)
        {
            for (size_t x = 0; x < w; x++)
            {
                bool inside = x >= 6 && x < 11 && y >= 2 && y < 6 && z >= 3 && z < 6;
                short expected = inside ? box[((z - 3) * 4 + y - 2) * 5 + x - 6] : 0x1111;
                EXPECT(whole[(z * h + y) * w + x] == expected);
            }
        }
    }
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFree(volume.ptr));
    CHECK(cudaFree(plane));
    return pass();
}
