// Kernels that are templates, with functors, lambdas, classes with virtual functions and function pointers.
// nvcc: --extended-lambda
#include "check.h"

#include <vector>

template <typename T, int Unroll, typename Operation>
__global__ void transform(T* values, int n, Operation operation)
{
    int first = (blockIdx.x * blockDim.x + threadIdx.x) * Unroll;
#pragma unroll
    for (int k = 0; k < Unroll; k++)
        if (first + k < n) values[first + k] = operation(values[first + k], first + k);
}

template <typename T>
struct Scale
{
    T factor;
    __device__ T operator()(T value, int) const { return value * factor; }
};

class Shape
{
public:
    __device__ virtual ~Shape() {}
    __device__ virtual float area() const = 0;
};

class Square : public Shape
{
public:
    __device__ explicit Square(float side) : side_(side) {}
    __device__ float area() const override { return side_ * side_; }

private:
    float side_;
};

class Rectangle : public Square
{
public:
    __device__ Rectangle(float width, float height) : Square(width), height_(height), width_(width) {}
    __device__ float area() const override { return height_ * width_; }

private:
    float height_, width_;
};

__global__ void areas(float* out)
{
    __shared__ alignas(16) unsigned char room[64][sizeof(Rectangle)];
    Shape* shape = threadIdx.x % 2 ? static_cast<Shape*>(new (room[threadIdx.x]) Square(threadIdx.x))
                                   : static_cast<Shape*>(new (room[threadIdx.x]) Rectangle(threadIdx.x, 2));
    __syncwarp();
    out[threadIdx.x] = shape->area();
}

__device__ int twice(int x) { return 2 * x; }
__device__ int square(int x) { return x * x; }
using Function = int (*)(int);
__device__ Function functions[2] = {twice, square};

__global__ void call(int* out)
{
    out[threadIdx.x] = functions[threadIdx.x % 2](threadIdx.x);
}

template <typename T, typename Operation>
static std::vector<T> run(int n, Operation operation)
{
    std::vector<T> values(n);
    for (int i = 0; i < n; i++) values[i] = T(i);
    T* on_device;
    CHECK(cudaMalloc(&on_device, n * sizeof(T)));
    CHECK(cudaMemcpy(on_device, values.data(), n * sizeof(T), cudaMemcpyHostToDevice));
    transform<T, 4><<<(n + 255) / 256, 64>>>(on_device, n, operation);
    CHECK(cudaMemcpy(values.data(), on_device, n * sizeof(T), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(on_device));
    return values;
}

int main()
{
    const int n = 1001;
    auto floats = run<float>(n, Scale<float>{1.5f});
    auto doubles = run<double>(n, Scale<double>{0.1});
    short offset = 11;
    auto longs = run<long long>(n, [offset] __device__(long long value, int i) { return value * i + offset; });
    auto bytes = run<unsigned char>(n, [] __device__(unsigned char value, int i) { return (unsigned char)(value ^ i >> 3); });
    for (int i = 0; i < n; i++)
    {
        EXPECT(floats[i] == 1.5f * i && doubles[i] == 0.1 * i);
        EXPECT(longs[i] == (long long)i * i + offset && bytes[i] == (unsigned char)((i & 255) ^ i >> 3));
    }

    float* on_areas;
    int* on_calls;
    CHECK(cudaMalloc(&on_areas, 64 * sizeof(float)));
    CHECK(cudaMalloc(&on_calls, 64 * sizeof(int)));
    areas<<<1, 64>>>(on_areas);
    call<<<1, 64>>>(on_calls);
    float got[64];
    int results[64];
    CHECK(cudaMemcpy(got, on_areas, sizeof got, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(results, on_calls, sizeof results, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 64; i++)
    {
        EXPECT(got[i] == float(i % 2 ? i * i : 2 * i));
        EXPECT(results[i] == (i % 2 ? i * i : 2 * i));
    }
    CHECK(cudaFree(on_areas));
    CHECK(cudaFree(on_calls));
    return pass();
}
