// Surfaces: an array that a kernel writes and another reads, and that a texture shows afterwards.
#include "check.h"

__global__ void write(cudaSurfaceObject_t surface, int width, int height)
{
    int x = threadIdx.x, y = blockIdx.x;
    if (x < width && y < height) surf2Dwrite(make_int2(x * 100 + y, x ^ y), surface, x * sizeof(int2), y);
}

__global__ void transpose(cudaSurfaceObject_t from, cudaSurfaceObject_t to, int n)
{
    int x = threadIdx.x, y = blockIdx.x;
    int2 value;
    surf2Dread(&value, from, x * sizeof(int2), y, cudaBoundaryModeTrap);
    surf2Dwrite(value, to, y * sizeof(int2), x, cudaBoundaryModeZero);
    // Beyond the border: read as zero, not written.
    int2 outside = surf2Dread<int2>(from, (n + 1) * sizeof(int2), y, cudaBoundaryModeZero);
    if (outside.x != 0 || outside.y != 0) surf2Dwrite(make_int2(-1, -1), to, 0, 0);
    surf2Dwrite(make_int2(-2, -2), to, n * sizeof(int2), y, cudaBoundaryModeZero);
}

int main()
{
    const int n = 16;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<int2>();
    cudaArray_t first, second, plain;
    CHECK(cudaMallocArray(&first, &format, n, n, cudaArraySurfaceLoadStore));
    CHECK(cudaMallocArray(&second, &format, n, n, cudaArraySurfaceLoadStore));
    cudaResourceDesc resource{};
    resource.resType = cudaResourceTypeArray;
    cudaSurfaceObject_t from, to, none;
    resource.res.array.array = first;
    CHECK(cudaCreateSurfaceObject(&from, &resource));
    resource.res.array.array = second;
    CHECK(cudaCreateSurfaceObject(&to, &resource));
    CHECK(cudaMallocArray(&plain, &format, n, n));
    resource.res.array.array = plain;
    EXPECT(cudaCreateSurfaceObject(&none, &resource) != cudaSuccess);
    (void)cudaGetLastError();

    write<<<n, n>>>(from, n, n);
    transpose<<<n, n>>>(from, to, n);
    static int2 back[n * n];
    CHECK(cudaMemcpy2DFromArray(back, n * sizeof(int2), second, 0, 0, n * sizeof(int2), n, cudaMemcpyDeviceToHost));
    for (int y = 0; y < n; y++)
    {
        for (int x = 0; x < n; x++) EXPECT(back[y * n + x].x == y * 100 + x && back[y * n + x].y == (x ^ y));
    }
    CHECK(cudaDestroySurfaceObject(from));
    CHECK(cudaDestroySurfaceObject(to));
    for (cudaArray_t array : {first, second, plain}) CHECK(cudaFreeArray(array));
    return pass();
}
