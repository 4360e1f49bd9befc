/*
 * A driver library that is none of ours: it exports what a driver does and has another library make the calls, RELAY_LIBRARY, whose server is
 * RELAY_SERVER. relay.s, which the test writes, has a jump through relay_targets for each of names.h.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static const char* const s_names[] = {
#include "names.h"
};

__attribute__((visibility("hidden"))) void* relay_targets[sizeof s_names / sizeof *s_names];

static int missing(void)
{
    return 801; /* CUDA_ERROR_NOT_SUPPORTED */
}

__attribute__((constructor)) static void load(void)
{
    /* What these say is for the traced program's library, which has read them; the other one would record as well. */
    setenv("CUDARPC_SERVER", getenv("RELAY_SERVER"), 1);
    unsetenv("CUDARPC_TRACE");
    void* library = dlopen(getenv("RELAY_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
    if (!library) fprintf(stderr, "relay: %s\n", dlerror());
    for (size_t i = 0; i < sizeof s_names / sizeof *s_names; i++)
    {
        void* target = library ? dlsym(library, s_names[i]) : NULL;
        relay_targets[i] = target ? target : (void*)missing;
    }
}
