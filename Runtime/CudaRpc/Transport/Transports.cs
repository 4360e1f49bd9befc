using System.Net;
using System.Net.Sockets;
using CudaRpc.Transport.SharedMemory;

namespace CudaRpc.Transport;

/// <summary>Opens connections and listeners for the URLs that name another process.</summary>
internal static class Transports
{
    /// <summary>Connects to <paramref name="url"/>, trying each of its addresses.</summary>
    /// <exception cref="IOException">Nobody answers within <paramref name="timeout"/>; the message names the address and the reason.</exception>
    public static Connection Connect(ServerUrl url, TimeSpan timeout)
    {
        long deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        Exception? last = null;
        if (url.IsPath && !UnixSocketFile.IsSocket(url.Path))
        {
            throw new IOException($"no server at {url}: there is no socket");
        }

        foreach (EndPoint endPoint in SocketAddresses.Resolve(url))
        {
            try
            {
                Socket socket = ConnectSocket(endPoint, deadline);
                return url.Scheme == "shm" ? Share(socket, url, deadline) : new SocketConnection(socket, url.ToString());
            }
            catch (SocketException failure)
            {
                last = failure;
            }
        }

        throw new IOException($"no server at {url}: {last?.Message ?? "the name has no address"}", last);
    }

    /// <summary>Listens at <paramref name="url"/>.</summary>
    /// <exception cref="FormatException">It names a network to emulate, or connections for a copy, which are for the client's end.</exception>
    public static Listener Listen(ServerUrl url) => (url.Network, url.Streams) switch
    {
        (null, 1) => SocketListener.Listen(url),
        (null, _) => throw new FormatException($"{url}: the client opens connections, so a server's own address has no streams"),
        _ => throw new FormatException($"{url}: a network is emulated by the client, so a server's own address has none"),
    };

    private static Connection Share(Socket socket, ServerUrl url, long deadline)
    {
        try
        {
            return Rendezvous.Take(socket, url.ToString(), deadline);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket ConnectSocket(EndPoint endPoint, long deadline)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            int left = (int)Math.Clamp(deadline - Environment.TickCount64, 1, int.MaxValue);
            if (endPoint is UnixDomainSocketEndPoint)
            {
                // Waits for no network, only for room in the listener's queue. That cannot be polled for; the send timeout is its bound.
                socket.SendTimeout = left;
                socket.Connect(endPoint);
            }
            else
            {
                socket.Blocking = false;
                Connect(socket, endPoint, left);
            }

            return socket;
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.WouldBlock)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Connect(Socket socket, EndPoint endPoint, int milliseconds)
    {
        try
        {
            socket.Connect(endPoint);
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            if (!socket.Poll(TimeSpan.FromMilliseconds(milliseconds), SelectMode.SelectWrite))
            {
                throw new SocketException((int)SocketError.TimedOut);
            }

            if (socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is int error and not 0)
            {
                throw new SocketException(error);
            }
        }
    }
}
