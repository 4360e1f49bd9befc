using CudaRpc.Driver;
using static CudaRpc.Driver.CUmemorytype;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

internal static unsafe partial class GoodCalls
{
    private static readonly (string Functions, Action<GoodCall> Complete)[] s_copies =
    [
        ("cuMemcpy2D cuMemcpy2DAsync cuMemcpy2D_v2 cuMemcpy2DAsync_v2 cuMemcpy2DUnaligned cuMemcpy2DUnaligned_v2",
            static call => call.Put("pCopy", Copy2D(call))),
        // With 32 bits a size of the host's side can be wrong and yet countable: the program would read what it does not have.
        ("cuMemcpy3D cuMemcpy3DAsync", static call => call.Put("pCopy", Between(call))),
        ("cuMemcpy3D_v2 cuMemcpy3DAsync_v2", static call => call.Put("pCopy", Copy3D(call, call.Room()))),
        ("cuMemcpy3DPeer cuMemcpy3DPeerAsync", static call => call.Put("pCopy", new CUDA_MEMCPY3D_PEER_v1
        {
            srcMemoryType = CU_MEMORYTYPE_DEVICE, srcDevice = call.At.Memory, srcPitch = 16, srcHeight = 4, srcContext = call.At.Context,
            srcXInBytes = 4, srcY = 1, dstXInBytes = 4, dstY = 1,
            dstMemoryType = CU_MEMORYTYPE_ARRAY, dstArray = Handle<CUarray>(call), dstContext = call.At.Context,
            WidthInBytes = 8, Height = 2, Depth = 1,
        })),
        ("cuMemcpy3DBatchAsync cuMemcpy3DBatchAsync_v2", static call =>
        {
            CUDA_MEMCPY3D_BATCH_OP_v1 copy = default;
            copy.src.type = CUmemcpy3DOperandType.CU_MEMCPY_OPERAND_TYPE_POINTER;
            copy.src.op.ptr.ptr = call.At.Memory;
            copy.dst.type = CUmemcpy3DOperandType.CU_MEMCPY_OPERAND_TYPE_ARRAY;
            copy.dst.op.array.array = Handle<CUarray>(call);
            copy.extent = new CUextent3D_v1 { width = 2, height = 2, depth = 1 };
            copy.srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_STREAM;
            call.Put("opList", copy);
            call.Set("numOps", 1);
        }),
        ("cuMemcpyBatchAsync cuMemcpyBatchAsync_v2", static call =>
        {
            call.Put("dsts", call.At.Memory);
            call.Put("srcs", new CUdeviceptr(call.At.Memory.Value + 64));
            call.Put<nuint>("sizes", 16);
            call.Put("attrs", new CUmemcpyAttributes_v1 { srcAccessOrder = CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_STREAM });
        }),
        ("cuMemcpyAtoA cuMemcpyAtoA_v2 cuMemcpyAtoH cuMemcpyAtoH_v2 cuMemcpyAtoHAsync cuMemcpyAtoHAsync_v2 cuMemcpyAtoD cuMemcpyAtoD_v2 "
            + "cuMemcpyDtoA cuMemcpyDtoA_v2 cuMemcpyHtoA cuMemcpyHtoA_v2 cuMemcpyHtoAAsync cuMemcpyHtoAAsync_v2",
            static call => call.Set("ByteCount", 8)),
        ("cuMemcpyAtoA cuMemcpyAtoA_v2 cuMemcpyAtoH cuMemcpyAtoH_v2 cuMemcpyAtoHAsync cuMemcpyAtoHAsync_v2 cuMemcpyAtoD cuMemcpyAtoD_v2",
            static call => call.Set("srcOffset", 4)),
        ("cuMemcpyAtoA cuMemcpyAtoA_v2 cuMemcpyDtoA cuMemcpyDtoA_v2 cuMemcpyHtoA cuMemcpyHtoA_v2 cuMemcpyHtoAAsync cuMemcpyHtoAAsync_v2",
            static call => call.Set("dstOffset", 4)),
    ];

    /// <summary>Two rows of two floats from one array of 4 by 4 into another.</summary>
    private static CUDA_MEMCPY2D_v2 Copy2D(GoodCall call) => new()
    {
        srcMemoryType = CU_MEMORYTYPE_ARRAY, srcArray = new(call.At.Once("source", () => HandleMaker.Array(call.At)!.Value)),
        srcXInBytes = 4, srcY = 1, dstXInBytes = 4, dstY = 1,
        dstMemoryType = CU_MEMORYTYPE_ARRAY, dstArray = Handle<CUarray>(call), WidthInBytes = 8, Height = 2,
    };

    /// <summary>The same in three dimensions.</summary>
    private static CUDA_MEMCPY3D_v2 Between(GoodCall call)
    {
        CUDA_MEMCPY2D_v2 flat = Copy2D(call);
        return new CUDA_MEMCPY3D_v2
        {
            srcMemoryType = flat.srcMemoryType, srcArray = flat.srcArray, srcXInBytes = 4, srcY = 1, dstXInBytes = 4, dstY = 1,
            dstMemoryType = flat.dstMemoryType, dstArray = flat.dstArray, WidthInBytes = 8, Height = 2, Depth = 1,
        };
    }

    /// <summary>Two rows of two floats from the host into an array.</summary>
    private static CUDA_MEMCPY3D_v2 Copy3D(GoodCall call, void* host) => new()
    {
        srcMemoryType = CU_MEMORYTYPE_HOST, srcHost = host, srcPitch = 16, srcHeight = 4, srcXInBytes = 4, srcY = 1, dstXInBytes = 4, dstY = 1,
        dstMemoryType = CU_MEMORYTYPE_ARRAY, dstArray = Handle<CUarray>(call), WidthInBytes = 8, Height = 2, Depth = 1,
    };
}
