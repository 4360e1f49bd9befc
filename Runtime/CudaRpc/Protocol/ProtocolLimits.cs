namespace CudaRpc.Protocol;

/// <summary>Bounds that both sides check before they allocate or trust a length.</summary>
internal static class ProtocolLimits
{
    /// <summary>The version in the preface. Peers of different versions do not talk.</summary>
    public const byte Version = 1;

    /// <summary>Largest MessagePack body of a frame, in bytes. Larger data travels as bulk.</summary>
    public const int Body = 1 << 20;

    /// <summary>Largest bulk that is received whole before the call runs (module images), in bytes.</summary>
    public const long WholeBulk = 1L << 30;

    /// <summary>Images of at least this many bytes are sent only if the server has none with their hash.</summary>
    public const int HashedImage = 256 << 10;

    /// <summary>Bulk of a copy is received, handed to the driver and sent in pieces of this many bytes.</summary>
    public const int CopyPiece = 4 << 20;

    /// <summary>Bytes of a copy that a server stages page-locked at a time: small enough that a copy of a few MiB overlaps with its transfer.</summary>
    public const int StagedPiece = 1 << 20;

    /// <summary>Copies to the device up to this many bytes are posted: they are queued like any other body.</summary>
    public const int PostedCopy = 64 << 10;

    /// <summary>Copies to the host up to this many bytes need not wait for their data, which the server stages; larger ones do.</summary>
    public const int DeferredCopy = 64 << 20;

    /// <summary>Bytes of copies under way that a client lets a server stage; a copy beyond waits for its data.</summary>
    public const long DeferredBytes = 128 << 20;

    /// <summary>Bytes that a server stages for one session; more is CUDA_ERROR_OUT_OF_MEMORY.</summary>
    public const long Staged = 256 << 20;

    /// <summary>Queued bytes of posted calls at which the posting thread itself sends, and so waits for the network.</summary>
    public const int SendQueue = 1 << 20;

    /// <summary>Output storage that one call may ask a server to provide, in bytes.</summary>
    public const int Scratch = 16 << 20;

    /// <summary>Devices in the snapshot of a handshake.</summary>
    public const int Devices = 255;
}
