using System.Net.Sockets;
using CudaRpc.Transport;

namespace CudaRpc.Tests;

public sealed class SocketListenerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("cudarpc-listen-").FullName;

    [Fact]
    public void Listen_PathOfRegularFile_FileIsLeftAlone()
    {
        string path = Path.Combine(_directory, "precious");
        File.WriteAllText(path, "content");

        Assert.Throws<SocketException>(() => SocketListener.Listen(ServerUrl.Parse($"unix://{path}")));

        Assert.Equal("content", File.ReadAllText(path));
    }

    [Fact]
    public void Listen_PathOfLinkToSocketFile_LinkIsLeftAlone()
    {
        string socket = LeaveStaleSocket();
        string link = Path.Combine(_directory, "link");
        File.CreateSymbolicLink(link, socket);

        Assert.Throws<SocketException>(() => SocketListener.Listen(ServerUrl.Parse($"unix://{link}")));

        Assert.Equal(socket, new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void Listen_PathOfDeadServersSocket_Listens()
    {
        string socket = LeaveStaleSocket();

        using var listener = SocketListener.Listen(ServerUrl.Parse($"unix://{socket}"));

        using Connection connection = Transports.Connect(listener.Url, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Listen_PathOfLiveServersSocket_Refused()
    {
        string path = Path.Combine(_directory, "live");
        using var first = SocketListener.Listen(ServerUrl.Parse($"unix://{path}"));

        var failure = Assert.Throws<SocketException>(() => SocketListener.Listen(ServerUrl.Parse($"unix://{path}")));

        Assert.Equal(SocketError.AddressAlreadyInUse, failure.SocketErrorCode);
    }

    [Fact]
    public void Listen_PortOfServerThatHasJustEnded_Listens()
    {
        ServerUrl url;
        using (var first = SocketListener.Listen(ServerUrl.Parse("tcp://127.0.0.1:0")))
        {
            url = first.Url;
            using Connection client = Transports.Connect(url, TimeSpan.FromSeconds(5));

            // Who closes first has its end wait for a minute.
            first.Accept()!.Dispose();
        }

        using var second = SocketListener.Listen(url);

        using Connection connection = Transports.Connect(second.Url, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Listen_PortOfLiveServer_Refused()
    {
        using var first = SocketListener.Listen(ServerUrl.Parse("tcp://127.0.0.1:0"));

        var failure = Assert.Throws<SocketException>(() => SocketListener.Listen(first.Url));

        Assert.Equal(SocketError.AddressAlreadyInUse, failure.SocketErrorCode);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    // As a server leaves it that was killed: .NET removes the file of a socket that it closes, so it is bound under another name.
    private string LeaveStaleSocket()
    {
        string bound = Path.Combine(_directory, "bound");
        string stale = Path.Combine(_directory, "stale");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(bound));
        File.Move(bound, stale);
        return stale;
    }
}
