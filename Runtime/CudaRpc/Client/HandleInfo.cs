using System.Collections.Concurrent;
using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>What the client knows of a handle of its session. Immutable but for what derived classes add.</summary>
internal class HandleInfo(HandleKind kind, nint parent)
{
    private ConcurrentDictionary<(string Name, nint Context), nint>? _made;

    public HandleKind Kind { get; } = kind;

    /// <summary>
    /// Handles already made from this one, by name (a module's functions) or by context (a library's modules): asking again costs nothing.
    /// They go with it.
    /// </summary>
    public ConcurrentDictionary<(string Name, nint Context), nint> Made => LazyInitializer.EnsureInitialized(ref _made);

    /// <summary>Handle whose end is also this one's: the context of a stream, the module of a function. 0 for none.</summary>
    public nint Parent { get; } = parent;
}

/// <summary>
/// A context: its device, the flags it was created with, and whether it is the device's primary one. That of a green context ends with it, and
/// what is made in it belongs to its owner, the primary one.
/// </summary>
internal sealed class ContextInfo(int device, uint flags, bool isPrimary, nint green = 0, CUcontext owner = default) : HandleInfo(HandleKind.CUcontext, green)
{
    private int _attachments = 1;

    public int Device { get; } = device;

    public uint Flags { get; set; } = flags;

    public bool IsPrimary { get; } = isPrimary;

    /// <summary>The fault of a kernel that spoilt the context, once the driver has told of it: its answer to everything from then on.</summary>
    public CUresult Fault { get; set; }

    /// <summary>The green context whose CUcontext this is; 0 for none.</summary>
    public nint Green => Parent;

    /// <summary>The context that what is made in this one belongs to; null for itself.</summary>
    public CUcontext Owner { get; } = owner;

    /// <summary>How often it is attached to, its creation included: the last cuCtxDetach destroys it. Not for primary contexts.</summary>
    public ref int Attachments => ref _attachments;
}

/// <summary>A memory pool: the device its memory is on.</summary>
internal sealed class PoolInfo(int device) : HandleInfo(HandleKind.CUmemoryPool, 0)
{
    public int Device { get; } = device;

    /// <summary>The handles it can be exported as.</summary>
    public CUmemAllocationHandleType HandleTypes { get; init; }

    /// <summary>Whether it shows the memory of another pool, and gives none of its own.</summary>
    public bool IsImported { get; init; }
}

/// <summary>A function that is told of what happens on a device: that, and the function's number.</summary>
internal sealed class NotificationInfo(int device, long callback) : HandleInfo(HandleKind.CUasyncCallbackHandle, 0)
{
    public int Device { get; } = device;

    public long Callback { get; } = callback;
}

/// <summary>A CUfunction or CUkernel: name, parameter layout and attributes, fetched together when the handle was made.</summary>
internal sealed class FunctionInfo(HandleKind kind, nint parent, string name) : HandleInfo(kind, parent)
{
    private readonly int[] _attributes = new int[(int)CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX];

    private FunctionLaunchState? _launchState;

    public string Name { get; } = name;

    /// <summary>What a program of CUDA 3 has said about the next launch.</summary>
    public FunctionLaunchState LaunchState => LazyInitializer.EnsureInitialized(ref _launchState);

    /// <summary>Offset and size of each parameter in the packed buffer, in bytes; null where the server's driver cannot tell.</summary>
    public ParameterLayout[]? Parameters { get; init; }

    /// <summary>Bytes of the packed parameter buffer.</summary>
    public int ParameterBytes { get; init; }

    /// <summary>The same function with the parameters of the kernel it was made from: the server's driver could not tell them a second time.</summary>
    public FunctionInfo WithParametersOf(FunctionInfo kernel)
    {
        var info = new FunctionInfo(Kind, Parent, Name) { Parameters = kernel.Parameters, ParameterBytes = kernel.ParameterBytes };
        _attributes.CopyTo(info._attributes, 0);
        return info;
    }

    /// <summary>The attribute's value, or null where the server's driver does not know it.</summary>
    public int? this[CUfunction_attribute attribute]
    {
        get => Volatile.Read(ref _attributes[(int)attribute]) is var stored && stored == int.MinValue ? null : stored;
        set => Volatile.Write(ref _attributes[(int)attribute], value ?? int.MinValue);
    }
}

/// <summary>Where one kernel parameter lies in the packed buffer, in bytes.</summary>
internal readonly record struct ParameterLayout(int Offset, int Size);
