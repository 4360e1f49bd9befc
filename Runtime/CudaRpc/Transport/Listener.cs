namespace CudaRpc.Transport;

/// <summary>Accepts connections at one address.</summary>
internal abstract class Listener : IDisposable
{
    /// <summary>The address clients connect to; for <c>tcp://host:0</c> it has the port that was chosen.</summary>
    public abstract ServerUrl Url { get; }

    /// <summary>Waits for a client. Null after <see cref="Dispose"/>.</summary>
    public abstract Connection? Accept();

    /// <summary>Stops listening; a blocked <see cref="Accept"/> returns null.</summary>
    public abstract void Dispose();
}
