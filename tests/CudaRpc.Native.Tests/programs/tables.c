/* Calls the functions of the tables of cuGetExportTable and prints what they answer. Argument: the PTX of a module with one kernel. */
#include "check.h"
#include <stdint.h>
#include <string.h>

static const char* const ids[] = {
    "6bd5fb6c5bf4e74a8987d93912fd9df9", "a094798c2e742e7493f20800200c0a66", "42d85a8123f6cb478298f6e78a3aecdc",
    "263e88607cd2614392f6bbd5006dfa7e", "d4082055bde6704b8d34ba123c66e1f2", "21318c60971432488ca641ff7324c8f2",
    "6e163fbeb958444d835ce182aff1991e",
};

typedef CUresult (*put_function)(CUcontext, void*, void*, void (*)(CUcontext, void*, void*));
typedef CUresult (*delete_function)(CUcontext, void*);
typedef CUresult (*get_function)(void**, CUcontext, void*);

static put_function put;
static delete_function drop;
static get_function get;
static int key, other_key, value;

static CUresult find(const char* hex, void*** table)
{
    CUuuid id;
    for (int i = 0; i < 16; i++) sscanf(hex + 2 * i, "%2hhx", (unsigned char*)&id.bytes[i]);
    return cuGetExportTable((const void**)table, &id);
}

static void** table_of(const char* hex)
{
    void** table;
    CHECK(find(hex, &table));
    return table;
}

static void destroyed(CUcontext context, void* its_key, void* its_value)
{
    /* No lock is held: another call of the table is answered. */
    void* again;
    CUresult gone = get(&again, context, its_key);
    printf("destroyed %d %d %d\n", its_key == &key, its_value == &value, gone != CUDA_SUCCESS);
}

static void count_function(void* user, CUfunction function, uint64_t unknown)
{
    (void)unknown;
    int registers = 0;
    CHECK(cuFuncGetAttribute(&registers, CU_FUNC_ATTRIBUTE_NUM_REGS, function));
    ++*(int*)user;
}

static void show_storage(void)
{
    CUcontext created, primary;
    void* found = NULL;
    printf("put %d", put(NULL, &key, &value, destroyed));
    printf(" get %d", get(&found, NULL, &key));
    printf(" value %d", found == &value);
    printf(" other %d\n", get(&found, NULL, &other_key));
    printf("delete %d", drop(NULL, &key));
    printf(" again %d", drop(NULL, &key));
    printf(" get %d\n", get(&found, NULL, &key));

    CHECK(cuDevicePrimaryCtxRetain(&primary, 0));
    CHECK(cuDevicePrimaryCtxRetain(&primary, 0));
    CHECK(put(NULL, &key, &value, destroyed));
    CHECK(cuDevicePrimaryCtxRelease(0));
    CHECK(cuDevicePrimaryCtxRelease(0));
    printf("still retained: get %d\n", get(&found, NULL, &key));
    CHECK(cuDevicePrimaryCtxRelease(0));
    printf("released: get %d put fails %d\n", get(&found, NULL, &key), put(NULL, &key, &value, destroyed) != CUDA_SUCCESS);

    CHECK(cuDevicePrimaryCtxRetain(&primary, 0));
    CHECK(put(primary, &key, &value, destroyed));
    CHECK(cuDevicePrimaryCtxReset(0));
    printf("reset: get %d\n", get(&found, primary, &key));

    CHECK(cuCtxCreate(&created, NULL, 0, 0));
    CHECK(put(created, &key, &value, destroyed));
    CHECK(put(created, &other_key, &value, NULL));
    CHECK(cuCtxDestroy(created));
    printf("context destroyed: get %d\n", get(&found, created, &key));
}

int main(int argc, char** argv)
{
    void** table = (void**)&key;
    printf("unknown %d", find("00000000000000000000000000000001", &table));
    printf(" %d\n", table == NULL);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
    {
        void** first = table_of(ids[i]);
        printf("size %ld same %d\n", (long)(intptr_t)first[0] / 8, first == table_of(ids[i]));
    }
    void** storage = table_of("c693336e1121df11a8c368f355d89593");
    *(void**)&put = storage[0];
    *(void**)&drop = storage[1];
    *(void**)&get = storage[2];
    printf("end %d\n", storage[3] == NULL);

    CUresult (*primary_context)(CUcontext*, CUdevice) = table_of(ids[0])[2];
    void (*callback_flags)(void**, size_t*) = table_of(ids[1])[2];
    void (*domain_flags)(void**, size_t*) = table_of(ids[1])[6];
    CUresult (*thread_context)(CUcontext*) = table_of(ids[2])[2];
    CUresult (*check_context)(CUcontext, unsigned*, void**) = table_of(ids[3])[2];
    CUresult (*integrity)(unsigned, uint64_t, uint64_t*) = table_of(ids[4])[1];
    CUresult (*device_of)(CUcontext, CUdevice*) = table_of(ids[5])[3];
    CUresult (*id_of)(CUcontext, uint64_t*) = table_of(ids[5])[4];
    int (*each_function)(CUcontext, CUmodule, void (*)(void*, CUfunction, uint64_t), void*) = table_of(ids[6])[7];

    CUcontext primary = NULL, current = NULL, retained = NULL;
    uint64_t answer[2];
    void* found;
    printf("before cuInit %d", primary_context(&primary, 0));
    printf(" %d %d\n", integrity(12040, 1, answer), get(&found, NULL, &key));
    CHECK(cuInit(0));

    void* flags;
    size_t count;
    callback_flags(&flags, &count);
    int set = 0;
    for (size_t i = 0; i < count; i++) set |= ((uint32_t*)flags)[i];
    printf("flags %zu %d", count, set);
    domain_flags(&flags, &count);
    printf(" %zu\n", count);

    CHECK(integrity(12040, 1, answer));
    printf("integrity %016lx %016lx", (long)answer[0], (long)answer[1]);
    CHECK(integrity(12041, 1, answer));
    printf(" %016lx\n", (long)answer[0]);

    unsigned ignored, problem = 1;
    int active = -1;
    printf("none current %d %d", thread_context(&current), current == NULL);
    printf(" %d\n", get(&found, NULL, &key));
    CHECK(primary_context(&primary, 0));
    CHECK(cuCtxSetCurrent(primary));
    CHECK(cuDevicePrimaryCtxGetState(0, &ignored, &active));
    CHECK(thread_context(&current));
    printf("active %d current %d\n", active, current == primary);
    CHECK(cuDevicePrimaryCtxRetain(&retained, 0));
    CHECK(check_context(NULL, &problem, &found));
    printf("retained %d problem %u no device %d\n", retained == primary, problem, primary_context(&current, 99));

    uint64_t id = 0, same = 1;
    CUdevice device = -1;
    CHECK(id_of(primary, &id));
    CHECK(cuCtxGetId(primary, (unsigned long long*)&same));
    CHECK(device_of(primary, &device));
    printf("id %d device %d\n", id == same, device);

    CUmodule module;
    CHECK(cuModuleLoad(&module, argv[argc - 1]));
    int functions = 0, listed = each_function(primary, module, count_function, &functions);
    printf("module %d %d\n", listed, functions);
    CHECK(cuModuleUnload(module));
    printf("no module %d\n", each_function(primary, module, count_function, &functions));

    show_storage();
    return 0;
}
