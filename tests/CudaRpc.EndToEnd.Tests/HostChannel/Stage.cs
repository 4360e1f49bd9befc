using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>A session on a simulated GPU with a context, a stream that can be held up, and page-locked memory.</summary>
internal sealed unsafe class Stage : IDisposable
{
    private readonly SimulatedGpu _gpu = new(new SimulatedGpuOptions { MemoryBytes = 1UL << 30 });
    private readonly ManualResetEventSlim _held = new();
    private readonly HostFunction _hold;

    public Stage()
    {
        _hold = new HostFunction(() => Assert.True(_held.Wait(Condition.Deadline), "the test kept its stream waiting too long, or a call waited for it"));
        Server = new TestServer(() => new SimulatedDriver(_gpu, static _ => { }));
        Driver = Server.Connect(log: Log);
        Context = Driver.CreateContext();
        Stream = Driver.CreateStream();
    }

    public TestServer Server { get; }

    public CollectingLogger Log { get; } = new();

    public RemoteDriver Driver { get; }

    public CUcontext Context { get; }

    public CUstream Stream { get; }

    /// <summary>Work given to <paramref name="stream"/> after this waits for <see cref="LetGo"/>.</summary>
    public void Hold(CUstream? stream = null) => Cuda.Ok(Driver.cuLaunchHostFunc(stream ?? Stream, HostFunction.Function, _hold.Data));

    public void LetGo() => _held.Set();

    /// <summary>Page-locked memory filled with <paramref name="value"/>.</summary>
    public byte* HostMemory(int bytes, byte value = 0)
    {
        void* memory;
        Cuda.Ok(Driver.cuMemHostAlloc(&memory, (nuint)bytes, 0));
        new Span<byte>(memory, bytes).Fill(value);
        return (byte*)memory;
    }

    /// <summary>Device memory filled with <paramref name="value"/>.</summary>
    public CUdeviceptr DeviceMemory(int bytes, byte value)
    {
        CUdeviceptr address = Driver.Allocate(bytes);
        Cuda.Ok(Driver.cuMemsetD8_v2(address, value, (nuint)bytes));
        Cuda.Ok(Driver.cuCtxSynchronize());
        return address;
    }

    public void Dispose()
    {
        LetGo();
        Driver.Dispose();
        Server.BecomesIdle();
        Server.Dispose();
        _gpu.Dispose();
        _hold.Dispose();
        _held.Dispose();
        Log.ExpectNoBugs();
    }
}
