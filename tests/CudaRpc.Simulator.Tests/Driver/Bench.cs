using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>
/// A GPU, a driver on it and a current context, with the calls that most tests need. A call that must succeed throws if it does not.
/// </summary>
internal sealed unsafe class Bench : IDisposable
{
    private static readonly ConcurrentBag<byte[]> s_pinned = []; // Keeps them from being collected.

    public Bench(ulong memoryBytes = 64 << 20, int devices = 1, bool withContext = true, bool initialize = true)
        : this(new SimulatedGpuOptions { MemoryBytes = memoryBytes, DeviceCount = devices }, withContext, initialize)
    {
    }

    public Bench(SimulatedGpuOptions options, bool withContext = true, bool initialize = true)
    {
        Gpu = new SimulatedGpu(options);
        Driver = new SimulatedDriver(Gpu, Log.Enqueue);
        if (initialize)
        {
            Must(Driver.cuInit(0));
        }
        if (withContext)
        {
            Context = NewContext();
        }
    }

    public SimulatedGpu Gpu { get; }

    public SimulatedDriver Driver { get; }

    public CUcontext Context { get; }

    public ConcurrentQueue<string> Log { get; } = new();

    public ulong Used => Gpu.Devices[0].UsedBytes;

    public static void Must(CUresult result)
    {
        if (result != CUDA_SUCCESS)
        {
            throw new InvalidOperationException(CudaErrors.Name(result));
        }
    }

    /// <summary>A NUL-terminated copy that stays where it is.</summary>
    public static byte* Text(string text) => Pin(Encoding.ASCII.GetBytes(text + '\0'));

    /// <summary>A copy that stays where it is.</summary>
    public static byte* Pin(ReadOnlySpan<byte> bytes)
    {
        byte[] pinned = GC.AllocateArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned);
        s_pinned.Add(pinned);
        return (byte*)Unsafe.AsPointer(ref pinned[0]);
    }

    public CUcontext NewContext(int device = 0)
    {
        CUcontext context;
        Must(Driver.cuCtxCreate_v2(&context, 0, device));
        return context;
    }

    public CUdeviceptr Allocate(nuint bytes)
    {
        CUdeviceptr address;
        Must(Driver.cuMemAlloc_v2(&address, bytes));
        return address;
    }

    public byte* AllocateHost(nuint bytes)
    {
        void* pointer;
        Must(Driver.cuMemAllocHost_v2(&pointer, bytes));
        return (byte*)pointer;
    }

    public CUstream NewStream(CUstream_flags flags = CUstream_flags.CU_STREAM_DEFAULT)
    {
        CUstream stream;
        Must(Driver.cuStreamCreate(&stream, (uint)flags));
        return stream;
    }

    public CUevent NewEvent(CUevent_flags flags = CUevent_flags.CU_EVENT_DEFAULT)
    {
        CUevent created;
        Must(Driver.cuEventCreate(&created, (uint)flags));
        return created;
    }

    public CUmodule LoadModule(string ptx)
    {
        CUmodule module;
        Must(Driver.cuModuleLoadData(&module, Text(ptx)));
        return module;
    }

    /// <summary>A kernel of <see cref="TestPtx.Module"/>, loaded anew into the current context.</summary>
    public CUfunction GetFunction(string name) => GetFunction(LoadModule(TestPtx.Module), name);

    public CUfunction GetFunction(CUmodule module, string name)
    {
        CUfunction function;
        Must(Driver.cuModuleGetFunction(&function, module, Text(name)));
        return function;
    }

    /// <summary>Launches a kernel without parameters as a single thread.</summary>
    public CUresult Launch(CUfunction function, CUstream stream = default, uint sharedBytes = 0) =>
        Driver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, sharedBytes, stream, null, null);

    public T Read<T>(CUdeviceptr address)
        where T : unmanaged
    {
        T value;
        Must(Driver.cuMemcpyDtoH_v2(&value, address, (nuint)sizeof(T)));
        return value;
    }

    public void Write<T>(CUdeviceptr address, T value)
        where T : unmanaged => Must(Driver.cuMemcpyHtoD_v2(address, &value, (nuint)sizeof(T)));

    /// <summary>Has the stream call an action; what the action throws is not seen.</summary>
    public void Call(CUstream stream, Action action) => Must(Driver.cuLaunchHostFunc(stream, HostCall.Function, HostCall.Data(action)));

    /// <summary>Keeps the stream busy until the returned gate is opened.</summary>
    public Gate Block(CUstream stream)
    {
        var gate = new Gate();
        Call(stream, gate.Hold);
        return gate;
    }

    public void Dispose()
    {
        Driver.Dispose();
        Gpu.Dispose();
    }
}
