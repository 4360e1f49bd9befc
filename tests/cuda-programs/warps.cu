// What the threads of a warp tell each other: shuffles, votes, matches, reductions, masks, and branches taken by some.
#include "check.h"

enum { up, down, butterfly, broadcast, narrow, voted, all_same, any_odd, matched, match_all, reduced, reduced_or, scanned, lanes, branched, wide, fields };

__global__ void talk(unsigned* out)
{
    const unsigned full = 0xffffffff, lane = threadIdx.x % 32, value = threadIdx.x * 3 + 1;
    unsigned* mine = out + threadIdx.x * fields;
    mine[up] = __shfl_up_sync(full, value, 3);
    mine[down] = __shfl_down_sync(full, value, 5);
    mine[butterfly] = __shfl_xor_sync(full, value, 16);
    mine[broadcast] = __shfl_sync(full, value, 7);
    mine[narrow] = __shfl_sync(full, value, 9, 8);
    mine[voted] = __ballot_sync(full, lane % 3 == 0);
    mine[all_same] = __all_sync(full, lane < 32) * 2 + __all_sync(full, lane < 31);
    mine[any_odd] = __any_sync(full, lane == 31) * 2 + __any_sync(full, lane > 31);
    mine[matched] = __match_any_sync(full, lane / 4);
    int same;
    mine[match_all] = __match_all_sync(full, threadIdx.x / 32, &same) == full && same;
    mine[reduced] = __reduce_add_sync(full, lane) + 1000 * __reduce_max_sync(full, lane);
    mine[reduced_or] = __reduce_or_sync(full, 1u << lane);
    unsigned sum = lane;
    for (int distance = 1; distance < 32; distance *= 2)
    {
        unsigned other = __shfl_up_sync(full, sum, distance);
        if (lane >= distance) sum += other;
    }
    mine[scanned] = sum;
    mine[lanes] = 0;
    if (lane & 1)
    {
        unsigned active = __activemask(), odd = __ballot_sync(0xaaaaaaaa, lane > 15);
        mine[branched] = __shfl_sync(0xaaaaaaaa, odd, 1) ^ (active & 0x55555555);
    }
    else
    {
        mine[branched] = __popc(__ballot_sync(0x55555555, true)) + __ffs(lane) + __clz(lane + 1) + __brev(1);
    }
    __syncwarp();
    double wider = __shfl_xor_sync(full, 1.5 * lane, 1);
    long long widest = __shfl_down_sync(full, (long long)lane << 40, 1);
    mine[wide] = unsigned(wider * 2) + unsigned(widest >> 40) * 1000;
}

int main()
{
    const int threads = 64;
    static unsigned got[threads * fields];
    unsigned* out;
    CHECK(cudaMalloc(&out, sizeof got));
    talk<<<1, threads>>>(out);
    CHECK(cudaMemcpy(got, out, sizeof got, cudaMemcpyDeviceToHost));
    for (unsigned t = 0; t < threads; t++)
    {
        const unsigned *mine = got + t * fields, lane = t % 32, warp = t - lane;
        auto value = [&](unsigned of) { return (warp + of) * 3 + 1; };
        EXPECT(mine[up] == value(lane < 3 ? lane : lane - 3));
        EXPECT(mine[down] == value(lane + 5 > 31 ? lane : lane + 5));
        EXPECT(mine[butterfly] == value(lane ^ 16));
        EXPECT(mine[broadcast] == value(7));
        EXPECT(mine[narrow] == value(lane / 8 * 8 + 1));
        EXPECT(mine[voted] == 0x49249249);
        EXPECT(mine[all_same] == 2 && mine[any_odd] == 2);
        EXPECT(mine[matched] == 0xfu << (lane / 4 * 4));
        EXPECT(mine[match_all] == 1);
        EXPECT(mine[reduced] == 496 + 31000 && mine[reduced_or] == 0xffffffff);
        EXPECT(mine[scanned] == lane * (lane + 1) / 2);
        unsigned leading = 0, first = 0;
        for (unsigned bits = lane + 1; !(bits & 0x80000000); bits <<= 1) leading++;
        for (unsigned bit = 0; bit < 32 && first == 0; bit++) first = lane >> bit & 1 ? bit + 1 : 0;
        EXPECT(mine[branched] == (lane & 1 ? 0xaaaa0000 : 16 + first + leading + 0x80000000));
        EXPECT(mine[wide] == unsigned(3 * (lane ^ 1)) + 1000 * (lane < 31 ? lane + 1 : lane));
    }
    CHECK(cudaFree(out));
    return pass();
}
