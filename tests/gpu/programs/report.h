// What the CUDA programs here share: what each computes, compared between the native and the remote run, and how long it took, in one line of
// JSON, as harness.py says it.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

// Of the runtime, cuBLAS and cuFFT alike: 0 is success.
#define NEED(call)                                                                     \
    do                                                                                 \
    {                                                                                  \
        if (int status = int(call))                                                    \
        {                                                                              \
            std::fprintf(stderr, "%s:%d: %s: %d\n", __FILE__, __LINE__, #call, status); \
            std::exit(1);                                                              \
        }                                                                              \
    } while (false)

#define REQUIRE(right, what) check(right, what, __FILE__, __LINE__)

inline void check(bool right, const char* what, const char* file, int line)
{
    if (!right)
    {
        std::fprintf(stderr, "%s:%d: %s is wrong\n", file, line, what);
        std::exit(1);
    }
}

template <class T> T* to_device(const std::vector<T>& values)
{
    T* device;
    NEED(cudaMalloc(&device, values.size() * sizeof(T)));
    NEED(cudaMemcpy(device, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
    return device;
}

template <class T> std::vector<T> from_device(const T* device, size_t count)
{
    std::vector<T> values(count);
    NEED(cudaMemcpy(values.data(), device, count * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
}

// The same numbers in every run, between -1 and 1.
template <class T> std::vector<T> numbers(size_t count, unsigned seed)
{
    std::vector<T> values(count);
    for (T& value : values)
    {
        seed = seed * 1664525 + 1013904223;
        value = T(int(seed >> 8) - (1 << 23)) / (1 << 23);
    }
    return values;
}

// Three numbers that depend on every element.
template <class T> void digest(const std::vector<T>& values, std::vector<double>& into)
{
    double sum = 0, absolute = 0, weighted = 0;
    for (size_t index = 0; index < values.size(); index++)
    {
        sum += values[index];
        absolute += std::fabs(double(values[index]));
        weighted += values[index] * std::cos(index * 0.01);
    }
    into.insert(into.end(), {sum, absolute, weighted});
}

// compute: returns what is compared; it has checked it against the CPU. step: is repeated and timed; it waits for its work.
template <class Compute, class Step> int report(Compute compute, Step step)
{
    auto now = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
    double start = now();
    std::vector<double> values = compute();
    double first = now() - start;
    std::vector<double> times;
    for (int time = 0; time < 23; time++)
    {
        start = now();
        step();
        if (time >= 3) times.push_back(now() - start);
    }
    std::sort(times.begin(), times.end());
    std::printf("{\"values\": [");
    for (size_t index = 0; index < values.size(); index++) std::printf("%s%.17g", index ? ", " : "", values[index]);
    std::printf("], \"first\": %g, \"step\": %g}\n", first, times[times.size() / 2]);
    return 0;
}
