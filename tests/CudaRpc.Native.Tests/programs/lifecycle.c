/* Calls before, at and after cuInit, and prints what they return. */
#include <cuda.h>
#include <stdio.h>

static void show(const char* what, CUresult result)
{
    const char* name = "?";
    cuGetErrorName(result, &name);
    printf("%s %s\n", what, name);
}

int main(void)
{
    int version = 0, count = -1;
    CUdeviceptr memory;
    void* function = NULL;
    CUdriverProcAddressQueryResult found;
    const char* text = "untouched";

    show("cuDriverGetVersion", cuDriverGetVersion(&version));
    printf("version %d\n", version);
    show("cuGetErrorString", cuGetErrorString(CUDA_ERROR_NO_DEVICE, &text));
    printf("text %s\n", text);
    show("cuGetErrorName", cuGetErrorName((CUresult)4711, &text));
    printf("null %d\n", text == NULL);
    show("cuGetProcAddress", cuGetProcAddress("cuInit", &function, 2000, 0, &found));
    printf("same %d\n", function == (void*)cuInit);
    show("cuMemAlloc", cuMemAlloc(&memory, 16));
    show("cuCtxSynchronize", cuCtxSynchronize());
    show("cuInit", cuInit(0));
    show("cuInit", cuInit(0));
    show("cuDeviceGetCount", cuDeviceGetCount(&count));
    printf("count %d\n", count);
    return 0;
}
