/* Loads the library at run time, closes it and loads it again. */
#include <dlfcn.h>
#include <stdio.h>

typedef int (*init)(unsigned);

int main(void)
{
    for (int i = 0; i < 3; i++) {
        void* library = dlopen("libcuda.so.1", RTLD_NOW);
        if (!library) return puts(dlerror()), 1;
        init cuInit = (init)dlsym(library, "cuInit");
        printf("cuInit %d\n", cuInit(0));
        printf("dlclose %d\n", dlclose(library));
    }
    return 0;
}
