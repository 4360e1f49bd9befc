using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.HostChannel;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>Copies that a server stages in page-locked pieces.</summary>
public sealed unsafe class StagedCopyTests
{
    private const int Piece = ProtocolLimits.StagedPiece;

    [Theory]
    [InlineData(ProtocolLimits.PostedCopy + 1)]
    [InlineData(Piece - 1)]
    [InlineData(Piece)]
    [InlineData(Piece + 1)]
    [InlineData((5 * Piece) + 3)]
    public void Copies_OfAnyNumberOfPieces_BringTheSameBytes(int bytes)
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUstream stream = driver.CreateStream();
        CUdeviceptr address = driver.Allocate(bytes);
        byte[] sent = new byte[bytes], received = new byte[bytes];
        new Random(bytes).NextBytes(sent);
        fixed (byte* from = sent)
        fixed (byte* to = received)
        {
            Cuda.Ok(driver.cuMemcpyHtoD_v2(address, from, (nuint)bytes));
            Cuda.Ok(driver.cuMemcpyDtoH_v2(to, address, (nuint)bytes));
            Assert.Equal(sent, received);

            Array.Reverse(sent);
            Cuda.Ok(driver.cuMemcpyHtoDAsync_v2(address, from, (nuint)bytes, stream));
            Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(to, address, (nuint)bytes, stream));
            Cuda.Ok(driver.cuStreamSynchronize(stream));
            Assert.Equal(sent, received);
        }
    }

    [Fact]
    public void CopyToDevice_WhileItsStreamIsHeld_TakesTheProgramsBytesWhenItReturns()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        const int Bytes = 3 * Piece;
        CUdeviceptr address = driver.Allocate(Bytes);
        byte[] sent = new byte[Bytes];
        Array.Fill(sent, (byte)7);
        stage.Hold();
        fixed (byte* from = sent)
        {
            Cuda.Ok(driver.cuMemcpyHtoDAsync_v2(address, from, Bytes, stage.Stream));
            Array.Clear(sent);
        }

        stage.LetGo();
        Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal(-1, driver.Read(address, Bytes).AsSpan().IndexOfAnyExcept((byte)7));
    }

    [Fact]
    public void Copies_UseTwoPageLockedPiecesInTurns()
    {
        var books = new Books();
        using var server = new TestServer(() => books);
        using RemoteDriver driver = server.Connect();
        driver.CreateContext();
        CUdeviceptr address = driver.Allocate(4 * Piece);
        byte[] host = new byte[4 * Piece];
        fixed (byte* start = host)
        {
            Cuda.Ok(driver.cuMemcpyDtoH_v2(start, address, 4 * Piece));
            Assert.Equal(2, books.Used.Distinct().Count());
            Assert.Equal([books.Used[0], books.Used[1], books.Used[0], books.Used[1]], books.Used);

            // What the first copy has page-locked, the next ones use.
            books.Used.Clear();
            Cuda.Ok(driver.cuMemcpyHtoD_v2(address, start, 4 * Piece));
        }

        Assert.Equal(4, books.Used.Count);
        Assert.Equal(2, books.Locked.Count);
        Assert.Subset(books.Locked, books.Used.ToHashSet());
    }

    private sealed class Books : FakeDriver
    {
        public HashSet<nint> Locked { get; } = [];

        public List<nint> Used { get; } = [];

        public override CUresult cuMemHostRegister_v2(void* p, nuint bytesize, uint Flags)
        {
            Locked.Add((nint)p);
            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuMemcpyDtoHAsync_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) => Use(dstHost);

        public override CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount, CUstream hStream) => Use(srcHost);

        public override CUresult cuEventRecord(CUevent hEvent, CUstream hStream) => CUresult.CUDA_SUCCESS;

        public override CUresult cuLaunchHostFunc(CUstream hStream, delegate* unmanaged[Cdecl]<void*, void> fn, void* userData)
        {
            fn(userData);
            return CUresult.CUDA_SUCCESS;
        }

        private CUresult Use(void* host)
        {
            Used.Add((nint)host);
            return CUresult.CUDA_SUCCESS;
        }
    }
}
