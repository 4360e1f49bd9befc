// What the programs share. A program prints PASS and exits with 0, or says what is wrong and exits with 1;
// 77 where the device lacks what the program is about.
#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#define CHECK(call) expect_result((call), cudaSuccess, #call, __FILE__, __LINE__)
#define EXPECT_ERROR(error, call) expect_result((call), error, #call, __FILE__, __LINE__)
#define EXPECT(condition) expect((condition), #condition, __FILE__, __LINE__)

inline void expect_result(cudaError_t result, cudaError_t expected, const char* call, const char* file, int line)
{
    if (result == expected) return;
    std::printf("%s:%d: %s is %s, not %s\n", file, line, call, cudaGetErrorName(result), cudaGetErrorName(expected));
    std::exit(1);
}

inline void expect(bool condition, const char* text, const char* file, int line)
{
    if (condition) return;
    std::printf("%s:%d: not so: %s\n", file, line, text);
    std::exit(1);
}

inline int pass()
{
    std::puts("PASS");
    return 0;
}

inline int absent(const char* what)
{
    std::fprintf(stderr, "absent: %s\n", what);
    return 77;
}

inline int attribute(cudaDeviceAttr which)
{
    int device, value;
    CHECK(cudaGetDevice(&device));
    CHECK(cudaDeviceGetAttribute(&value, which, device));
    return value;
}
