using System.Buffers.Binary;
using System.Collections.Concurrent;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator.Ptx;

/// <summary>
/// A module whose variables have addresses in one device's memory. Owns them until disposed. Safe to use from any thread.
/// </summary>
public sealed unsafe class LoadedModule : IDisposable
{
    private readonly ManagedVariables? _managed;
    private readonly Dictionary<string, ulong> _addresses = [];
    private readonly Dictionary<string, ulong> _sizes = [];
    private readonly ConcurrentDictionary<PtxKernel, ConstantPool> _constants = new();

    /// <summary>Allocates and initialises the variables of <paramref name="module"/> for <paramref name="owner"/>.</summary>
    /// <exception cref="InsufficientMemoryException">They do not fit into <paramref name="memory"/>; nothing is left allocated.</exception>
    public LoadedModule(PtxModule module, DeviceMemory memory, object owner)
        : this(module, memory, owner, managed: null)
    {
    }

    internal LoadedModule(PtxModule module, DeviceMemory memory, object owner, ManagedVariables? managed)
    {
        ArgumentNullException.ThrowIfNull(owner);
        _managed = managed;
        Module = module;
        Memory = memory;
        foreach (PtxGlobal global in module.Globals)
        {
            // A variable of no bytes still has an address.
            ulong bytes = Math.Max(global.Size, 1);
            ulong address = IsManaged(global) ? managed!.Allocate(bytes) : memory.Allocate(bytes, owner);
            if (address == 0)
            {
                Dispose();
                throw new InsufficientMemoryException($"variable {global.Name} of module {module.Name} needs {global.Size} bytes");
            }

            _addresses.Add(global.Name, address);
            if (global.Opaque == PtxOpaqueKind.None)
            {
                _sizes.Add(global.Name, global.Size);
            }
        }

        foreach (PtxGlobal global in module.Globals)
        {
            Initialise(global);
        }
    }

    /// <summary>What was loaded.</summary>
    public PtxModule Module { get; }

    /// <summary>Where it was loaded.</summary>
    public DeviceMemory Memory { get; }

    /// <summary>The textures and surfaces that its kernels may use.</summary>
    internal TextureTable Textures { get; init; } = new();

    /// <summary>Whether the program reaches the variable, if there is one of that name.</summary>
    public bool IsManaged(string name) => Module.Globals.FirstOrDefault(global => global.Name == name) is { } global && IsManaged(global);

    /// <summary>Address and size in bytes of a variable.</summary>
    public bool TryGetGlobal(string name, out ulong address, out ulong size)
    {
        address = 0;
        return _sizes.TryGetValue(name, out size) && _addresses.TryGetValue(name, out address);
    }

    /// <summary>Where a reference of a kind is: the number by which kernels know it.</summary>
    internal bool TryGetReference(string name, PtxOpaqueKind kind, out ulong address)
    {
        address = 0;
        return Module.Globals.Any(global => global.Name == name && global.Opaque == kind) && _addresses.TryGetValue(name, out address);
    }

    /// <summary>Frees the variables. No kernel of the module may be running.</summary>
    public void Dispose()
    {
        foreach ((string name, ulong address) in _addresses)
        {
            if (IsManaged(name))
            {
                _managed!.Free(address);
            }
            else
            {
                Memory.Free(address);
            }
        }

        _addresses.Clear();
        _sizes.Clear();
    }

    internal ConstantPool ConstantsOf(PtxKernel kernel) =>
        _constants.GetOrAdd(kernel, static (key, addresses) => new ConstantPool(key.Code.Constants, addresses), _addresses);

    // Without somebody who allocates memory that both reach, kernels reach it as any other variable.
    private bool IsManaged(PtxGlobal global) => global.IsManaged && _managed is not null;

    private void Initialise(PtxGlobal global)
    {
        ulong start = _addresses[global.Name];
        // SAFETY: just allocated with at least this many bytes, and nobody else knows the address yet.
        byte* host = IsManaged(global) ? (byte*)start : Memory.Resolve(start, global.Size);
        ReadOnlySpan<byte> initial = global.InitialBytes.Span;
        initial.CopyTo(new Span<byte>(host, initial.Length));
        foreach (PtxRelocation relocation in global.Relocations)
        {
            ulong value = _addresses[relocation.Symbol] + (ulong)relocation.Addend;
            BinaryPrimitives.WriteUInt64LittleEndian(new Span<byte>(host + relocation.Offset, sizeof(ulong)), value);
        }
    }
}
