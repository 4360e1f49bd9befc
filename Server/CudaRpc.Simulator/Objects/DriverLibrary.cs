using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Objects;

/// <summary>Code that belongs to no context; each context that uses it gets a module of its own. Safe from any thread.</summary>
internal sealed class DriverLibrary(PtxModule code)
{
    private readonly object _lock = new();
    private readonly Dictionary<string, DriverKernel> _kernels = [];

    public PtxModule Code { get; } = code;

    public nint Handle { get; set; }

    /// <summary>The kernel of that name, made when it is first asked for. Null: no such kernel, or no handle left.</summary>
    public DriverKernel? GetKernel(string name, HandleTable handles)
    {
        lock (_lock)
        {
            if (_kernels.TryGetValue(name, out DriverKernel? kernel))
            {
                return kernel;
            }
            if (!Code.Kernels.TryGetValue(name, out PtxKernel? code))
            {
                return null;
            }
            kernel = new DriverKernel(this, code);
            kernel.Handle = handles.Add(kernel);
            if (kernel.Handle == 0)
            {
                return null;
            }
            _kernels.Add(name, kernel);
            return kernel;
        }
    }
}
