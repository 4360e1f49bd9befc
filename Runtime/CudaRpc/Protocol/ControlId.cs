namespace CudaRpc.Protocol;

/// <summary>Call ids of the protocol itself. Hashes of driver functions below 256 are refused by the generator's collision check.</summary>
internal static class ControlId
{
    /// <summary>First frame of a connection: opens a session or joins one. Answered by a reply with the welcome.</summary>
    public const uint Hello = 1;

    /// <summary>Last frame of a lane that ends in good order. Posted; takes its turn in the session's sequence.</summary>
    public const uint Goodbye = 2;
}
