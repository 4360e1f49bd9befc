/* Fills memory a hundred times, then does what its argument says. */
#include <cuda.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(call) do { CUresult result = call; if (result != CUDA_SUCCESS) { \
    fprintf(stderr, #call ": %d\n", (int)result); exit(99); } } while (0)

static CUcontext context;
static CUdeviceptr memory;

static void* fill(void* argument)
{
    CHECK(cuCtxSetCurrent(context));
    for (int i = 0; i < 100; i++) CHECK(cuMemsetD8Async(memory, 1, 64, 0));
    CHECK(cuCtxSynchronize());
    return argument;
}

int main(int argc, char** argv)
{
    const char* mode = argc > 1 ? argv[1] : "";
    CUdevice device;
    pthread_t threads[4];
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    CHECK(cuMemAlloc(&memory, 4096));
    fill(NULL);
    if (strcmp(mode, "wait") == 0) {
        /* A shell's job in the background inherits that it is ignored. */
        signal(SIGINT, SIG_DFL);
        printf("%d\n", (int)getpid());
        fflush(stdout);
        pause();
    }
    if (strcmp(mode, "crash") == 0) {
        volatile int* volatile nowhere = NULL;
        *nowhere = 1;
    }
    if (strcmp(mode, "abort") == 0) abort();
    if (strcmp(mode, "leave") == 0) _exit(3);
    if (strcmp(mode, "fork") == 0) {
        pid_t child = fork();
        if (child == 0) {
            CUresult result = cuMemsetD8(memory, 2, 64);
            exit(result == CUDA_ERROR_NOT_INITIALIZED ? 5 : 6);
        }
        int status;
        waitpid(child, &status, 0);
        fill(NULL);
        return WEXITSTATUS(status);
    }
    if (strcmp(mode, "exec") == 0) {
        pid_t child = fork();
        if (child == 0) {
            execl(argv[0], argv[0], "", NULL);
            _exit(98);
        }
        int status;
        waitpid(child, &status, 0);
        fill(NULL);
        return WEXITSTATUS(status);
    }
    if (strcmp(mode, "threads") == 0) {
        for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, fill, NULL);
        for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    }
    return 7;
}
