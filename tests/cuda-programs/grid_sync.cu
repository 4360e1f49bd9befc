// Cooperative launches: all blocks of a grid wait for each other, again and again; groups of a block and tiles of a warp.
#include "check.h"

#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

namespace cg = cooperative_groups;

__global__ void diffuse(float* a, float* b, int n, int steps)
{
    cg::grid_group grid = cg::this_grid();
    float *from = a, *to = b;
    for (int step = 0; step < steps; step++)
    {
        for (int i = grid.thread_rank(); i < n; i += grid.size())
        {
            float left = from[i == 0 ? n - 1 : i - 1], right = from[i == n - 1 ? 0 : i + 1];
            to[i] = 0.5f * from[i] + 0.25f * (left + right);
        }
        grid.sync();
        float* swapped = from;
        from = to;
        to = swapped;
    }
}

__global__ void groups(int* sums, int* scans, int* coalesced, const int* source)
{
    __shared__ int copied[128];
    cg::thread_block block = cg::this_thread_block();
    cg::memcpy_async(block, copied, source, sizeof(int) * 128);
    cg::wait(block);
    auto tile = cg::tiled_partition<8>(block);
    int mine = copied[block.thread_rank()];
    sums[block.thread_rank()] = cg::reduce(tile, mine, cg::plus<int>());
    scans[block.thread_rank()] = cg::inclusive_scan(tile, mine, cg::plus<int>());
    coalesced[block.thread_rank()] = 0;
    if (mine % 3 == 0)
    {
        cg::coalesced_group active = cg::coalesced_threads();
        coalesced[block.thread_rank()] = 100 * active.size() + active.thread_rank();
    }
    auto halves = cg::binary_partition(tile, mine % 2 == 0);
    sums[block.thread_rank()] += 1000000 * halves.size();
}

int main()
{
    if (!attribute(cudaDevAttrCooperativeLaunch)) return absent("cooperative launches");
    int n = 4000, steps = 25, blocks = 0;
    CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, diffuse, 128, 0));
    blocks *= attribute(cudaDevAttrMultiProcessorCount);
    int grid = blocks < 12 ? blocks : 12;
    float *a, *b, values[4000], next[4000];
    for (int i = 0; i < n; i++) values[i] = float(i % 17);
    CHECK(cudaMalloc(&a, sizeof values));
    CHECK(cudaMalloc(&b, sizeof values));
    CHECK(cudaMemcpy(a, values, sizeof values, cudaMemcpyHostToDevice));
    void* arguments[] = {&a, &b, &n, &steps};
    CHECK(cudaLaunchCooperativeKernel(reinterpret_cast<void*>(diffuse), dim3(grid), dim3(128), arguments, 0, nullptr));
    for (int step = 0; step < steps; step++)
    {
        for (int i = 0; i < n; i++)
        {
            float left = values[i == 0 ? n - 1 : i - 1], right = values[i == n - 1 ? 0 : i + 1];
            next[i] = 0.5f * values[i] + 0.25f * (left + right);
        }
        for (int i = 0; i < n; i++) values[i] = next[i];
    }
    CHECK(cudaMemcpy(next, steps % 2 ? b : a, sizeof next, cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; i++) EXPECT(std::fabs(next[i] - values[i]) < 1e-4f);
    // More blocks than run at a time could wait for ever. A device at the other end of a network may say so when it is waited for.
    cudaError_t refused = cudaLaunchCooperativeKernel(reinterpret_cast<void*>(diffuse), dim3(blocks * 4 + 1), dim3(128), arguments, 0, nullptr);
    EXPECT_ERROR(cudaErrorCooperativeLaunchTooLarge, refused == cudaSuccess ? cudaDeviceSynchronize() : refused);
    (void)cudaGetLastError();

    int *memory, source[128], got[3][128];
    for (int i = 0; i < 128; i++) source[i] = (i * 7) % 31;
    CHECK(cudaMalloc(&memory, 4 * sizeof source));
    CHECK(cudaMemcpy(memory + 384, source, sizeof source, cudaMemcpyHostToDevice));
    groups<<<1, 128>>>(memory, memory + 128, memory + 256, memory + 384);
    CHECK(cudaMemcpy(got, memory, sizeof got, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 128; i++)
    {
        int sum = 0, scan = 0, same = 0, members = 0, before = 0;
        for (int k = i / 8 * 8; k < i / 8 * 8 + 8; k++)
        {
            sum += source[k];
            if (k <= i) scan += source[k];
            same += source[k] % 2 == source[i] % 2;
        }
        for (int k = i / 32 * 32; k < i / 32 * 32 + 32; k++)
        {
            members += source[k] % 3 == 0;
            before += source[k] % 3 == 0 && k < i;
        }
        EXPECT(got[0][i] == sum + 1000000 * same && got[1][i] == scan);
        EXPECT(got[2][i] == (source[i] % 3 == 0 ? 100 * members + before : 0));
    }
    CHECK(cudaFree(memory));
    CHECK(cudaFree(a));
    CHECK(cudaFree(b));
    return pass();
}
