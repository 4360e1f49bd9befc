using System.Runtime.InteropServices;

namespace CudaRpc.Driver;

/// <summary>The contract's body over a real CUDA driver: function pointers into the machine's own <c>libcuda.so.1</c>.</summary>
/// <remarks>
/// A function is looked up at its first call; one that this driver does not have answers
/// <see cref="CUresult.CUDA_ERROR_NOT_SUPPORTED"/>. Calls may come from any thread. The library stays loaded for the life of the process:
/// a CUDA driver that was initialised cannot be unloaded.
/// </remarks>
public sealed unsafe partial class NativeDriver : CudaDriver
{
    private const nint Missing = -1;

    private readonly nint _library;

    /// <summary>Loads the driver.</summary>
    /// <param name="path">A path, or a name for the dynamic loader.</param>
    /// <exception cref="DllNotFoundException">There is no such library, or it cannot be loaded.</exception>
    public NativeDriver(string path = "libcuda.so.1")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        try
        {
            _library = NativeLibrary.Load(path);
        }
        catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
        {
            throw new DllNotFoundException($"there is no CUDA driver {path}{Reason(path, failure.Message)}", failure);
        }
    }

    /// <summary>The path or name the driver was loaded from.</summary>
    public string Path { get; }

    /// <summary>Whether this driver has a function of that name.</summary>
    /// <param name="name">An exported symbol, such as <c>cuMemAlloc_v2</c>.</param>
    public bool Has(string name) => NativeLibrary.TryGetExport(_library, name, out _);

    // The runtime's message has a line for each place where it has looked, as the loader says it: the file and what is wrong with it.
    private static string Reason(string path, string message)
    {
        string? line = Array.Find(message.Split('\n'), line => line.StartsWith($"{path}: ", StringComparison.Ordinal));
        return line is null ? "" : line[path.Length..].TrimEnd();
    }

    // Threads that race here store the same word; a pointer-sized store is atomic, and nothing else is published with it.
    private bool Find(ref nint symbol, string name)
    {
        if (symbol == 0)
        {
            symbol = NativeLibrary.TryGetExport(_library, name, out nint address) ? address : Missing;
        }

        return symbol != Missing;
    }
}
