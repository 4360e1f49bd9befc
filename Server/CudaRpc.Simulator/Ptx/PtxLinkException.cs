namespace CudaRpc.Simulator.Ptx;

/// <summary>PTX texts that do not make a module together: a symbol has no definition, or two.</summary>
public sealed class PtxLinkException : Exception
{
    internal PtxLinkException(string message, bool isDuplicate)
        : base(message)
    {
        IsDuplicate = isDuplicate;
    }

    /// <summary>Whether a symbol is defined twice; otherwise one is not defined.</summary>
    public bool IsDuplicate { get; }
}
