using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Objects;

/// <summary>Code loaded into a context. Owns its variables and functions. Safe from any thread.</summary>
internal sealed class DriverModule : ContextObject, IDisposable
{
    private readonly object _lock = new();
    private readonly Dictionary<string, DriverFunction> _functions = [];
    private readonly Dictionary<ulong, nint> _references = [];

    /// <exception cref="InsufficientMemoryException">The variables do not fit into device memory.</exception>
    public DriverModule(DriverContext context, PtxModule code, DriverLibrary? library)
        : base(context)
    {
        Library = library;
        var managed = new ManagedVariables(bytes => context.Driver.AllocateVariable(context, bytes), context.Driver.FreeVariable);
        Loaded = new LoadedModule(code, context.Device.Memory, context, managed) { Textures = context.Textures };
    }

    /// <summary>The library the module belongs to, or null if the program loaded it as a module.</summary>
    public DriverLibrary? Library { get; }

    public LoadedModule Loaded { get; }

    public PtxModule Code => Loaded.Module;

    public nint Handle { get; set; }

    /// <summary>The function of that name, made when it is first asked for. Null: no such kernel, or no handle left.</summary>
    public DriverFunction? GetFunction(string name, HandleTable handles)
    {
        lock (_lock)
        {
            if (_functions.TryGetValue(name, out DriverFunction? function))
            {
                return function;
            }
            if (!Code.Kernels.TryGetValue(name, out PtxKernel? kernel))
            {
                return null;
            }
            FunctionSettings? shared = Library?.GetKernel(name, handles)?.SettingsOn(Context.Device);
            function = new DriverFunction(this, kernel, shared);
            function.Handle = handles.Add(function);
            if (function.Handle == 0)
            {
                return null;
            }
            _functions.Add(name, function);
            return function;
        }
    }

    /// <summary>
    /// The handle of a reference that the module declares, made when it is first asked for. Null: no such reference; 0: no handle left.
    /// </summary>
    public nint? GetReference(string name, PtxOpaqueKind kind, HandleTable handles)
    {
        lock (_lock)
        {
            if (!Loaded.TryGetReference(name, kind, out ulong address))
            {
                return null;
            }
            if (!_references.TryGetValue(address, out nint handle))
            {
                object reference = kind == PtxOpaqueKind.Texture ? new DriverTexRef(Context, address) : new DriverSurfRef(Context, address);
                handle = handles.Add(reference);
                if (handle != 0)
                {
                    _references.Add(address, handle);
                }
            }
            return handle;
        }
    }

    /// <summary>Takes the references out of the tables of handles and of textures.</summary>
    public void RemoveReferences(HandleTable handles)
    {
        lock (_lock)
        {
            foreach ((ulong address, nint handle) in _references)
            {
                handles.Remove<ContextObject>(handle, out _);
                Context.Textures.Remove(address);
            }
            _references.Clear();
        }
    }

    /// <summary>Frees the variables. No kernel of the module may be running.</summary>
    public void Dispose() => Loaded.Dispose();
}
