namespace CudaRpc.Simulator.Ptx;

/// <summary>PTX that cannot be loaded: malformed, or it uses something that the simulator lacks. Nothing of the module runs.</summary>
public sealed class PtxException : Exception
{
    /// <param name="message">What is wrong, naming the instruction or directive.</param>
    /// <param name="line">Line in the PTX text, from 1.</param>
    public PtxException(string message, int line)
        : base($"line {line}: {message}")
    {
        Line = line;
    }

    /// <summary>Line in the PTX text, from 1.</summary>
    public int Line { get; }

    /// <summary>Name of the text, where several were linked; else null.</summary>
    public string? Unit { get; private set; }

    /// <inheritdoc/>
    public override string Message => Unit is null ? base.Message : $"{Unit}, {base.Message}";

    /// <summary>Says in which text it happened, unless that is known. Always false: for exception filters, which run before anything is undone.</summary>
    internal bool Locate(string? unit)
    {
        Unit ??= unit;
        return false;
    }
}
