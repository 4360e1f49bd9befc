using CudaRpc.Driver;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    private const nuint TensorMapAlignment = 64;

    public static void cuTensorMapEncodeTiled(CudaDriver driver, ref ServerCall call)
    {
        TensorArguments tensor = ReadTensor(ref call, smallestRank: 1);
        uint* box = ReadElements<uint>(ref call, tensor.Rank);
        ReadModes(ref call, ref tensor);
        if (call.Begin())
        {
            byte* room = stackalloc byte[sizeof(CUtensorMap) + (int)TensorMapAlignment];
            CUtensorMap* map = AlignedMap(room);
            Reply(ref call, map, driver.cuTensorMapEncodeTiled(
                map, tensor.Type, tensor.Rank, tensor.Address, tensor.Dimensions, tensor.Strides, box, tensor.ElementStrides, tensor.Interleave,
                tensor.Swizzle, tensor.Promotion, tensor.Fill));
        }
    }

    public static void cuTensorMapEncodeIm2col(CudaDriver driver, ref ServerCall call)
    {
        TensorArguments tensor = ReadTensor(ref call, smallestRank: 3);
        int* lower = ReadElements<int>(ref call, tensor.Rank - 2), upper = ReadElements<int>(ref call, tensor.Rank - 2);
        uint channels = call.ReadUInt32(), pixels = call.ReadUInt32();
        ReadModes(ref call, ref tensor);
        if (call.Begin())
        {
            byte* room = stackalloc byte[sizeof(CUtensorMap) + (int)TensorMapAlignment];
            CUtensorMap* map = AlignedMap(room);
            Reply(ref call, map, driver.cuTensorMapEncodeIm2col(
                map, tensor.Type, tensor.Rank, tensor.Address, tensor.Dimensions, tensor.Strides, lower, upper, channels, pixels,
                tensor.ElementStrides, tensor.Interleave, tensor.Swizzle, tensor.Promotion, tensor.Fill));
        }
    }

    public static void cuTensorMapEncodeIm2colWide(CudaDriver driver, ref ServerCall call)
    {
        TensorArguments tensor = ReadTensor(ref call, smallestRank: 3);
        int lower = call.ReadInt32(), upper = call.ReadInt32();
        uint channels = call.ReadUInt32(), pixels = call.ReadUInt32();
        var mode = (CUtensorMapIm2ColWideMode)call.ReadInt32();
        ReadModes(ref call, ref tensor);
        if (call.Begin())
        {
            byte* room = stackalloc byte[sizeof(CUtensorMap) + (int)TensorMapAlignment];
            CUtensorMap* map = AlignedMap(room);
            Reply(ref call, map, driver.cuTensorMapEncodeIm2colWide(
                map, tensor.Type, tensor.Rank, tensor.Address, tensor.Dimensions, tensor.Strides, lower, upper, channels, pixels,
                tensor.ElementStrides, tensor.Interleave, mode, tensor.Swizzle, tensor.Promotion, tensor.Fill));
        }
    }

    public static void cuTensorMapReplaceAddress(CudaDriver driver, ref ServerCall call)
    {
        CUtensorMap* given = call.ReadStruct<CUtensorMap>();
        ulong address = call.ReadUInt64();
        if (call.Begin())
        {
            byte* room = stackalloc byte[sizeof(CUtensorMap) + (int)TensorMapAlignment];
            CUtensorMap* map = AlignedMap(room);
            *map = *given;
            Reply(ref call, map, driver.cuTensorMapReplaceAddress(map, (void*)address));
        }
    }

    private static TensorArguments ReadTensor(ref ServerCall call, uint smallestRank)
    {
        var tensor = new TensorArguments { Type = (CUtensorMapDataType)call.ReadInt32(), Rank = call.ReadUInt32() };
        if (tensor.Rank < smallestRank || tensor.Rank > 5)
        {
            call.Malformed($"a tensor of {tensor.Rank} dimensions");
        }

        tensor.Address = (void*)call.ReadUInt64();
        tensor.Dimensions = ReadElements<ulong>(ref call, tensor.Rank);
        tensor.Strides = ReadElements<ulong>(ref call, tensor.Rank - 1);
        tensor.ElementStrides = ReadElements<uint>(ref call, tensor.Rank);
        return tensor;
    }

    private static void ReadModes(ref ServerCall call, ref TensorArguments tensor)
    {
        tensor.Interleave = (CUtensorMapInterleave)call.ReadInt32();
        tensor.Swizzle = (CUtensorMapSwizzle)call.ReadInt32();
        tensor.Promotion = (CUtensorMapL2promotion)call.ReadInt32();
        tensor.Fill = (CUtensorMapFloatOOBfill)call.ReadInt32();
    }

    private static T* ReadElements<T>(ref ServerCall call, uint count)
        where T : unmanaged
    {
        T* elements = call.ReadArray<T>(out nuint came);
        if (came != count)
        {
            call.Malformed($"{came} elements where {count} are due");
        }

        return elements;
    }

    // SAFETY: the memory is the caller's stack, and has room for the map wherever its alignment puts it.
    private static CUtensorMap* AlignedMap(byte* memory) =>
        (CUtensorMap*)(((nuint)memory + TensorMapAlignment - 1) / TensorMapAlignment * TensorMapAlignment);

    private static void Reply(ref ServerCall call, CUtensorMap* map, CUresult status)
    {
        if (call.Reply(status))
        {
            call.WriteStruct(map);
        }
    }

    private struct TensorArguments
    {
        public CUtensorMapDataType Type;
        public uint Rank;
        public void* Address;
        public ulong* Dimensions;
        public ulong* Strides;
        public uint* ElementStrides;
        public CUtensorMapInterleave Interleave;
        public CUtensorMapSwizzle Swizzle;
        public CUtensorMapL2promotion Promotion;
        public CUtensorMapFloatOOBfill Fill;
    }
}
