using System.Net;
using System.Net.Sockets;
using CudaRpc.Transport.SharedMemory;

namespace CudaRpc.Transport;

/// <summary><see cref="Listener"/> at a TCP port or a Unix-domain socket's path; there also for those who go on in shared memory.</summary>
internal sealed class SocketListener : Listener
{
    private const int Backlog = 512;

    private const int Pause = 20; // milliseconds

    private readonly Socket _socket;
    private volatile bool _stopped;

    private SocketListener(Socket socket, ServerUrl url) => (_socket, Url) = (socket, url);

    public override ServerUrl Url { get; }

    /// <summary>Binds and listens.</summary>
    /// <exception cref="SocketException">The address is in use, not this machine's, or not permitted.</exception>
    public static SocketListener Listen(ServerUrl url)
    {
        EndPoint endPoint = SocketAddresses.Resolve(url)[0];
        // A TCP socket of .NET's, where it is named as one, binds although connections of a server before still wait for their end
        // (SO_REUSEADDR).
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, url.IsPath ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (url.IsPath)
            {
                RemoveStale(url, endPoint);
            }

            socket.Bind(endPoint);
            if (url.IsPath)
            {
                // Only the server's own user may connect: whoever connects uses the GPU in the server's name.
                File.SetUnixFileMode(url.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            socket.Listen(Backlog);
            return new SocketListener(socket, socket.LocalEndPoint is IPEndPoint ip ? ServerUrl.Parse($"tcp://{ip}") : url);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override Connection? Accept()
    {
        while (true)
        {
            Socket accepted;
            try
            {
                accepted = _socket.Accept();
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                if (_stopped)
                {
                    return null;
                }

                // Mostly no descriptors are left in this process: who waits is accepted when somebody has left.
                Thread.Sleep(Pause);
                continue;
            }

            try
            {
                return Url.Scheme == "shm"
                    ? Rendezvous.Offer(accepted, Url.ToString())
                    : new SocketConnection(accepted, accepted.RemoteEndPoint is IPEndPoint ip ? $"tcp://{ip}" : Url.ToString());
            }
            catch (Exception failure) when (failure is SocketException or IOException)
            {
                // The client has left already, or there is no memory to share with it: it sees the end of the socket.
                accepted.Dispose();
            }
        }
    }

    public override void Dispose()
    {
        _stopped = true;
        _socket.Dispose();
        if (Url.IsPath)
        {
            File.Delete(Url.Path);
        }
    }

    private static void RemoveStale(ServerUrl url, EndPoint endPoint)
    {
        if (!UnixSocketFile.IsSocket(url.Path))
        {
            // Nothing there, or something that is not ours to touch: binding says which.
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // A socket file nobody listens at: left by a server that was killed.
            File.Delete(url.Path);
            return;
        }

        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }
}
