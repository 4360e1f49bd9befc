namespace CudaRpc.Client;

// Which lane takes posted calls, and which thread posts.
public sealed partial class Session
{
    /// <summary>Guards the queues of all lanes, and so the order of posted calls.</summary>
    internal PostOrder Order { get; } = new();

    /// <summary>Sends what another lane carries, as far as that takes no waiting: the caller is about to wait for what comes after it.</summary>
    internal void FlushCarrier(Lane own)
    {
        if (Order.Carrier is Lane carrier && carrier != own)
        {
            carrier.PumpQueued();
        }
    }
}
