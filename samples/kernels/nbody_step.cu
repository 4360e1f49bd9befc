// One step of n bodies under gravity: positions are x, y, z and mass, velocities x, y, z and an unused value.
// Every thread moves one body; the block passes over all bodies in tiles of shared memory. Positions are read from
// one buffer and written to another, because all threads read all positions; velocities are updated in place.
// Launch: any 1-D grid of at least n threads in blocks of exactly TILE threads.
#define TILE 128

extern "C" __global__ void __launch_bounds__(TILE)
nbody_step(const float4* __restrict__ positions, float4* __restrict__ velocities, float4* __restrict__ moved,
           int n, float step, float softening)
{
    __shared__ float4 tile[TILE];

    int body = blockIdx.x * TILE + threadIdx.x;
    float4 nothing = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    float4 own = body < n ? positions[body] : nothing;
    float ax = 0.0f, ay = 0.0f, az = 0.0f;

    for (int start = 0; start < n; start += TILE) {
        int other = start + threadIdx.x;
        tile[threadIdx.x] = other < n ? positions[other] : nothing;  // no mass, no force
        __syncthreads();

        for (int i = 0; i < TILE; i++) {
            float4 p = tile[i];
            float dx = p.x - own.x;
            float dy = p.y - own.y;
            float dz = p.z - own.z;
            float inverse = rsqrtf(dx * dx + dy * dy + dz * dz + softening);
            float pull = p.w * inverse * inverse * inverse;
            ax += dx * pull;
            ay += dy * pull;
            az += dz * pull;
        }
        __syncthreads();
    }

    if (body >= n)
        return;
    float4 v = velocities[body];
    v.x += ax * step;
    v.y += ay * step;
    v.z += az * step;
    velocities[body] = v;
    moved[body] = make_float4(own.x + v.x * step, own.y + v.y * step, own.z + v.z * step, own.w);
}
