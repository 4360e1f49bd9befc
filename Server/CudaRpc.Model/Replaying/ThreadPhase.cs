namespace CudaRpc.Model;

/// <summary>What a thread does next.</summary>
internal enum ThreadPhase : byte
{
    /// <summary>Thinks, after its anchors.</summary>
    Think,

    /// <summary>Calls.</summary>
    Call,

    /// <summary>Sends more of its bulk.</summary>
    Send,

    /// <summary>Its server answers, or sends more of the answer.</summary>
    Receive,
}
