using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>
/// One pitched copy with random geometry, made by a driver and by a plain loop: both must leave the same bytes everywhere, those between
/// rows included. A context is current.
/// </summary>
internal sealed unsafe class PitchedScenario : IDisposable
{
    private readonly CudaDriver _driver;
    private readonly CUcontext _context;
    private readonly Random _random;
    private readonly Side _source;
    private readonly Side _target;
    private readonly int _width;
    private readonly int _height;
    private readonly int _depth;
    private readonly int _form;

    public PitchedScenario(CudaDriver driver, CUcontext context, int seed, int scale)
    {
        (_driver, _context) = (driver, context);
        _random = new Random(seed);
        _form = _random.Next(7);
        bool flat = _form < 3;
        _width = 16 * _random.Next(1, scale);
        _height = _random.Next(1, scale);
        _depth = flat ? 1 : _random.Next(1, 5);
        _source = MakeSide(flat);
        _target = MakeSide(flat);
    }

    private enum Place
    {
        Host,
        PageLocked,
        Device,
        UnifiedHost,
        UnifiedDevice,
        Array,
    }

    /// <summary>What is copied, for the message of a failure.</summary>
    public override string ToString() => $"form {_form}, {_width} x {_height} x {_depth}, from {_source} to {_target}";

    /// <summary>Makes the copy both ways and returns what they differ in, or null.</summary>
    public string? Run()
    {
        CUresult status = Copy();
        if (status != CUresult.CUDA_SUCCESS)
        {
            return $"{this}: {status}";
        }

        Loop();
        byte[] got = Read(_target);
        int difference = got.AsSpan().CommonPrefixLength(_target.Model);
        return difference == got.Length ? null : $"{this}: byte {difference} of {got.Length} is {got[difference]}, not {_target.Model[difference]}";
    }

    public void Dispose()
    {
        Free(_source);
        Free(_target);
    }

    private Side MakeSide(bool flat)
    {
        var side = new Side { Place = (Place)_random.Next(6) };
        bool isArray = side.Place == Place.Array;
        side.X = (isArray ? 16 : 1) * _random.Next(0, 5);
        side.Y = _random.Next(0, 4);
        side.Z = flat ? 0 : _random.Next(0, 3);
        // Arrays have texels of 16 bytes, so the ends are whole ones.
        side.Pitch = side.X + _width + ((isArray ? 16 : 1) * _random.Next(0, 7));
        side.Height = side.Y + _height + _random.Next(0, 3);
        side.Depth = side.Z + _depth + (flat ? 0 : _random.Next(0, 2));
        side.Model = new byte[side.Pitch * side.Height * side.Depth];
        _random.NextBytes(side.Model);
        Allocate(side, flat);
        return side;
    }

    private void Allocate(Side side, bool flat)
    {
        nuint bytes = (nuint)side.Model.Length;
        switch (side.Place)
        {
            case Place.Host or Place.UnifiedHost:
                side.Host = (byte*)NativeMemory.Alloc(bytes);
                side.Model.CopyTo(new Span<byte>(side.Host, (int)bytes));
                break;
            case Place.PageLocked:
                void* memory;
                Must(_driver.cuMemAllocHost_v2(&memory, bytes));
                side.Host = (byte*)memory;
                side.Model.CopyTo(new Span<byte>(side.Host, (int)bytes));
                break;
            case Place.Device or Place.UnifiedDevice:
                CUdeviceptr address;
                Must(_driver.cuMemAlloc_v2(&address, bytes));
                side.Device = address;
                fixed (byte* model = side.Model)
                {
                    Must(_driver.cuMemcpyHtoD_v2(address, model, bytes));
                }

                break;
            default:
                CUDA_ARRAY3D_DESCRIPTOR_v2 shape = new()
                {
                    Width = (nuint)side.Pitch / 16,
                    Height = (nuint)side.Height,
                    Depth = flat ? 0 : (nuint)side.Depth,
                    Format = CUarray_format.CU_AD_FORMAT_FLOAT,
                    NumChannels = 4,
                    Flags = flat ? 0u : (uint)_random.Next(2),
                };
                CUarray array;
                Must(_driver.cuArray3DCreate_v2(&array, &shape));
                side.Array = array;
                fixed (byte* model = side.Model)
                {
                    CUDA_MEMCPY3D_v2 copy = Whole(side);
                    copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
                    copy.srcHost = model;
                    copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY;
                    copy.dstArray = array;
                    Must(_driver.cuMemcpy3D_v2(&copy));
                }

                break;
        }
    }

    private byte[] Read(Side side)
    {
        Must(_driver.cuCtxSynchronize());
        byte[] bytes = new byte[side.Model.Length];
        fixed (byte* target = bytes)
        {
            if (side.Host != null)
            {
                new ReadOnlySpan<byte>(side.Host, bytes.Length).CopyTo(bytes);
            }
            else if (side.Place == Place.Array)
            {
                CUDA_MEMCPY3D_v2 copy = Whole(side);
                copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY;
                copy.srcArray = side.Array;
                copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
                copy.dstHost = target;
                Must(_driver.cuMemcpy3D_v2(&copy));
            }
            else
            {
                Must(_driver.cuMemcpyDtoH_v2(target, side.Device, (nuint)bytes.Length));
            }
        }

        return bytes;
    }

    private static CUDA_MEMCPY3D_v2 Whole(Side side) => new()
    {
        WidthInBytes = (nuint)side.Pitch,
        Height = (nuint)side.Height,
        Depth = (nuint)side.Depth,
    };

    private void Loop()
    {
        for (int z = 0; z < _depth; z++)
        {
            for (int y = 0; y < _height; y++)
            {
                for (int x = 0; x < _width; x++)
                {
                    _target.Model[_target.Index(x, y, z)] = _source.Model[_source.Index(x, y, z)];
                }
            }
        }
    }

    private CUresult Copy()
    {
        CUDA_MEMCPY3D_PEER_v1 copy = new()
        {
            srcXInBytes = (nuint)_source.X,
            srcY = (nuint)_source.Y,
            srcZ = (nuint)_source.Z,
            srcMemoryType = _source.Type,
            srcHost = _source.Host,
            srcDevice = _source.Address,
            srcArray = _source.Array,
            srcContext = _context,
            srcPitch = (nuint)_source.Pitch,
            srcHeight = (nuint)_source.Height,
            dstXInBytes = (nuint)_target.X,
            dstY = (nuint)_target.Y,
            dstZ = (nuint)_target.Z,
            dstMemoryType = _target.Type,
            dstHost = _target.Host,
            dstDevice = _target.Address,
            dstArray = _target.Array,
            dstContext = _context,
            dstPitch = (nuint)_target.Pitch,
            dstHeight = (nuint)_target.Height,
            WidthInBytes = (nuint)_width,
            Height = (nuint)_height,
            Depth = (nuint)_depth,
        };
        CUDA_MEMCPY2D_v2 flat = Flat(copy);
        var plain = (CUDA_MEMCPY3D_v2*)&copy;
        switch (_form)
        {
            case 0:
                return _driver.cuMemcpy2D_v2(&flat);
            case 1:
                return _driver.cuMemcpy2DUnaligned_v2(&flat);
            case 2:
                return _driver.cuMemcpy2DAsync_v2(&flat, default);
            case 3:
                (copy.srcContext, copy.dstContext) = (default, default);
                return _driver.cuMemcpy3D_v2(plain);
            case 4:
                (copy.srcContext, copy.dstContext) = (default, default);
                return _driver.cuMemcpy3DAsync_v2(plain, default);
            case 5:
                return _driver.cuMemcpy3DPeer(&copy);
            default:
                return _driver.cuMemcpy3DPeerAsync(&copy, default);
        }
    }

    private static CUDA_MEMCPY2D_v2 Flat(in CUDA_MEMCPY3D_PEER_v1 copy) => new()
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
    };

    private void Free(Side side)
    {
        switch (side.Place)
        {
            case Place.Host or Place.UnifiedHost:
                NativeMemory.Free(side.Host);
                break;
            case Place.PageLocked:
                Must(_driver.cuMemFreeHost(side.Host));
                break;
            case Place.Array:
                Must(_driver.cuArrayDestroy(side.Array));
                break;
            default:
                Must(_driver.cuMemFree_v2(side.Device));
                break;
        }
    }

    private static void Must(CUresult result)
    {
        if (result != CUresult.CUDA_SUCCESS)
        {
            throw new InvalidOperationException(result.ToString());
        }
    }

    private sealed class Side
    {
        public Place Place { get; init; }

        public int X { get; set; }

        public int Y { get; set; }

        public int Z { get; set; }

        public int Pitch { get; set; }

        public int Height { get; set; }

        public int Depth { get; set; }

        public byte[] Model { get; set; } = [];

        public byte* Host { get; set; }

        public CUdeviceptr Device { get; set; }

        public CUarray Array { get; set; }

        public CUdeviceptr Address => Host != null ? new CUdeviceptr((ulong)Host) : Device;

        public CUmemorytype Type => Place switch
        {
            Place.Host or Place.PageLocked => CUmemorytype.CU_MEMORYTYPE_HOST,
            Place.Device => CUmemorytype.CU_MEMORYTYPE_DEVICE,
            Place.Array => CUmemorytype.CU_MEMORYTYPE_ARRAY,
            _ => CUmemorytype.CU_MEMORYTYPE_UNIFIED,
        };

        public int Index(int x, int y, int z) => ((((z + Z) * Height) + y + Y) * Pitch) + x + X;

        public override string ToString() => $"{Place} at ({X}, {Y}, {Z}) of {Pitch} x {Height} x {Depth}";
    }
}
