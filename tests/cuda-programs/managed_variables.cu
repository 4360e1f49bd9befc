// Managed variables: read and written by their names on both sides.
// not through a server: a managed variable lies where the server has room, not where the program has
#include "check.h"

__managed__ int total = 5;
__managed__ float weights[4] = {1, 2, 3, 4};

__global__ void weigh(int n)
{
    int i = threadIdx.x;
    if (i < n) atomicAdd(&total, i * int(weights[i % 4]));
}

int main()
{
    const int n = 100;
    EXPECT(total == 5);
    weights[0] = 10;
    weigh<<<1, 128>>>(n);
    CHECK(cudaDeviceSynchronize());
    int expected = 5;
    for (int i = 0; i < n; i++) expected += i * (i % 4 == 0 ? 10 : i % 4 + 1);
    EXPECT(total == expected);
    return pass();
}
