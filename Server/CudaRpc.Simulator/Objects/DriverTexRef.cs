using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator.Objects;

/// <summary>
/// A texture reference: what it is bound to and how it is read, each set by itself. Whatever is set, kernels that start from then on see it: one
/// of a module has an address there, and that is the number by which they know it. Safe from any thread.
/// </summary>
internal sealed class DriverTexRef(DriverContext context, ulong address) : ContextObject(context)
{
    private readonly object _lock = new();
    private TexRefState _state = new();

    /// <summary>Where the module has it; 0 for one that the program created.</summary>
    public ulong Address { get; } = address;

    /// <summary>All that is set.</summary>
    public TexRefState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    public void Change(Func<TexRefState, TexRefState> change)
    {
        lock (_lock)
        {
            _state = change(_state);
            if (Address == 0)
            {
                return;
            }
            if (_state.Texture() is { } texture)
            {
                Context.Textures.Set(Address, texture);
            }
            else
            {
                Context.Textures.Remove(Address);
            }
        }
    }
}

/// <summary>A surface reference of a module and the array it is bound to.</summary>
internal sealed class DriverSurfRef(DriverContext context, ulong address) : ContextObject(context)
{
    public ulong Address { get; } = address;

    /// <summary>Handle of the array, 0 for none.</summary>
    public nint Array { get; set; }
}
