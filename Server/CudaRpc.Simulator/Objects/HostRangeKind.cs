namespace CudaRpc.Simulator.Objects;

/// <summary>How memory of this process came to be a device's too.</summary>
internal enum HostRangeKind
{
    /// <summary>Page-locked memory that the driver allocated.</summary>
    Allocated,

    /// <summary>The program's own memory.</summary>
    Registered,

    /// <summary>Managed memory that the program allocated.</summary>
    Managed,

    /// <summary>A managed variable of a module.</summary>
    Variable,
}
