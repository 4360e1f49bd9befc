using System.Net;
using System.Net.Sockets;

namespace CudaRpc.Transport;

/// <summary>Socket addresses of a <see cref="ServerUrl"/>, in the order to try them.</summary>
internal static class SocketAddresses
{
    /// <exception cref="IOException">There is no host of that name.</exception>
    public static EndPoint[] Resolve(ServerUrl url) => url.Scheme switch
    {
        "unix" or "shm" => [new UnixDomainSocketEndPoint(url.Path)],
        "tcp" when IPAddress.TryParse(url.Host, out IPAddress? address) => [new IPEndPoint(address, url.Port)],
        "tcp" => [.. LookUp(url).Order(IPv4First).Select(address => new IPEndPoint(address, url.Port))],
        _ => throw new FormatException($"{url} is not an address that a socket can have"),
    };

    /// <summary>Whether only processes of this machine can reach the address.</summary>
    public static bool IsLocal(ServerUrl url) =>
        url.IsPath || Resolve(url).All(endPoint => endPoint is IPEndPoint ip && IPAddress.IsLoopback(ip.Address));

    private static IPAddress[] LookUp(ServerUrl url)
    {
        try
        {
            return Dns.GetHostAddresses(url.Host);
        }
        catch (SocketException failure)
        {
            throw new IOException($"cannot find {url.Host}: {failure.Message}", failure);
        }
    }

    private static Comparer<IPAddress> IPv4First { get; } =
        Comparer<IPAddress>.Create((left, right) => Rank(left).CompareTo(Rank(right)));

    private static int Rank(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1;
}
