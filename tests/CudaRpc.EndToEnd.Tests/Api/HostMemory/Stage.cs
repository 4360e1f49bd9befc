using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>A session at a server in another process, with a context, kernels, and host memory of every kind.</summary>
internal sealed unsafe class Stage : IDisposable
{
    // Far below what the loader, the heap and the stacks of a process are given.
    private const long FirstAddress = 0x2000_0000_0000;
    private static int s_mapped;
    private readonly List<(nint Start, nuint Length)> _owned = [];

    public Stage(ServerProcess server)
    {
        Driver = server.Connect(Log);
        Context = Driver.CreateContext();
        LoadKernels();
    }

    public CollectingLogger Log { get; } = new();

    public RemoteDriver Driver { get; }

    public CUcontext Context { get; }

    public CUmodule Module { get; private set; }

    public void LoadKernels() => Module = Driver.Load(Kernels.Ptx);

    public byte* Allocate(HostKind kind, int bytes)
    {
        void* memory;
        switch (kind)
        {
            case HostKind.Allocated:
                Cuda.Ok(Driver.cuMemHostAlloc(&memory, (nuint)bytes, 0));
                return (byte*)memory;
            case HostKind.Mapped:
                Cuda.Ok(Driver.cuMemHostAlloc(&memory, (nuint)bytes, 2));
                return (byte*)memory;
            case HostKind.Managed:
                CUdeviceptr address;
                Cuda.Ok(Driver.cuMemAllocManaged(&address, (nuint)bytes, 1));
                return (byte*)address.Value;
            default:
                // Neither begins nor ends with a page.
                memory = Map((nuint)bytes + 64);
                byte* inside = (byte*)memory + 24;
                Cuda.Ok(Driver.cuMemHostRegister_v2(inside, (nuint)bytes, kind == HostKind.Registered ? 0u : 2u));
                return inside;
        }
    }

    public void Free(HostKind kind, byte* memory) => Cuda.Ok(kind switch
    {
        HostKind.Allocated or HostKind.Mapped => Driver.cuMemFreeHost(memory),
        HostKind.Managed => Driver.cuMemFree_v2(new CUdeviceptr((ulong)memory)),
        _ => Driver.cuMemHostUnregister(memory),
    });

    /// <summary>Adds to every <paramref name="stride"/>th of the bytes from an address on.</summary>
    public CUresult Add(void* address, uint count, uint stride, uint value, CUstream stream = default)
    {
        void** parameters = stackalloc void*[] { &address, &count, &stride, &value };
        return Driver.cuLaunchKernel(Driver.Function(Module, "add"), 1, 1, 1, 1, 1, 1, 0, stream, parameters, null);
    }

    public void Move(ulong to, ulong from, CUstream stream = default)
    {
        void** parameters = stackalloc void*[] { &to, &from };
        Cuda.Ok(Driver.cuLaunchKernel(Driver.Function(Module, "move"), 1, 1, 1, 1, 1, 1, 0, stream, parameters, null));
    }

    public void Synchronize() => Cuda.Ok(Driver.cuCtxSynchronize());

    public void Dispose()
    {
        Driver.Dispose();
        _owned.ForEach(static range => munmap(range.Start, range.Length));
        Log.ExpectNoBugs();
    }

    // Where the server's process has nothing: what registers memory that lies where the server has some of its own is told so by kernels only.
    private byte* Map(nuint length)
    {
        nint wish = (nint)(FirstAddress + ((long)Interlocked.Increment(ref s_mapped) << 24));
        nint memory = mmap(wish, length, 3, 0x22, -1, 0);
        Assert.NotEqual(-1, memory);
        _owned.Add((memory, length));
        return (byte*)memory;
    }

    [DllImport("libc")]
    private static extern nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc")]
    private static extern int munmap(nint address, nuint length);
}
