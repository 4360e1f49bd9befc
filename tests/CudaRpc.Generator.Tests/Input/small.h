/* A header in the shape of cuda.h, with one of everything that the generator has to handle. */
#include <stddef.h>
#include <stdint.h>
#define CUDA_VERSION 12040
#define CUDAAPI
#define CU_STREAM_PER_THREAD ((CUstream)0x2)
#define CU_MEMHOSTALLOC_PORTABLE 0x01
#define CU_PARAM_TR_DEFAULT -1
#define NOT_AN_INTEGER (1 + 1)

typedef uint32_t cuuint32_t;
typedef unsigned long long CUdeviceptr_v2;
typedef CUdeviceptr_v2 CUdeviceptr;
typedef unsigned int CUdeviceptr_v1;
typedef int CUdevice;
typedef struct CUctx_st *CUcontext;
typedef struct CUstream_st *CUstream;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUgraphNode_st *CUgraphNode;

typedef enum cudaError_enum {
    CUDA_SUCCESS = 0,
    CUDA_ERROR_INVALID_VALUE = 1,
    CUDA_ERROR_OUT_OF_MEMORY = 2,
    CUDA_ERROR_NOT_INITIALIZED = 3,
    CUDA_ERROR_NOT_SUPPORTED = 801,
    CUDA_ERROR_UNKNOWN = 999
} CUresult;

typedef enum CUlimit_enum { CU_LIMIT_STACK_SIZE = 0, CU_LIMIT_MAX } CUlimit;
enum CUsigned_enum { CU_SIGNED_MINUS = -1, CU_SIGNED_ONE = 1 };

typedef struct CUuuid_st { char bytes[16]; } CUuuid;

typedef struct CUlaunchConfig_st {
    unsigned int gridDimX;
    CUstream hStream;
    void (*callback)(void *userData, size_t event);
} CUlaunchConfig;

typedef struct CUDA_RESOURCE_DESC_st {
    CUlimit type;
    union {
        struct { CUdeviceptr devPtr; size_t sizeInBytes; } linear;
        int reserved[32];
    } res;
    union { float f; unsigned int u; };
    CUlimit modes[2];
    unsigned int event;
} CUDA_RESOURCE_DESC_v1;
typedef CUDA_RESOURCE_DESC_v1 CUDA_RESOURCE_DESC;

typedef struct CUlocation_st { int type; int id; } CUlocation;

typedef void (*CUhostFn)(void *userData);

/* Not remoted */
CUresult CUDAAPI cuGetErrorString(CUresult error, const char **pStr);
CUresult CUDAAPI cuLaunchHostFunc(CUstream hStream, CUhostFn fn, void *userData);
CUresult CUDAAPI cuLaunchHostFunc_ptsz(CUstream hStream, CUhostFn fn, void *userData);

/* Scalars, enumerations, addresses, structs by value and by pointer */
CUresult CUDAAPI cuInit(unsigned int Flags);
#define cuCtxGetLimits cuCtxGetLimit /* a name that a macro spells, as NVIDIA's header renames its functions */
CUresult CUDAAPI cuCtxGetLimits(size_t *pvalue, CUlimit limit);
CUresult CUDAAPI cuCtxSetLimit(CUlimit limit, size_t value);
CUresult CUDAAPI cuMemGetAddressRange_v2(CUdeviceptr *pbase, size_t *psize, CUdeviceptr dptr);
CUresult CUDAAPI cuMemAdvise_v2(CUdeviceptr devPtr, size_t count, CUlocation location);
CUresult CUDAAPI cuDeviceGetUuid(CUuuid *uuid, CUdevice dev);
CUresult CUDAAPI cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice dev);
CUresult CUDAAPI cuTexObjectCreate(unsigned long long *pTexObject, const CUDA_RESOURCE_DESC *pResDesc);
CUresult CUDAAPI cuThreadExchangeMode(CUlimit *mode);
CUresult CUDAAPI cuMemSetWindow(const CUlocation *window, float *ratio);

/* Arrays, text, bulk */
CUresult CUDAAPI cuDeviceGetCapabilities(unsigned int *capabilities, const CUlimit *operations, unsigned int count, CUdevice dev);
CUresult CUDAAPI cuCoredumpGetAttribute(CUlimit attrib, void *value, size_t *size);
CUresult CUDAAPI cuLogsDump(char *buffer, size_t *size, const char *prefix);
CUresult CUDAAPI cuGraphRemoveNodes(const CUgraphNode *nodes, size_t numNodes);
CUresult CUDAAPI cuMemcpyHtoD_v2(CUdeviceptr dstDevice, const void *srcHost, size_t ByteCount);
CUresult CUDAAPI cuMemcpyDtoH_v2(void *dstHost, CUdeviceptr srcDevice, size_t ByteCount);
CUresult CUDAAPI cuMemset2D(unsigned short *pattern, int Width, int Height);

/* 32-bit forms */
typedef struct CUDA_COPY_v1_st {
    unsigned int srcX;
    const void *srcHost;
    CUdeviceptr_v1 srcDevice;
    CUlimit mode;
} CUDA_COPY_v1;
typedef struct CUDA_COPY_st {
    size_t srcX;
    CUlimit mode;
    const void *srcHost;
    CUdeviceptr srcDevice;
} CUDA_COPY;
typedef struct CUDA_EXTENT_v1_st { unsigned int Width; CUlimit mode; } CUDA_EXTENT_v1;
typedef struct CUDA_EXTENT_st { size_t Width; CUlimit mode; } CUDA_EXTENT;
CUresult CUDAAPI cuMemAlloc(CUdeviceptr_v1 *dptr, unsigned int *status, unsigned int bytesize);
CUresult CUDAAPI cuMemAlloc_v2(CUdeviceptr *dptr, size_t *pPitch, size_t bytesize);
CUresult CUDAAPI cuMemFree(CUdeviceptr_v1 dptr);
CUresult CUDAAPI cuMemFree_v2(CUdeviceptr dptr);
CUresult CUDAAPI cuCopy(const CUDA_COPY_v1 *pCopy, CUstream hStream);
CUresult CUDAAPI cuCopy_v2(const CUDA_COPY *pCopy, CUstream hStream);
CUresult CUDAAPI cuCopyGetExtent(CUDA_EXTENT_v1 *pExtent);
CUresult CUDAAPI cuCopyGetExtent_v2(CUDA_EXTENT *pExtent);

/* Structs that hold handles and pointers */
typedef enum CUnodeType_enum { CU_NODE_TYPE_KERNEL = 0, CU_NODE_TYPE_EVENT = 1, CU_NODE_TYPE_MEM = 2, CU_NODE_TYPE_FREE = 3 } CUnodeType;
typedef struct CUDA_MEM_NODE_PARAMS_st {
    void *securityAttributes;
    const CUlocation *locations;
    size_t locationCount;
    CUdeviceptr dptr;
} CUDA_MEM_NODE_PARAMS;
typedef struct CUnodeParams_st {
    CUnodeType type;
    union {
        struct { CUfunction func; CUcontext ctx; } kernel;
        struct { CUstream event; CUgraphNode *nodes; int nodeCount; CUgraphNode error_out; } event;
        CUDA_MEM_NODE_PARAMS mem;
        int reserved[32];
    };
    CUstream hStream;
} CUnodeParams;
typedef struct CUmapInfo_st { CUstream hStream; void *handle; void *base; int x; } CUmapInfo;
typedef struct CUmapList_st { const CUmapInfo *infos; unsigned int count; } CUmapList;
CUresult CUDAAPI cuNodeAdd(CUgraphNode *phNode, CUnodeParams *params, const CUDA_MEM_NODE_PARAMS *mem);
CUresult CUDAAPI cuNodeGet(CUgraphNode hNode, CUmapInfo *info, const CUmapList *list);
CUresult CUDAAPI cuNodeMap(const CUmapInfo *infos, unsigned int count, CUstream hStream);

/* Handles */
CUresult CUDAAPI cuCtxDestroy_v2(CUcontext ctx);
CUresult CUDAAPI cuStreamCreate(CUstream *phStream, unsigned int Flags);
CUresult CUDAAPI cuStreamDestroy(CUstream hStream);
CUresult CUDAAPI cuStreamDestroy_v2(CUstream hStream);
CUresult CUDAAPI cuStreamQuery(CUstream hStream);
CUresult CUDAAPI cuStreamQuery_ptsz(CUstream hStream);
CUresult CUDAAPI cuFuncGetModule(CUmodule *hmod, CUfunction hfunc);
CUresult CUDAAPI cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction f, void **kernelParams, void **extra);
CUresult CUDAAPI cuLaunchKernelEx_ptsz(const CUlaunchConfig *config, CUfunction f, void **kernelParams, void **extra);

/* No part of the driver */
static inline CUresult cuInlineHelper(int x) { return x ? CUDA_SUCCESS : CUDA_ERROR_UNKNOWN; }
