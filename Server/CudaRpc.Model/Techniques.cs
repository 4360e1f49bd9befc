namespace CudaRpc.Model;

/// <summary>What makes remote calls cheap, to be left out of a prediction: what would each cost if it were not there?</summary>
[Flags]
public enum Techniques
{
    /// <summary>Nothing is left out.</summary>
    None = 0,

    /// <summary>Calls that are not waited for: without, each waits for a reply.</summary>
    Posting = 1,

    /// <summary>Answers that the client knows: without, each takes a round trip.</summary>
    Local = 2,

    /// <summary>Handles that the client chooses: without, what creates something waits for its handle.</summary>
    Minted = 4,

    /// <summary>Bytes that the server has already: without, they are sent.</summary>
    Dedup = 8,
}
