namespace CudaRpc.Client;

/// <summary>
/// Kinds of handles that are integers in C and not pointers to a type of their own, so that no <c>handle</c> line of the rules can name them.
/// Their numbers are 64 to 127; as with the others none is used twice.
/// </summary>
internal static class IntegerHandles
{
    /// <summary>CUmemGenericAllocationHandle: physical memory, or a multicast object.</summary>
    public const HandleKind Allocation = (HandleKind)64;
}
