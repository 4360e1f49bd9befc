/* A driver that says yes to the little that loop.c asks of it. */
#include <stddef.h>
#define TEXT "A Device That Is Not There"

int cuInit(unsigned flags) { return flags; }
int cuDriverGetVersion(int* version) { *version = 12040; return 0; }
int cuDeviceGet(int* device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char* name, int length, int device)
{
    for (int i = 0; i < length && i < (int)sizeof TEXT; i++) name[i] = TEXT[i];
    return device;
}
int cuDevicePrimaryCtxRetain(void** context, int device) { *context = (void*)0x10; return device; }
int cuCtxSetCurrent(void* context) { return context == NULL; }
int cuMemAlloc_v2(unsigned long long* address, size_t bytes) { *address = bytes << 20; return 0; }
int cuMemsetD8Async(unsigned long long address, unsigned char value, size_t bytes, void* stream)
{
    (void)address, (void)value, (void)bytes, (void)stream;
    return 0;
}
int cuCtxSynchronize(void) { return 0; }
int cuGetExportTable(const void** table, const void* id) { *table = id; return 0; }
