namespace CudaRpc.Simulator.Ptx;

/// <summary>A kernel was stopped by a fault of its own. The message names the kernel, the thread and the PTX line.</summary>
public sealed class DeviceFaultException : Exception
{
    internal DeviceFaultException(DeviceFaultKind kind, string detail, string kernel, Dim3 block, Dim3 thread, int line, ulong address)
        : base($"{detail}: kernel {kernel}, block {block}, thread {thread}, PTX line {line}")
    {
        Kind = kind;
        Kernel = kernel;
        Block = block;
        Thread = thread;
        Line = line;
        Address = address;
    }

    /// <summary>What happened.</summary>
    public DeviceFaultKind Kind { get; }

    /// <summary>Name of the kernel.</summary>
    public string Kernel { get; }

    /// <summary>%ctaid of the first faulting thread.</summary>
    public Dim3 Block { get; }

    /// <summary>%tid of the first faulting thread.</summary>
    public Dim3 Thread { get; }

    /// <summary>Line of the instruction in the PTX text, from 1.</summary>
    public int Line { get; }

    /// <summary>The address accessed, or 0 where the fault is not about one.</summary>
    public ulong Address { get; }
}
