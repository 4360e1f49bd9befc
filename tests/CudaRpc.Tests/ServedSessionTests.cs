using CudaRpc.Server;
using CudaRpc.Simulator;
using CudaRpc.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CudaRpc.Tests;

/// <summary>The simulated device of a server.</summary>
public sealed class ServedSessionTests : SessionTests
{
    private readonly Served _served;

    public ServedSessionTests()
        : this(new Served())
    {
    }

    private ServedSessionTests(Served served)
        : base(CudaSession.Connect(served.Url)) => _served = served;

    public override void Dispose()
    {
        base.Dispose();
        _served.Dispose();
    }

    [Fact]
    public void Statistics_Calls_AreCountedAsTheyTravel()
    {
        CallStatistics before = Session.Statistics;
        using CudaContext context = Session.Devices[0].RetainPrimaryContext();
        using DeviceMemory<int> memory = context.Allocate([1, 2, 3]);
        memory.Clear();
        CallStatistics made = Session.Statistics - before;
        Assert.True(made.Posted >= 1, made.ToString());
        Assert.True(made.Synchronous >= 1, made.ToString());
        Assert.True(made.Local >= 1, made.ToString());
        Assert.True(made.BytesSent > 12 && made.BytesReceived > 0, made.ToString());
    }

    [Fact]
    public void Member_ServerIsGone_NamesFunctionAndResult()
    {
        using CudaContext context = Session.Devices[0].RetainPrimaryContext();
        _served.Dispose();
        var failure = Assert.Throws<CudaException>(context.Synchronize);
        Assert.Equal(("cuCtxSynchronize", Driver.CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE), (failure.Function, failure.Result));
    }

    [Fact]
    public unsafe void PostedCall_ServerIsGone_SaysSo()
    {
        using CudaContext context = Session.Devices[0].RetainPrimaryContext();
        using DeviceMemory<int> memory = context.Allocate([1, 2, 3]);
        _served.Dispose();
        Assert.Throws<CudaException>(context.Synchronize);

        Driver.CUevent made;
        Assert.Equal(Driver.CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, Session.Driver.cuEventCreate(&made, 0));
        Assert.Equal(Driver.CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, Session.Driver.cuMemsetD8_v2(memory.Address, 1, 4));
    }

    private sealed class Served : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("cudarpc-api-").FullName;
        private readonly SimulatedGpu _gpu = new();
        private readonly CudaServer _server;

        public Served()
        {
            _server = new CudaServer(() => new SimulatedDriver(_gpu), new ServerLimits(), NullLogger.Instance);
            Url = _server.Listen(ServerUrl.Parse($"unix://{_folder}/socket")).ToString();
        }

        public string Url { get; }

        public void Dispose()
        {
            if (!Directory.Exists(_folder)) return;
            _server.Dispose();
            _gpu.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
