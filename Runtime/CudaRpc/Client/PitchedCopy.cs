using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>The shapes that pitched copies come in, as the one that has all fields: CUDA_MEMCPY3D_PEER.</summary>
internal static unsafe class PitchedCopy
{
    public static CUDA_MEMCPY3D_PEER_v1 From(in CUDA_MEMCPY2D_v2 copy) => new()
    {
        srcXInBytes = copy.srcXInBytes,
        srcY = copy.srcY,
        srcMemoryType = copy.srcMemoryType,
        srcHost = copy.srcHost,
        srcDevice = copy.srcDevice,
        srcArray = copy.srcArray,
        srcPitch = copy.srcPitch,
        dstXInBytes = copy.dstXInBytes,
        dstY = copy.dstY,
        dstMemoryType = copy.dstMemoryType,
        dstHost = copy.dstHost,
        dstDevice = copy.dstDevice,
        dstArray = copy.dstArray,
        dstPitch = copy.dstPitch,
        WidthInBytes = copy.WidthInBytes,
        Height = copy.Height,
        Depth = 1,
    };

    public static CUDA_MEMCPY3D_PEER_v1 From(in CUDA_MEMCPY3D_v2 copy) => new()
    {
        srcXInBytes = copy.srcXInBytes,
        srcY = copy.srcY,
        srcZ = copy.srcZ,
        srcLOD = copy.srcLOD,
        srcMemoryType = copy.srcMemoryType,
        srcHost = copy.srcHost,
        srcDevice = copy.srcDevice,
        srcArray = copy.srcArray,
        srcPitch = copy.srcPitch,
        srcHeight = copy.srcHeight,
        dstXInBytes = copy.dstXInBytes,
        dstY = copy.dstY,
        dstZ = copy.dstZ,
        dstLOD = copy.dstLOD,
        dstMemoryType = copy.dstMemoryType,
        dstHost = copy.dstHost,
        dstDevice = copy.dstDevice,
        dstArray = copy.dstArray,
        dstPitch = copy.dstPitch,
        dstHeight = copy.dstHeight,
        WidthInBytes = copy.WidthInBytes,
        Height = copy.Height,
        Depth = copy.Depth,
    };

    public static CUDA_MEMCPY3D_PEER_v1 FromHost(this CUDA_MEMCPY3D_PEER_v1 copy, void* memory) =>
        copy with { srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST, srcHost = memory };

    public static CUDA_MEMCPY3D_PEER_v1 FromDevice(this CUDA_MEMCPY3D_PEER_v1 copy, CUdeviceptr address) =>
        copy with { srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE, srcDevice = address };

    public static CUDA_MEMCPY3D_PEER_v1 FromArray(this CUDA_MEMCPY3D_PEER_v1 copy, CUarray array, nuint offset) =>
        copy with { srcMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY, srcArray = array, srcXInBytes = offset };

    public static CUDA_MEMCPY3D_PEER_v1 ToHost(this CUDA_MEMCPY3D_PEER_v1 copy, void* memory) =>
        copy with { dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST, dstHost = memory };

    public static CUDA_MEMCPY3D_PEER_v1 ToDevice(this CUDA_MEMCPY3D_PEER_v1 copy, CUdeviceptr address) =>
        copy with { dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE, dstDevice = address };

    public static CUDA_MEMCPY3D_PEER_v1 ToArray(this CUDA_MEMCPY3D_PEER_v1 copy, CUarray array, nuint offset) =>
        copy with { dstMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY, dstArray = array, dstXInBytes = offset };

    public static PitchedSide Source(in CUDA_MEMCPY3D_PEER_v1 copy) => new()
    {
        Type = copy.srcMemoryType,
        Host = (nint)copy.srcHost,
        Device = copy.srcDevice,
        Array = copy.srcArray,
        Context = copy.srcContext,
        X = copy.srcXInBytes,
        Y = copy.srcY,
        Z = copy.srcZ,
        Lod = copy.srcLOD,
        Pitch = copy.srcPitch,
        Height = copy.srcHeight,
    };

    public static PitchedSide Target(in CUDA_MEMCPY3D_PEER_v1 copy) => new()
    {
        Type = copy.dstMemoryType,
        Host = (nint)copy.dstHost,
        Device = copy.dstDevice,
        Array = copy.dstArray,
        Context = copy.dstContext,
        X = copy.dstXInBytes,
        Y = copy.dstY,
        Z = copy.dstZ,
        Lod = copy.dstLOD,
        Pitch = copy.dstPitch,
        Height = copy.dstHeight,
    };
}

/// <summary>One side of a pitched copy: memory of the program or of the device with its pitch, or an array.</summary>
internal record struct PitchedSide
{
    // CU_DEVICE_ATTRIBUTE_MAX_PITCH of every device so far.
    private const nuint MostPitch = int.MaxValue;

    public CUmemorytype Type { get; set; }

    public nint Host { get; set; }

    public CUdeviceptr Device { get; set; }

    public CUarray Array { get; set; }

    public CUcontext Context { get; set; }

    /// <summary>Where the copy begins: bytes, rows, slices.</summary>
    public nuint X { get; set; }

    public nuint Y { get; set; }

    public nuint Z { get; set; }

    public nuint Lod { get; set; }

    /// <summary>Bytes from a row to the next; 0 where the copy's own rows are all there is.</summary>
    public nuint Pitch { get; set; }

    /// <summary>Rows from a slice to the next; 0 where the copy's own are all there is.</summary>
    public nuint Height { get; set; }

    /// <summary>
    /// Bytes from the side's address to behind the last byte of a copy that is not empty; null where pitch or height are too small, or the
    /// number has no room.
    /// </summary>
    public readonly ulong? End(in CUDA_MEMCPY3D_PEER_v1 copy)
    {
        UInt128 width = (UInt128)X + copy.WidthInBytes;
        UInt128 rows = (UInt128)Y + copy.Height;
        bool pitchMatters = rows > 1 || Z + (UInt128)copy.Depth > 1;
        if ((Pitch != 0 && pitchMatters && Pitch < width) || Pitch > MostPitch
            || (Height != 0 && Height < rows && Z + (UInt128)copy.Depth > 1) || width > long.MaxValue || rows > long.MaxValue)
        {
            return null;
        }

        UInt128 pitch = Pitch == 0 ? width : Pitch;
        UInt128 slice = pitch * (Height == 0 ? rows : Height);
        UInt128 slices = (UInt128)Z + copy.Depth;
        if (slice > long.MaxValue || slices > long.MaxValue)
        {
            return null;
        }

        UInt128 end = ((slices - 1) * slice) + ((rows - 1) * pitch) + width;
        return end <= long.MaxValue ? (ulong)end : null;
    }

    /// <summary>The copy's bytes in the program's memory. Only after <see cref="End"/> has found them to be countable.</summary>
    public readonly HostBox Box(in CUDA_MEMCPY3D_PEER_v1 copy)
    {
        nuint pitch = Pitch == 0 ? X + copy.WidthInBytes : Pitch;
        nuint slice = pitch * (Height == 0 ? Y + copy.Height : Height);
        nuint start = (nuint)Host + (Z * slice) + (Y * pitch) + X;
        return new HostBox((nint)start, copy.WidthInBytes, copy.Height, copy.Depth, pitch, slice);
    }
}
