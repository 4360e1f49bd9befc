/* Copies there and back on the first device, in several threads that share a context. */
#include "check.h"
#include <pthread.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 50, LENGTH = 10000 };

static CUcontext context;

static void* work(void* argument)
{
    unsigned seed = (unsigned)(size_t)argument + 1;
    unsigned* data = malloc(LENGTH * sizeof *data);
    unsigned* back = malloc(LENGTH * sizeof *back);
    CHECK(cuCtxSetCurrent(context));
    for (int round = 0; round < ROUNDS; round++) {
        CUdeviceptr first, second;
        for (int i = 0; i < LENGTH; i++) data[i] = seed = seed * 1664525u + 1013904223u;
        CHECK(cuMemAlloc(&first, LENGTH * sizeof *data));
        CHECK(cuMemAlloc(&second, LENGTH * sizeof *data));
        CHECK(cuMemcpyHtoD(first, data, LENGTH * sizeof *data));
        CHECK(cuMemcpyDtoD(second, first, LENGTH * sizeof *data));
        CHECK(cuMemsetD8(second, 0xff, sizeof *data));
        CHECK(cuMemcpyDtoH(back, second, LENGTH * sizeof *data));
        CHECK(cuMemFree(first));
        CHECK(cuMemFree(second));
        data[0] = 0xffffffffu;
        if (memcmp(data, back, LENGTH * sizeof *data) != 0) {
            fprintf(stderr, "round %d: the data came back changed\n", round);
            exit(1);
        }
    }
    free(data);
    free(back);
    return NULL;
}

int main(void)
{
    CUdevice device;
    char name[128];
    pthread_t threads[THREADS];
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDeviceGetName(name, sizeof name, device));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void*)i);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    CHECK(cuDevicePrimaryCtxRelease(device));
    printf("%d copies on %s\n", THREADS * ROUNDS, name[0] ? "a named device" : "?");
    return 0;
}
