// The mathematical functions of the device, in both precisions, within what CUDA promises of them.
#include "check.h"

__global__ void compute(const float* x, const double* y, float* single, double* wide, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float* s = single + 16 * i;
    float a = x[i];
    s[0] = sinf(a);
    s[1] = cosf(a * 1000);
    s[2] = expf(a);
    s[3] = logf(a + 11);
    s[4] = powf(fabsf(a) + 0.5f, 1.7f);
    s[5] = tanhf(a);
    s[6] = erff(a);
    s[7] = cbrtf(a);
    s[8] = atan2f(a, 2);
    s[9] = fmodf(a, 0.7f);
    s[10] = rsqrtf(a + 11);
    s[11] = a / 3.3f;
    s[12] = lgammaf(a + 11);
    s[13] = __fdividef(a, 7) + __expf(a * 0.1f);
    s[14] = ldexpf(a, 5) + truncf(a) + roundf(a * 3) + floorf(a);
    s[15] = hypotf(a, 3);
    double* d = wide + 12 * i;
    double b = y[i];
    d[0] = sin(b * 100);
    d[1] = exp(b);
    d[2] = log(b + 11);
    d[3] = pow(fabs(b) + 0.5, 2.3);
    d[4] = tan(b);
    d[5] = erfc(b);
    d[6] = sqrt(b + 11);
    d[7] = b / 3.3;
    d[8] = fma(b, b, 1.0);
    d[9] = j0(b);
    d[10] = asin(b / 11);
    d[11] = 1 / (b + 20);
}

int main()
{
    const int n = 200;
    static float x[n], single[n * 16];
    static double y[n], wide[n * 12];
    for (int i = 0; i < n; i++) y[i] = x[i] = -9.9f + 0.1f * i;
    float *on_x, *on_single;
    double *on_y, *on_wide;
    CHECK(cudaMalloc(&on_x, sizeof x));
    CHECK(cudaMalloc(&on_y, sizeof y));
    CHECK(cudaMalloc(&on_single, sizeof single));
    CHECK(cudaMalloc(&on_wide, sizeof wide));
    CHECK(cudaMemcpy(on_x, x, sizeof x, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(on_y, y, sizeof y, cudaMemcpyHostToDevice));
    compute<<<(n + 63) / 64, 64>>>(on_x, on_y, on_single, on_wide, n);
    CHECK(cudaMemcpy(single, on_single, sizeof single, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(wide, on_wide, sizeof wide, cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; i++)
    {
        float a = x[i];
        double b = y[i];
        const double expected[16] = {std::sin(double(a)), std::cos(double(a * 1000)), std::exp(double(a)), std::log(double(a + 11)),
            std::pow(double(std::fabs(a) + 0.5f), double(1.7f)), std::tanh(double(a)), std::erf(double(a)), std::cbrt(double(a)), std::atan2(double(a), 2.0),
            std::fmod(double(a), double(0.7f)), 1 / std::sqrt(double(a + 11)), a / double(3.3f), std::lgamma(double(a + 11)),
            a / 7.0 + std::exp(a * 0.1), double(std::ldexp(a, 5) + std::trunc(a) + std::round(a * 3) + std::floor(a)), std::hypot(double(a), 3.0)};
        for (int f = 0; f < 16; f++) EXPECT(std::fabs(single[16 * i + f] - expected[f]) <= 4e-6 * std::fabs(expected[f]) + 1e-6);
        const double widely[12] = {std::sin(b * 100), std::exp(b), std::log(b + 11), std::pow(std::fabs(b) + 0.5, 2.3), std::tan(b), std::erfc(b),
            std::sqrt(b + 11), b / 3.3, std::fma(b, b, 1.0), ::j0(b), std::asin(b / 11), 1 / (b + 20)};
        for (int f = 0; f < 12; f++) EXPECT(std::fabs(wide[12 * i + f] - widely[f]) <= 1e-14 * std::fabs(widely[f]) + 1e-14);
    }
    for (void* memory : {static_cast<void*>(on_x), static_cast<void*>(on_y), static_cast<void*>(on_single), static_cast<void*>(on_wide)}) CHECK(cudaFree(memory));
    return pass();
}
