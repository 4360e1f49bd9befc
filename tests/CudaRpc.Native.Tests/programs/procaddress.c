/* Reads "api name version flags status" lines, where api is v1 or v2 and status says whether to pass a status pointer; name "-" is the
   empty one. Prints the result, the status (9: not written) and the symbol, "null", or "untouched". */
#define _GNU_SOURCE
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    static char untouched;
    char api[8], name[128];
    int version, status;
    unsigned long long flags;
    while (scanf("%7s %127s %d %llu %d", api, name, &version, &flags, &status) == 5) {
        void* function = &untouched;
        CUdriverProcAddressQueryResult found = (CUdriverProcAddressQueryResult)9;
        const char* asked = strcmp(name, "-") == 0 ? "" : name;
        CUresult result = strcmp(api, "v1") == 0
            ? cuGetProcAddress(asked, &function, version, flags)
            : cuGetProcAddress_v2(asked, &function, version, flags, status ? &found : NULL);
        Dl_info info;
        const char* symbol = "?";
        if (function == &untouched) symbol = "untouched";
        else if (function == NULL) symbol = "null";
        else if (dladdr(function, &info) && info.dli_sname && info.dli_saddr == function) symbol = info.dli_sname;
        printf("%d %d %s\n", (int)result, (int)found, symbol);
    }
    return 0;
}
