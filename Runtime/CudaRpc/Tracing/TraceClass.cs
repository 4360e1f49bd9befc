namespace CudaRpc.Tracing;

/// <summary>How a driver call was answered.</summary>
public enum TraceClass : byte
{
    /// <summary>By the client alone; nothing was sent.</summary>
    Local,

    /// <summary>Sent without waiting for a reply.</summary>
    Posted,

    /// <summary>Sent, and its reply waited for.</summary>
    Synchronous,

    /// <summary>As <see cref="Synchronous"/>, and the driver itself waited for the device.</summary>
    Blocking,
}
