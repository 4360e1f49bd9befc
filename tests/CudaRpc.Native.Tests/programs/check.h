/* A call that must succeed. */
#ifndef CHECK_H
#define CHECK_H
#include <cuda.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(call) check((call), #call)

static inline void check(CUresult result, const char* call)
{
    if (result == CUDA_SUCCESS) return;
    const char* name = "?";
    cuGetErrorName(result, &name);
    fprintf(stderr, "%s: %s\n", call, name);
    exit(1);
}

#endif
