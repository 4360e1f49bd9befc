using System.Diagnostics.CodeAnalysis;
using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>The call is refused before anything of it is sent: for what the program did, not for what went wrong here.</summary>
internal sealed class RefusedCallException(CUresult result, string message) : Exception(message)
{
    /// <summary>What the call answers.</summary>
    public CUresult Result => result;

    [DoesNotReturn]
    public static void Throw(CUresult result, string message) => throw new RefusedCallException(result, message);
}
