namespace CudaRpc.Client;

/// <summary>How memory of the program came to be known to the driver.</summary>
internal enum HostBlockKind
{
    /// <summary>Page-locked memory that was allocated for the program.</summary>
    Allocated,

    /// <summary>The program's own memory.</summary>
    Registered,

    /// <summary>Managed memory.</summary>
    Managed,
}
