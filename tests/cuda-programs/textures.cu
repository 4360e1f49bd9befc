// Textures: points and linear filtering, clamped and wrapped borders, normalised coordinates, of arrays, pitched and linear memory.
#include "check.h"

#include <vector>

__global__ void sample(cudaTextureObject_t texture, float* out, int width, int height, float scale, float offset)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y;
    if (x < width) out[y * width + x] = tex2D<float>(texture, x * scale + offset, y + 0.5f);
}

__global__ void sample_normalised(cudaTextureObject_t texture, float* out, int n)
{
    int i = threadIdx.x;
    if (i < n) out[i] = tex2D<float>(texture, (i - 4 + 0.5f) / 8, 0.5f / 4);
}

__global__ void fetch(cudaTextureObject_t texture, int4* out, int n)
{
    int i = threadIdx.x;
    if (i < n) out[i] = tex1Dfetch<int4>(texture, i);
}

__global__ void colours(cudaTextureObject_t texture, float4* out)
{
    out[threadIdx.x] = tex2D<float4>(texture, threadIdx.x + 0.5f, 0.5f);
}

static cudaTextureObject_t make(cudaResourceDesc resource, cudaTextureAddressMode border, cudaTextureFilterMode filter, cudaTextureReadMode read, bool normalised)
{
    cudaTextureDesc description{};
    description.addressMode[0] = description.addressMode[1] = border;
    description.filterMode = filter;
    description.readMode = read;
    description.normalizedCoords = normalised;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
    return texture;
}

int main()
{
    const int width = 8, height = 4;
    std::vector<float> values(width * height), got(width * height);
    for (int i = 0; i < width * height; i++) values[i] = float(i * i % 23);
    cudaArray_t array;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    CHECK(cudaMallocArray(&array, &format, width, height));
    const size_t row = width * sizeof(float);
    CHECK(cudaMemcpy2DToArray(array, 0, 0, values.data(), row, row, height, cudaMemcpyHostToDevice));
    cudaResourceDesc resource{};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    float* out;
    CHECK(cudaMalloc(&out, values.size() * sizeof(float)));

    cudaTextureObject_t points = make(resource, cudaAddressModeClamp, cudaFilterModePoint, cudaReadModeElementType, false);
    sample<<<dim3(1, height), width>>>(points, out, width, height, 1, 0.5f);
    CHECK(cudaMemcpy(got.data(), out, got.size() * sizeof(float), cudaMemcpyDeviceToHost));
    EXPECT(got == values);
    cudaResourceDesc read{};
    CHECK(cudaGetTextureObjectResourceDesc(&read, points));
    EXPECT(read.resType == cudaResourceTypeArray && read.res.array.array == array);

    // Between two texels is their mean; beyond the border is the border.
    cudaTextureObject_t linear = make(resource, cudaAddressModeClamp, cudaFilterModeLinear, cudaReadModeElementType, false);
    sample<<<dim3(1, height), width>>>(linear, out, width, height, 1, 1);
    CHECK(cudaMemcpy(got.data(), out, got.size() * sizeof(float), cudaMemcpyDeviceToHost));
    for (int y = 0; y < height; y++)
    {
        for (int x = 0; x < width; x++)
        {
            float right = values[y * width + (x + 1 < width ? x + 1 : x)];
            EXPECT(std::fabs(got[y * width + x] - (values[y * width + x] + right) / 2) < 0.01f);
        }
    }

    cudaTextureObject_t wrapped = make(resource, cudaAddressModeWrap, cudaFilterModePoint, cudaReadModeElementType, true);
    sample_normalised<<<1, 16>>>(wrapped, out, 16);
    CHECK(cudaMemcpy(got.data(), out, got.size() * sizeof(float), cudaMemcpyDeviceToHost));
    for (int i = 0; i < 16; i++) EXPECT(got[i] == values[(i + 4) % 8]);

    // Linear memory of four integers a texel.
    int4 *numbers, *fetched, host[10];
    for (int i = 0; i < 10; i++) host[i] = make_int4(i, -i, i * i, 7);
    CHECK(cudaMalloc(&numbers, sizeof host));
    CHECK(cudaMalloc(&fetched, sizeof host));
    CHECK(cudaMemcpy(numbers, host, sizeof host, cudaMemcpyHostToDevice));
    cudaResourceDesc memory{};
    memory.resType = cudaResourceTypeLinear;
    memory.res.linear.devPtr = numbers;
    memory.res.linear.desc = cudaCreateChannelDesc<int4>();
    memory.res.linear.sizeInBytes = sizeof host;
    cudaTextureObject_t buffer = make(memory, cudaAddressModeClamp, cudaFilterModePoint, cudaReadModeElementType, false);
    fetch<<<1, 32>>>(buffer, fetched, 10);
    int4 back[10];
    CHECK(cudaMemcpy(back, fetched, sizeof back, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 10; i++) EXPECT(back[i].x == i && back[i].y == -i && back[i].z == i * i && back[i].w == 7);

    // Bytes read as numbers from 0 to 1, of pitched memory.
    uchar4* pixels;
    size_t pitch;
    CHECK(cudaMallocPitch(&pixels, &pitch, 4 * sizeof(uchar4), 2));
    uchar4 colour[4] = {make_uchar4(0, 51, 255, 102), make_uchar4(255, 0, 0, 0), make_uchar4(1, 2, 3, 4), make_uchar4(5, 6, 7, 8)};
    CHECK(cudaMemcpy2D(pixels, pitch, colour, sizeof colour, sizeof colour, 1, cudaMemcpyHostToDevice));
    cudaResourceDesc plane{};
    plane.resType = cudaResourceTypePitch2D;
    plane.res.pitch2D.devPtr = pixels;
    plane.res.pitch2D.desc = cudaCreateChannelDesc<uchar4>();
    plane.res.pitch2D.width = 4;
    plane.res.pitch2D.height = 2;
    plane.res.pitch2D.pitchInBytes = pitch;
    cudaTextureObject_t image = make(plane, cudaAddressModeClamp, cudaFilterModePoint, cudaReadModeNormalizedFloat, false);
    colours<<<1, 4>>>(image, reinterpret_cast<float4*>(out));
    float4 seen[4];
    CHECK(cudaMemcpy(seen, out, sizeof seen, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 4; i++)
    {
        EXPECT(std::fabs(seen[i].x - colour[i].x / 255.0f) < 1e-5f && std::fabs(seen[i].w - colour[i].w / 255.0f) < 1e-5f);
    }
    for (cudaTextureObject_t texture : {points, linear, wrapped, buffer, image}) CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(array));
    for (void* freed : {static_cast<void*>(out), static_cast<void*>(numbers), static_cast<void*>(fetched), static_cast<void*>(pixels)}) CHECK(cudaFree(freed));
    return pass();
}
