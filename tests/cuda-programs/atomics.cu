// Atomic operations of every kind and width on global and shared memory: results that only exact counting gives.
#include "check.h"

struct Results
{
    int sum, least, greatest, exchanged_sum;
    unsigned wrapped, down, and_all, or_all, xor_all;
    unsigned long long wide_sum, wide_greatest;
    float float_sum;
    double double_sum;
    int locked;
    unsigned histogram[16];
};

__device__ int lock_word;

__device__ void add_by_compare_and_swap(int* to, int value)
{
    int seen = *to, assumed;
    do
    {
        assumed = seen;
        seen = atomicCAS(to, assumed, assumed + value);
    } while (seen != assumed);
}

__global__ void use_atomics(Results* r, int* slot, int n)
{
    __shared__ unsigned histogram[16];
    if (threadIdx.x < 16) histogram[threadIdx.x] = 0;
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
    {
        atomicAdd(&r->sum, i);
        atomicMin(&r->least, (i * 37) % n - 50);
        atomicMax(&r->greatest, (i * 37) % n);
        atomicAdd(&r->exchanged_sum, atomicExch(slot, i));
        atomicInc(&r->wrapped, 6);
        atomicDec(&r->down, 9);
        atomicAnd(&r->and_all, ~(1u << (i % 5)));
        atomicOr(&r->or_all, 1u << (i % 20));
        atomicXor(&r->xor_all, 1u << (i % 3));
        atomicAdd(&r->wide_sum, 0x100000000ull + i);
        atomicMax(&r->wide_greatest, 0xffffffff00000000ull + i);
        atomicAdd(&r->float_sum, 0.5f);
        atomicAdd(&r->double_sum, 0.25);
        add_by_compare_and_swap(&r->locked, 3);
        atomicAdd_block(&histogram[i % 16], 1u);
    }
    __syncthreads();
    if (threadIdx.x < 16) atomicAdd_system(&r->histogram[threadIdx.x], histogram[threadIdx.x]);
}

int main()
{
    const int n = 1000;
    Results *on_device, got, start{};
    int* slot;
    start.least = 1 << 30;
    start.and_all = ~0u;
    CHECK(cudaMalloc(&on_device, sizeof(Results)));
    CHECK(cudaMalloc(&slot, sizeof(int)));
    CHECK(cudaMemset(slot, 0, sizeof(int)));
    CHECK(cudaMemcpy(on_device, &start, sizeof start, cudaMemcpyHostToDevice));
    use_atomics<<<8, 128>>>(on_device, slot, n);
    int last;
    CHECK(cudaMemcpy(&got, on_device, sizeof got, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(&last, slot, sizeof last, cudaMemcpyDeviceToHost));

    const int total = n * (n - 1) / 2;
    EXPECT(got.sum == total);
    EXPECT(got.least == -50 && got.greatest == n - 1);
    EXPECT(got.exchanged_sum + last == total);
    EXPECT(got.wrapped == n % 7);
    EXPECT(got.down == (10 - n % 10) % 10);
    EXPECT(got.and_all == (~0u << 5));
    EXPECT(got.or_all == (1u << 20) - 1);
    unsigned toggled = 0;
    for (int i = 0; i < n; i++) toggled ^= 1u << (i % 3);
    EXPECT(got.xor_all == toggled);
    EXPECT(got.wide_sum == (1000ull << 32) + total);
    EXPECT(got.wide_greatest == 0xffffffff00000000ull + n - 1);
    EXPECT(got.float_sum == 0.5f * n && got.double_sum == 0.25 * n);
    EXPECT(got.locked == 3 * n);
    for (int i = 0; i < 16; i++) EXPECT(got.histogram[i] == unsigned(n / 16 + (i < n % 16)));
    CHECK(cudaFree(on_device));
    CHECK(cudaFree(slot));
    return pass();
}
