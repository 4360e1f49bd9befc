// CUB: sums, sorts, scans, selections and histograms of the device, and those of a block.
#include "check.h"

#include <cub/cub.cuh>

#include <algorithm>
#include <vector>

__global__ void block_scan(const int* in, int* out, int* total)
{
    using Scan = cub::BlockScan<int, 128>;
    using Reduce = cub::BlockReduce<int, 128>;
    __shared__ typename Scan::TempStorage for_scan;
    __shared__ typename Reduce::TempStorage for_reduce;
    int value = in[threadIdx.x], scanned;
    Scan(for_scan).ExclusiveSum(value, scanned);
    out[threadIdx.x] = scanned;
    int sum = Reduce(for_reduce).Sum(value);
    if (threadIdx.x == 0) *total = sum;
}

struct IsOdd
{
    __device__ bool operator()(int value) const { return value & 1; }
};

int main()
{
    const int n = 3000;
    std::vector<int> values(n), back(n);
    for (int i = 0; i < n; i++) values[i] = (i * 7919) % 1000 - 300;
    int *in, *out, *count;
    CHECK(cudaMalloc(&in, n * sizeof(int)));
    CHECK(cudaMalloc(&out, n * sizeof(int)));
    CHECK(cudaMalloc(&count, 300 * sizeof(int)));
    CHECK(cudaMemcpy(in, values.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    void* scratch = nullptr;
    size_t size = 0, most = 0;
    CHECK(cub::DeviceReduce::Sum(nullptr, size, in, out, n));
    most = size;
    CHECK(cub::DeviceRadixSort::SortKeys(nullptr, size, in, out, n));
    most = std::max(most, size);
    CHECK(cub::DeviceScan::ExclusiveSum(nullptr, size, in, out, n));
    most = std::max(most, size);
    CHECK(cub::DeviceSelect::If(nullptr, size, in, out, count, n, IsOdd()));
    most = std::max(most, size);
    CHECK(cub::DeviceHistogram::HistogramEven(nullptr, size, in, count, 11, -300, 700, n));
    most = std::max(most, size);
    CHECK(cudaMalloc(&scratch, most));

    int sum = 0, got;
    for (int value : values) sum += value;
    CHECK(cub::DeviceReduce::Sum(scratch, most, in, out, n));
    CHECK(cudaMemcpy(&got, out, sizeof got, cudaMemcpyDeviceToHost));
    EXPECT(got == sum);

    CHECK(cub::DeviceScan::ExclusiveSum(scratch, most, in, out, n));
    CHECK(cudaMemcpy(back.data(), out, n * sizeof(int), cudaMemcpyDeviceToHost));
    for (int i = 0, before = 0; i < n; before += values[i++]) EXPECT(back[i] == before);

    CHECK(cub::DeviceSelect::If(scratch, most, in, out, count, n, IsOdd()));
    CHECK(cudaMemcpy(&got, count, sizeof got, cudaMemcpyDeviceToHost));
    std::vector<int> odd;
    std::copy_if(values.begin(), values.end(), std::back_inserter(odd), [](int value) { return value & 1; });
    EXPECT(got == int(odd.size()));
    back.resize(got);
    CHECK(cudaMemcpy(back.data(), out, got * sizeof(int), cudaMemcpyDeviceToHost));
    EXPECT(back == odd);

    CHECK(cub::DeviceHistogram::HistogramEven(scratch, most, in, count, 11, -300, 700, n));
    int histogram[10], expected[10] = {};
    CHECK(cudaMemcpy(histogram, count, sizeof histogram, cudaMemcpyDeviceToHost));
    for (int value : values) expected[(value + 300) / 100]++;
    for (int i = 0; i < 10; i++) EXPECT(histogram[i] == expected[i]);

    block_scan<<<1, 128>>>(in, out, count);
    back.resize(128);
    CHECK(cudaMemcpy(back.data(), out, 128 * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(&got, count, sizeof got, cudaMemcpyDeviceToHost));
    sum = 0;
    for (int i = 0; i < 128; sum += values[i++]) EXPECT(back[i] == sum);
    EXPECT(got == sum);

    CHECK(cub::DeviceRadixSort::SortKeys(scratch, most, in, out, n));
    back.resize(n);
    CHECK(cudaMemcpy(back.data(), out, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::sort(values.begin(), values.end());
    EXPECT(back == values);
    for (void* memory : {static_cast<void*>(in), static_cast<void*>(out), static_cast<void*>(count), scratch}) CHECK(cudaFree(memory));
    return pass();
}
