namespace CudaRpc.Protocol;

/// <summary>Bits of <see cref="FrameHeader.Flags"/>. Unknown bits are a protocol error.</summary>
[Flags]
internal enum FrameFlags : uint
{
    None = 0,

    /// <summary>The sender of the call waits for no reply; a failure is remembered by the session.</summary>
    Posted = 1,

    /// <summary>The frame answers the call of the same <see cref="FrameHeader.Sequence"/>.</summary>
    Reply = 2,

    /// <summary>Another reply frame of the same call follows; its bulk continues this one's.</summary>
    More = 4,

    /// <summary>The status in this reply is that of an earlier posted call, whose id is the second value of the body.</summary>
    Deferred = 8,

    /// <summary>
    /// The reply comes after as many writes to the client's memory as <see cref="FrameHeader.Context"/> says (modulo 2^32): the call
    /// returns when they have landed.
    /// </summary>
    Landed = 16,

    /// <summary>All bits this version knows.</summary>
    Known = Posted | Reply | More | Deferred | Landed,
}
