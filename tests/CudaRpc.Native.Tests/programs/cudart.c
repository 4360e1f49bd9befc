/*
 * A program of the CUDA runtime API: cudart PTX LIBRARY... with the PTX of vector_add and one or more copies of libcudart, which it uses in
 * turn in one process. Neither NVIDIA's headers nor its compiler are needed: it declares what it calls, and registers the kernel as the code
 * does that nvcc generates. Writes "ready" when the runtimes have told what devices there are, and waits for the end of its input.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { host_to_device = 1, device_to_host = 2, any_direction = 4, count = 5000, threads = 4, rounds = 25 };

typedef struct { unsigned x, y, z; } dim3;
typedef struct { uint32_t magic, version; const void* fatbin; const void* file; } wrapper;

/* A fat binary with one PTX entry. */
typedef struct {
    uint32_t magic; uint16_t version, header_size; uint64_t size;
    uint16_t kind, entry_version; uint32_t entry_header_size; uint64_t payload_size;
    uint32_t compressed_size, options; uint16_t minor, major; uint32_t architecture, name, name_length;
    uint64_t flags, zero, uncompressed_size;
    char payload[];
} fatbin;

typedef struct {
    void** module;
    int (*cudaGetDeviceCount)(int*);
    int (*cudaGetDeviceProperties)(void*, int);
    int (*cudaDriverGetVersion)(int*);
    int (*cudaSetDevice)(int);
    int (*cudaMalloc)(void**, size_t);
    int (*cudaFree)(void*);
    int (*cudaMemcpy)(void*, const void*, size_t, int);
    int (*cudaMemcpyAsync)(void*, const void*, size_t, int, void*);
    int (*cudaMemset)(void*, int, size_t);
    int (*cudaStreamCreate)(void**);
    int (*cudaStreamSynchronize)(void*);
    int (*cudaStreamWaitEvent)(void*, void*, unsigned);
    int (*cudaStreamDestroy)(void*);
    int (*cudaEventCreate)(void**);
    int (*cudaEventRecord)(void*, void*);
    int (*cudaEventSynchronize)(void*);
    int (*cudaEventElapsedTime)(float*, void*, void*);
    int (*cudaEventDestroy)(void*);
    int (*cudaDeviceSynchronize)(void);
    int (*cudaDeviceReset)(void);
    int (*cudaGetLastError)(void);
    const char* (*cudaGetErrorName)(int);
    int (*cudaLaunchKernel)(const void*, dim3, dim3, void**, size_t, void*);
    void** (*__cudaRegisterFatBinary)(const void*);
    void (*__cudaRegisterFatBinaryEnd)(void**);
    void (*__cudaRegisterFunction)(void**, const void*, const char*, const char*, int, void*, void*, void*, void*, void*);
    void (*__cudaUnregisterFatBinary)(void**);
} runtime;

static runtime runtimes[4];
static int runtime_count;

/* Their addresses stand for kernels, as those of nvcc's stubs do. */
static char vector_add_stub, unregistered_stub;

static void fail(const char* what, const char* why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void expect(const runtime* r, const char* call, int result, int expected)
{
    if (result == expected) return;
    fprintf(stderr, "expected %s: ", r->cudaGetErrorName(expected));
    fail(call, r->cudaGetErrorName(result));
}

#define CHECK(call) expect(r, #call, r->call, 0)

static void* symbol(void* library, const char* name)
{
    void* address = dlsym(library, name);
    if (address == NULL) fail(name, "not in this libcudart");
    return address;
}

static void load(runtime* r, const char* path)
{
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fail(path, dlerror());
#define LOAD(name) *(void**)&r->name = symbol(library, #name)
    LOAD(cudaGetDeviceCount); LOAD(cudaDriverGetVersion); LOAD(cudaSetDevice); LOAD(cudaMalloc); LOAD(cudaFree); LOAD(cudaMemcpy);
    LOAD(cudaMemcpyAsync); LOAD(cudaMemset); LOAD(cudaStreamCreate); LOAD(cudaStreamSynchronize); LOAD(cudaStreamWaitEvent);
    LOAD(cudaStreamDestroy); LOAD(cudaEventCreate); LOAD(cudaEventRecord); LOAD(cudaEventSynchronize); LOAD(cudaEventElapsedTime);
    LOAD(cudaEventDestroy); LOAD(cudaDeviceSynchronize); LOAD(cudaDeviceReset); LOAD(cudaGetLastError); LOAD(cudaGetErrorName);
    LOAD(cudaLaunchKernel); LOAD(__cudaRegisterFatBinary); LOAD(__cudaRegisterFatBinaryEnd); LOAD(__cudaRegisterFunction);
    LOAD(__cudaUnregisterFatBinary);
    /* CUDA 12 gave the structure that it has to this name. */
    void* newest = dlsym(library, "cudaGetDeviceProperties_v2");
    *(void**)&r->cudaGetDeviceProperties = newest != NULL ? newest : symbol(library, "cudaGetDeviceProperties");
}

static const fatbin* read_kernel(const char* path)
{
    FILE* file = fopen(path, "rb");
    if (file == NULL) fail(path, "cannot be read");
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file), payload = (length + 1 + 7) / 8 * 8;
    rewind(file);
    fatbin* made = calloc(1, sizeof(fatbin) + payload);
    if (fread(made->payload, 1, length, file) != length) fail(path, "cannot be read");
    fclose(file);
    made->magic = 0xBA55ED50;
    made->version = 1;
    made->header_size = 16;
    made->size = sizeof(fatbin) - 16 + payload;
    made->kind = 1;
    made->entry_version = 0x0101;
    made->entry_header_size = sizeof(fatbin) - 16;
    made->payload_size = payload;
    made->major = 8;
    made->minor = 4;
    made->architecture = 70;
    made->flags = 0x15;
    return made;
}

static void unregister(void)
{
    for (int i = 0; i < runtime_count; i++) runtimes[i].__cudaUnregisterFatBinary(runtimes[i].module);
}

static void register_kernel(runtime* r, const wrapper* code)
{
    r->module = r->__cudaRegisterFatBinary(code);
    r->__cudaRegisterFunction(r->module, &vector_add_stub, "vector_add", "vector_add", -1, NULL, NULL, NULL, NULL, NULL);
    r->__cudaRegisterFatBinaryEnd(r->module);
}

static void add(const runtime* r)
{
    static float a[count], b[count], sum[count];
    for (int i = 0; i < count; i++)
    {
        a[i] = (float)i;
        b[i] = 0.5f * (float)i;
        sum[i] = -1;
    }
    void *on_a, *on_b, *on_sum, *copies, *kernels, *start, *copied, *end;
    CHECK(cudaMalloc(&on_a, sizeof a));
    CHECK(cudaMalloc(&on_b, sizeof b));
    CHECK(cudaMalloc(&on_sum, sizeof sum));
    CHECK(cudaStreamCreate(&copies));
    CHECK(cudaStreamCreate(&kernels));
    CHECK(cudaEventCreate(&start));
    CHECK(cudaEventCreate(&copied));
    CHECK(cudaEventCreate(&end));
    CHECK(cudaMemset(on_sum, 0xff, sizeof sum));
    CHECK(cudaMemcpy(on_a, a, sizeof a, host_to_device));
    CHECK(cudaEventRecord(start, copies));
    CHECK(cudaMemcpyAsync(on_b, b, sizeof b, host_to_device, copies));
    CHECK(cudaEventRecord(copied, copies));
    CHECK(cudaStreamWaitEvent(kernels, copied, 0));
    int n = count;
    void* arguments[] = { &on_a, &on_b, &on_sum, &n };
    dim3 grid = { (count + 255) / 256, 1, 1 }, block = { 256, 1, 1 };
    CHECK(cudaLaunchKernel(&vector_add_stub, grid, block, arguments, 0, kernels));
    CHECK(cudaEventRecord(end, kernels));
    CHECK(cudaEventSynchronize(end));
    float elapsed = -1;
    CHECK(cudaEventElapsedTime(&elapsed, start, end));
    if (elapsed < 0) fail("cudaEventElapsedTime", "before it began");
    CHECK(cudaMemcpy(sum, on_sum, sizeof sum, any_direction));
    for (int i = 0; i < count; i++)
    {
        if (sum[i] != a[i] + b[i]) fail("vector_add", "wrong sum");
    }

    expect(r, "a launch without a kernel", r->cudaLaunchKernel(&unregistered_stub, grid, block, arguments, 0, NULL), 98);
    expect(r, "the last error", r->cudaGetLastError(), 98);
    expect(r, "the last error, taken", r->cudaGetLastError(), 0);
    void* memory = NULL;
    expect(r, "too much memory", r->cudaMalloc(&memory, (size_t)1 << 60), 2);
    expect(r, "the last error", r->cudaGetLastError(), 2);

    CHECK(cudaEventDestroy(start));
    CHECK(cudaEventDestroy(copied));
    CHECK(cudaEventDestroy(end));
    CHECK(cudaStreamDestroy(copies));
    CHECK(cudaStreamDestroy(kernels));
    CHECK(cudaFree(on_a));
    CHECK(cudaFree(on_b));
    CHECK(cudaFree(on_sum));
    CHECK(cudaDeviceSynchronize());
}

static void* fill(void* argument)
{
    const runtime* r = &runtimes[(intptr_t)argument % runtime_count];
    unsigned char bytes[1000];
    void *memory, *stream;
    CHECK(cudaSetDevice(0));
    CHECK(cudaMalloc(&memory, sizeof bytes));
    CHECK(cudaStreamCreate(&stream));
    for (int round = 0; round < rounds; round++)
    {
        int value = (int)(intptr_t)argument * rounds + round;
        CHECK(cudaMemset(memory, value, sizeof bytes));
        CHECK(cudaMemcpyAsync(bytes, memory, sizeof bytes, device_to_host, NULL));
        CHECK(cudaStreamSynchronize(NULL));
        for (size_t i = 0; i < sizeof bytes; i++)
        {
            if (bytes[i] != (unsigned char)value) fail("cudaMemcpyAsync", "another thread's bytes");
        }
    }
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFree(memory));
    CHECK(cudaDeviceSynchronize());
    return NULL;
}

static void use_all(void)
{
    pthread_t workers[threads];
    for (int i = 0; i < runtime_count; i++) add(&runtimes[i]);
    for (intptr_t i = 0; i < threads; i++) pthread_create(&workers[i], NULL, fill, (void*)i);
    for (int i = 0; i < threads; i++) pthread_join(workers[i], NULL);
}

int main(int argc, char** argv)
{
    static char properties[16384];
    if (argc < 3 || argc > 6) fail("usage", "cudart PTX LIBRARY...");
    wrapper code = { 0x466243b1, 1, read_kernel(argv[1]), NULL };
    runtime_count = argc - 2;
    for (int i = 0; i < runtime_count; i++)
    {
        runtime* r = &runtimes[i];
        int devices = -1, version = 0;
        load(r, argv[i + 2]);
        register_kernel(r, &code);
        CHECK(cudaDriverGetVersion(&version));
        CHECK(cudaGetDeviceCount(&devices));
        CHECK(cudaGetDeviceProperties(properties, 0));
        if (devices < 1 || properties[0] == 0) fail("devices", "none, or without a name");
    }
    atexit(unregister);
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) { }

    use_all();
    puts("computed");
    /* The runtimes share the context that this ends; all must notice, and begin anew. */
    const runtime* r = &runtimes[0];
    CHECK(cudaDeviceReset());
    use_all();
    puts("computed after reset");
    return 0;
}
