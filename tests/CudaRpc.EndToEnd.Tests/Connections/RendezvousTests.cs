using System.Net.Sockets;
using CudaRpc.Client;
using CudaRpc.Protocol;
using CudaRpc.Transport;
using CudaRpc.Transport.SharedMemory;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>How two ends come to share memory, and what is no offer of it.</summary>
public sealed class RendezvousTests : IDisposable
{
    private static readonly SessionOptions s_patient = new() { ConnectTimeout = Condition.Deadline * 2 };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cudarpc-shm-");

    [Fact]
    public void Client_OfAUnixServer_IsToldAtOnce()
    {
        using var server = new TestServer(() => new OwnFakeDriver());

        var failure = Assert.Throws<IOException>(() => Session.Connect(ServerUrl.Parse($"shm://{server.UnixUrl.Path}"), s_patient));

        Assert.Contains("unix://", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnixClient_OfAServerOfMemory_IsToldAtOnce()
    {
        using var server = new TestServer(() => new OwnFakeDriver());

        var failure = Assert.Throws<ProtocolException>(() => Session.Connect(ServerUrl.Parse($"unix://{server.ShmUrl.Path}"), s_patient));

        Assert.Contains("does not speak this protocol", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4095)]
    [InlineData(4096 + 1)]
    [InlineData(32 << 20)]
    [InlineData(ulong.MaxValue)]
    public void Map_CapacityThatNoRingHas_IsRefused(ulong capacity)
    {
        using SharedSegment segment = SharedSegment.Create(out SafeFileHandle file);
        using (file)
        {
            var failure = Assert.Throws<IOException>(() => SharedSegment.Map(file, capacity, "peer"));

            Assert.Contains("rings of", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Map_CapacityOfAnotherSize_IsRefused()
    {
        using SharedSegment segment = SharedSegment.Create(out SafeFileHandle file);
        using (file)
        {
            Assert.Contains(
                $"{segment.Bytes} bytes",
                Assert.Throws<IOException>(() => SharedSegment.Map(file, SharedSegment.Capacity * 2, "peer")).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Map_FileThatCouldShrink_IsRefused()
    {
        string path = Path.Combine(_folder.FullName, "file");
        using FileStream stream = File.Create(path);
        stream.SetLength((long)Pages.Size + (2L * SharedSegment.Capacity));

        var failure = Assert.Throws<IOException>(() => SharedSegment.Map(stream.SafeFileHandle, SharedSegment.Capacity, "peer"));

        Assert.Contains("shrink", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_File_CannotBeResized()
    {
        using SharedSegment segment = SharedSegment.Create(out SafeFileHandle file);
        using var stream = new FileStream(file, FileAccess.ReadWrite, 0);

        Assert.ThrowsAny<Exception>(() => stream.SetLength(4096));
        Assert.ThrowsAny<Exception>(() => stream.SetLength(segment.Bytes * 2));
        Assert.Equal(segment.Bytes, stream.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("CUDASHM\u0002")]
    [InlineData("CUDASHM\u0002capacity and more")]
    public void Take_OfferWithoutDescriptors_IsRefused(string offer)
    {
        ServerUrl url = ServerUrl.Parse($"shm://{_folder.FullName}/socket");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(url.Path));
        listener.Listen(1);
        var server = new Worker(() =>
        {
            using Socket accepted = listener.Accept();
            accepted.Send(System.Text.Encoding.Latin1.GetBytes(offer));
        });

        var failure = Assert.Throws<IOException>(() => Session.Connect(url, s_patient));

        server.Ends();
        Assert.Contains("no shared memory", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Connections_ThatEnd_LeaveNoDescriptorsAndNoMemory()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        server.Connect(TestServer.Shm).Dispose();
        server.BecomesIdle();
        (int descriptors, int mappings) = Held();

        for (int round = 0; round < 50; round++)
        {
            using RemoteDriver driver = server.Connect(TestServer.Shm);
            driver.CreateContext();
        }

        server.BecomesIdle();
        Condition.Holds(() => Held() is var (now, mapped) && now <= descriptors + 10 && mapped <= mappings, "that nothing is left");
    }

    [Fact]
    public void SocketFile_IsTheOwnersAlone()
    {
        using var server = new TestServer(() => new OwnFakeDriver());

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(server.ShmUrl.Path));
        Assert.True(SocketAddresses.IsLocal(server.ShmUrl));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // Other tests of this process do not run meanwhile.
    private static (int Descriptors, int Mappings) Held() => (
        Directory.GetFileSystemEntries("/proc/self/fd").Length,
        File.ReadLines("/proc/self/maps").Count(static line => line.Contains("memfd:cudarpc", StringComparison.Ordinal)));
}
