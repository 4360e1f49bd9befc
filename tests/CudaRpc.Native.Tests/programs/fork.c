/* A child of fork finds CUDA not initialised, whatever it does; the parent goes on. */
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

static void show(const char* what, CUresult result)
{
    printf("%s %d\n", what, (int)result);
    fflush(stdout);
}

int main(void)
{
    CUdevice device;
    CUcontext context;
    int status = -1, version = 0;
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, NULL, 0, device));
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        show("child cuCtxSynchronize", cuCtxSynchronize());
        show("child cuInit", cuInit(0));
        show("child cuDriverGetVersion", cuDriverGetVersion(&version));
        exit(3);
    }
    waitpid(child, &status, 0);
    printf("child exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    show("parent cuCtxSynchronize", cuCtxSynchronize());
    show("parent cuCtxDestroy", cuCtxDestroy(context));
    return 0;
}
