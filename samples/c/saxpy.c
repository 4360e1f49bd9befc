/*
 * y = a * x + y on a GPU, through the CUDA driver API and nothing else.
 *
 *   ./saxpy FILE.ptx      the sample kernel, samples/kernels/saxpy.ptx
 *
 * Checks every element and prints one line that starts with OK; the exit code is 0 only then.
 */
#define _POSIX_C_SOURCE 199309L  /* clock_gettime */
#include <cuda.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N = 1 << 20, BLOCK = 256, BLOCKS = 1024 };

/* Ends the program with the call's name and what CUDA says about the result. */
#define CHECK(call) check(call, #call)

static void check(CUresult result, const char *call)
{
    if (result == CUDA_SUCCESS)
        return;
    const char *name = NULL;
    const char *text = NULL;
    cuGetErrorName(result, &name);
    cuGetErrorString(result, &text);
    fprintf(stderr, "saxpy: %s: %s (%s)\n", call, name ? name : "unknown error", text ? text : "no description");
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE.ptx\n", argv[0]);
        return 2;
    }

    CUdevice device;
    CUcontext context;
    char name[256];
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDeviceGetName(name, sizeof name, device));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));

    CUmodule module;
    CUfunction saxpy;
    CHECK(cuModuleLoad(&module, argv[1]));
    CHECK(cuModuleGetFunction(&saxpy, module, "saxpy"));

    int n = N;
    float a = 2.5f;
    size_t size = N * sizeof(float);
    float *x = malloc(size);
    float *y = malloc(size);
    float *result = malloc(size);
    if (!x || !y || !result) {
        fprintf(stderr, "saxpy: out of memory\n");
        return 1;
    }
    for (int i = 0; i < N; i++) {
        x[i] = (float)(i % 1000) / 8;
        y[i] = (float)(i % 777);
    }

    CUdeviceptr device_x, device_y;
    CHECK(cuMemAlloc(&device_x, size));
    CHECK(cuMemAlloc(&device_y, size));
    CHECK(cuMemcpyHtoD(device_x, x, size));
    CHECK(cuMemcpyHtoD(device_y, y, size));

    void *arguments[] = {&n, &a, &device_x, &device_y};
    double start = now();
    CHECK(cuLaunchKernel(saxpy, BLOCKS, 1, 1, BLOCK, 1, 1, 0, NULL, arguments, NULL));
    CHECK(cuCtxSynchronize());
    double milliseconds = (now() - start) * 1e3;
    CHECK(cuMemcpyDtoH(result, device_y, size));

    int wrong = 0;
    for (int i = 0; i < N; i++)
        wrong += result[i] != fmaf(a, x[i], y[i]);

    CHECK(cuMemFree(device_x));
    CHECK(cuMemFree(device_y));
    CHECK(cuModuleUnload(module));
    CHECK(cuDevicePrimaryCtxRelease(device));
    free(x);
    free(y);
    free(result);

    if (wrong != 0) {
        fprintf(stderr, "saxpy: %d of %d elements are wrong\n", wrong, N);
        return 1;
    }
    printf("OK saxpy of %d elements on %s, launch to completion %.3f ms\n", N, name, milliseconds);
    return 0;
}
