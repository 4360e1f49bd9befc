using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>A session at a server in another process, with a context, kernels, and host memory of every kind.</summary>
internal sealed unsafe class Stage : IDisposable
{
    private readonly List<nint> _owned = [];

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
                memory = NativeMemory.AllocZeroed((nuint)bytes + 64);
                _owned.Add((nint)memory);
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
        _owned.ForEach(static memory => NativeMemory.Free((void*)memory));
        Log.ExpectNoBugs();
    }
}
