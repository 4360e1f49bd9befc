using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>
/// A driver that keeps the books of a real one (a current context per thread, handles, memory in ranges) and computes nothing. Shared by the
/// sessions of a server, as the real driver is; <see cref="OwnFakeDriver"/> is one per session. A call that succeeds again and again
/// allocates nothing.
/// </summary>
internal unsafe partial class FakeDriver : CudaDriver
{
    public const string Name = "Fake GPU";
    public const ulong TotalBytes = 1UL << 30;
    public const int AttributeBase = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<nint, FakeObject> _objects = [];
    private readonly ThreadLocal<nint> _current = new();
    private readonly nint[] _primaries = new nint[DeviceCount];
    private readonly int[] _retained = new int[DeviceCount];
    private nint _lastHandle = 0x7f00_0000;
    private long _calls;

    public const int DeviceCount = 2;

    /// <summary>Sees each call by name before it is carried out, on the thread that makes it; what it returns, unless success, is the call's result.</summary>
    public Func<string, CUresult>? Hook { get; set; }

    /// <summary>Calls so far.</summary>
    public long Calls => Volatile.Read(ref _calls);

    /// <summary>Handles that somebody has still to destroy; a primary context counts while it is retained.</summary>
    public int LiveHandles
    {
        get
        {
            lock (_lock)
            {
                return _objects.Values.Count(entry => entry.Kind is not (FakeKind.Function or FakeKind.Kernel));
            }
        }
    }

    public override CUresult cuInit(uint Flags) => CUresult.CUDA_SUCCESS;

    public override CUresult cuDriverGetVersion(int* driverVersion)
    {
        *driverVersion = 12090;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceGetCount(int* count)
    {
        *count = DeviceCount;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceGet(int* device, int ordinal)
    {
        *device = ordinal;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceGetName(byte* name, int len, int dev) => Text(name, len, $"{Name} {dev}");

    public override CUresult cuDeviceGetPCIBusId(byte* pciBusId, int len, int dev) => Text(pciBusId, len, $"0000:0{dev + 1}:00.0");

    public override CUresult cuDeviceTotalMem_v2(nuint* bytes, int dev)
    {
        *bytes = (nuint)TotalBytes;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, int dev)
    {
        *pi = attrib switch
        {
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE => 32,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK => 1024,
            _ => AttributeBase + (int)attrib,
        };
        return (int)attrib < (int)CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE;
    }

    public override CUresult cuCtxCreate_v2(CUcontext* pctx, uint flags, int dev)
    {
        CUresult status = Enter(nameof(cuCtxCreate_v2), anyContext: true);
        if (status == CUresult.CUDA_SUCCESS)
        {
            *pctx = new CUcontext(Add(FakeKind.Context));
            _current.Value = pctx->Value;
        }

        return status;
    }

    public override CUresult cuCtxDestroy_v2(CUcontext ctx)
    {
        CUresult status = Enter(nameof(cuCtxDestroy_v2), anyContext: true);
        return status == CUresult.CUDA_SUCCESS ? EndContext(ctx.Value) : status;
    }

    public override CUresult cuCtxSetCurrent(CUcontext ctx)
    {
        CUresult status = Enter(nameof(cuCtxSetCurrent), anyContext: true);
        if (status == CUresult.CUDA_SUCCESS && ctx.Value != 0 && !Is(ctx.Value, FakeKind.Context))
        {
            status = CUresult.CUDA_ERROR_INVALID_CONTEXT;
        }

        if (status == CUresult.CUDA_SUCCESS)
        {
            _current.Value = ctx.Value;
        }

        return status;
    }

    public override CUresult cuCtxGetDevice(int* device)
    {
        *device = 0;
        return Enter(nameof(cuCtxGetDevice));
    }

    public override CUresult cuCtxSynchronize() => Enter(nameof(cuCtxSynchronize));

    public override CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, int dev)
    {
        CUresult status = Enter(nameof(cuDevicePrimaryCtxRetain), anyContext: true);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        lock (_lock)
        {
            if (_retained[dev]++ == 0)
            {
                _primaries[dev] = Add(FakeKind.Context);
            }

            *pctx = new CUcontext(_primaries[dev]);
            return status;
        }
    }

    public override CUresult cuDevicePrimaryCtxRelease_v2(int dev)
    {
        CUresult status = Enter(nameof(cuDevicePrimaryCtxRelease_v2), anyContext: true);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        lock (_lock)
        {
            if (_retained[dev] == 0)
            {
                return CUresult.CUDA_ERROR_INVALID_CONTEXT;
            }

            return --_retained[dev] == 0 ? EndContext(_primaries[dev]) : CUresult.CUDA_SUCCESS;
        }
    }

    public override CUresult cuDevicePrimaryCtxReset_v2(int dev) => Enter(nameof(cuDevicePrimaryCtxReset_v2), anyContext: true);

    public override CUresult cuDevicePrimaryCtxSetFlags_v2(int dev, uint flags) => Enter(nameof(cuDevicePrimaryCtxSetFlags_v2), anyContext: true);

    /// <summary>Begins a call: counts it, lets the hook have its say, and wants a current context unless told otherwise.</summary>
    protected CUresult Enter(string name, bool anyContext = false)
    {
        Interlocked.Increment(ref _calls);
        CUresult planned = Hook?.Invoke(name) ?? CUresult.CUDA_SUCCESS;
        return planned != CUresult.CUDA_SUCCESS || anyContext || Is(_current.Value, FakeKind.Context)
            ? planned
            : CUresult.CUDA_ERROR_INVALID_CONTEXT;
    }

    private static CUresult Text(byte* destination, int length, string text)
    {
        System.Text.Encoding.UTF8.GetBytes(text + "\0").CopyTo(new Span<byte>(destination, length));
        return CUresult.CUDA_SUCCESS;
    }

    private nint Add(FakeKind kind, nint parent = 0)
    {
        lock (_lock)
        {
            _lastHandle += 16;
            _objects[_lastHandle] = new FakeObject(kind, _current.Value, parent);
            return _lastHandle;
        }
    }

    private bool Is(nint handle, FakeKind kind)
    {
        lock (_lock)
        {
            return _objects.TryGetValue(handle, out FakeObject found) && found.Kind == kind;
        }
    }

    private CUresult Create(string name, FakeKind kind, nint* handle, nint parent = 0)
    {
        // Libraries and kernels belong to no context.
        CUresult status = Enter(name, anyContext: kind is FakeKind.Library or FakeKind.Kernel);
        if (status == CUresult.CUDA_SUCCESS)
        {
            *handle = Add(kind, parent);
        }

        return status;
    }

    private CUresult Destroy(string name, FakeKind kind, nint handle)
    {
        CUresult status = Enter(name, anyContext: true);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        lock (_lock)
        {
            if (!Is(handle, kind))
            {
                return CUresult.CUDA_ERROR_INVALID_HANDLE;
            }

            _objects.Remove(handle);
            foreach (nint child in _objects.Where(entry => entry.Value.Parent == handle).Select(entry => entry.Key).ToArray())
            {
                _objects.Remove(child);
            }

            return CUresult.CUDA_SUCCESS;
        }
    }

    private CUresult EndContext(nint context)
    {
        lock (_lock)
        {
            if (!Is(context, FakeKind.Context))
            {
                return CUresult.CUDA_ERROR_INVALID_CONTEXT;
            }

            _objects.Remove(context);
            foreach ((nint handle, FakeObject entry) in _objects.ToArray())
            {
                if (entry.Context == context && entry.Kind is not (FakeKind.Context or FakeKind.Library or FakeKind.Kernel))
                {
                    _objects.Remove(handle);
                }
            }

            FreeMemory(context);
            return CUresult.CUDA_SUCCESS;
        }
    }

    protected enum FakeKind
    {
        Context,
        Module,
        Function,
        Library,
        Kernel,
        Stream,
        Event,
    }

    private readonly record struct FakeObject(FakeKind Kind, nint Context, nint Parent);
}

/// <summary>A <see cref="FakeDriver"/> that belongs to one session, which disposes it.</summary>
internal sealed class OwnFakeDriver : FakeDriver, IDisposable
{
    public bool IsDisposed { get; private set; }

    public void Dispose()
    {
        IsDisposed = true;
        ReleaseAll();
    }
}
