namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>How a test's host memory comes to be known to the driver.</summary>
public enum HostKind
{
    /// <summary>By cuMemHostAlloc without flags: kernels reach it when one is given its address.</summary>
    Allocated,

    /// <summary>By cuMemHostAlloc, mapped.</summary>
    Mapped,

    /// <summary>Registered without flags.</summary>
    Registered,

    /// <summary>Registered and mapped.</summary>
    RegisteredMapped,

    /// <summary>By cuMemAllocManaged.</summary>
    Managed,
}
