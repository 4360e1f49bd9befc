namespace CudaRpc.Simulator.Objects;

internal sealed partial class DriverContext
{
    // Replaced under the lock, read without it by every access of a kernel to another device.
    private volatile DriverContext[] _peers = [];

    /// <summary>Whether work of this context may reach the other one's memory.</summary>
    public bool HasPeer(DriverContext other) => Array.IndexOf(_peers, other) >= 0;

    /// <summary>False if it was allowed already.</summary>
    public bool AddPeer(DriverContext other)
    {
        lock (_lock)
        {
            if (HasPeer(other))
            {
                return false;
            }
            _peers = [.. _peers, other];
            return true;
        }
    }

    /// <summary>False if it was not allowed.</summary>
    public bool RemovePeer(DriverContext other)
    {
        lock (_lock)
        {
            bool had = HasPeer(other);
            _peers = [.. _peers.Where(peer => peer != other)];
            return had;
        }
    }
}
