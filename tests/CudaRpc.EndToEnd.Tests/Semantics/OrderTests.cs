using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A call that begins after another has returned reaches the driver after it, whichever threads make them.</summary>
public sealed unsafe class OrderTests
{
    private const int Threads = 8;
    private const int Handoffs = 8000;
    private const int LargeCopy = 100_000;

    // More than a copy: a server may make one in pieces, of which the first tells the number.
    private const ulong Spacing = 1 << 20;

    [Theory]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void Calls_HandedFromThreadToThread_ReachTheDriverInTheirOrder(string transport)
    {
        var recorder = new Recorder();
        using var server = new TestServer(() => recorder);
        using RemoteDriver driver = server.Connect(transport);
        byte[] bytes = new byte[LargeCopy];

        CUcontext context = driver.CreateContext();
        SemaphoreSlim[] turns = [.. Enumerable.Range(0, Threads).Select(_ => new SemaphoreSlim(0))];
        int next = 0;
        Worker[] threads = Worker.Start(Threads, index =>
        {
            var random = new Random(index);
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            while (true)
            {
                turns[index].Wait();
                if (next >= Handoffs)
                {
                    Array.ForEach(turns, static turn => turn.Release());
                    return;
                }

                Cuda.Ok(Call(driver, random.Next(100), (ulong)next, bytes));
                next++;
                turns[random.Next(Threads)].Release();
            }
        });

        turns[0].Release();
        Array.ForEach(threads, static thread => thread.Ends());
        Cuda.Ok(driver.cuProfilerStop());

        Assert.Equal(Enumerable.Range(0, Handoffs).Select(number => (ulong)number), recorder.Seen);
    }

    // Mostly posted, in each of the ways a posted call travels; some synchronous.
    private static CUresult Call(CudaDriver driver, int kind, ulong number, byte[] bytes)
    {
        var address = new CUdeviceptr((number + 1) * Spacing);
        fixed (byte* start = bytes)
        {
            return kind switch
            {
                < 60 => driver.cuMemsetD8_v2(address, 1, 1),
                < 85 => driver.cuMemcpyHtoD_v2(address, start, 100),
                < 90 => driver.cuMemcpyHtoDAsync_v2(address, start, LargeCopy, default),
                _ => driver.cuMemGetAddressRange_v2(null, null, address),
            };
        }
    }

    // Calls carry their number as an address; 0 is none. The list needs no lock of its own where order is kept.
    private sealed class Recorder : FakeDriver
    {
        public List<ulong> Seen { get; } = new(Handoffs);

        public override CUresult cuMemsetD8_v2(CUdeviceptr dstDevice, byte uc, nuint N) => Record(dstDevice);

        public override CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount) => Record(dstDevice);

        public override CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount, CUstream hStream) => Record(dstDevice);

        public override CUresult cuMemGetAddressRange_v2(CUdeviceptr* pbase, nuint* psize, CUdeviceptr dptr) => Record(dptr);

        public override CUresult cuProfilerStop() => CUresult.CUDA_SUCCESS;

        private CUresult Record(CUdeviceptr address)
        {
            if (address.Value % Spacing == 0)
            {
                Seen.Add((address.Value / Spacing) - 1);
            }

            return CUresult.CUDA_SUCCESS;
        }
    }
}
