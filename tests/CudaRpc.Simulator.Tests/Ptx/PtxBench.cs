using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Tests.Ptx;

using DeviceMemory = CudaRpc.Simulator.Memory.DeviceMemory; // Not the client's.

/// <summary>A device without a driver: memory, a loaded module, and launches of its kernels.</summary>
internal sealed unsafe class PtxBench : IDisposable
{
    private readonly object _owner = new();

    public PtxBench(string source, int workers = 2)
    {
        Memory = new Simulator.Memory.DeviceMemory(1UL << 32);
        Launcher = new KernelLauncher(workers);
        Module = new LoadedModule(PtxModule.Parse(source, "test"), Memory, _owner);
    }

    public Simulator.Memory.DeviceMemory Memory { get; }

    public KernelLauncher Launcher { get; }

    public LoadedModule Module { get; }

    /// <summary>A kernel named k: its parameters and body are given, registers of every type are declared.</summary>
    public static string Kernel(string parameters, string body, string before = "") => $$"""
        .version 8.4
        .target sm_75
        .address_size 64
        {{before}}
        .visible .entry k({{parameters}})
        {
            .reg .pred %p<20>;
            .reg .b16 %h<40>;
            .reg .b32 %r<60>;
            .reg .f32 %f<60>;
            .reg .b64 %rd<60>;
            .reg .f64 %d<60>;
            {{body}}
            ret;
        }
        """;

    public void Dispose()
    {
        Module.Dispose();
        Launcher.Dispose();
        Memory.Dispose();
    }

    public ulong Allocate<T>(ReadOnlySpan<T> contents)
        where T : unmanaged
    {
        ulong address = Memory.Allocate((ulong)(contents.Length * sizeof(T)), _owner);
        Write(address, contents);
        return address;
    }

    public ulong Allocate<T>(T[] contents)
        where T : unmanaged => Allocate((ReadOnlySpan<T>)contents);

    public ulong Allocate(int bytes) => Memory.Allocate((ulong)bytes, _owner);

    public void Write<T>(ulong address, ReadOnlySpan<T> contents)
        where T : unmanaged
    {
        byte* host = Memory.Resolve(address, (ulong)(contents.Length * sizeof(T)));
        MemoryMarshal.AsBytes(contents).CopyTo(new Span<byte>(host, contents.Length * sizeof(T)));
    }

    public T[] Read<T>(ulong address, int count)
        where T : unmanaged
    {
        byte* host = Memory.Resolve(address, (ulong)(count * sizeof(T)));
        return new Span<T>(host, count).ToArray();
    }

    public void Launch(uint blocks, uint threads, params object[] arguments) =>
        Launch("k", new LaunchShape(blocks, 1, 1, threads, 1, 1), arguments);

    public void Launch(string kernel, LaunchShape shape, params object[] arguments) =>
        Launch(kernel, shape, CancellationToken.None, arguments);

    public void Launch(string kernel, LaunchShape shape, CancellationToken ct, params object[] arguments)
    {
        PtxKernel entry = Module.Module.Kernels[kernel];
        byte[] parameters = new byte[entry.ParameterBytes];
        Assert.Equal(entry.Parameters.Count, arguments.Length);
        for (int i = 0; i < arguments.Length; i++)
        {
            Span<byte> place = parameters.AsSpan(entry.Parameters[i].Offset, entry.Parameters[i].Size);
            byte[] bytes = Bytes(arguments[i]);
            Assert.Equal(place.Length, bytes.Length);
            bytes.CopyTo(place);
        }

        Launcher.Launch(Module, entry, shape, parameters, ct);
    }

    private static byte[] Bytes(object value) => value switch
    {
        byte[] bytes => bytes,
        int number => BitConverter.GetBytes(number),
        uint number => BitConverter.GetBytes(number),
        long number => BitConverter.GetBytes(number),
        ulong number => BitConverter.GetBytes(number),
        float number => BitConverter.GetBytes(number),
        double number => BitConverter.GetBytes(number),
        _ => throw new ArgumentException($"no parameter of type {value.GetType()}"),
    };
}
