using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>A struct that holds a handle and an array of structs that hold handles, described by rules alone.</summary>
public sealed unsafe class LaunchConfigTests : IDisposable
{
    private readonly ClusterDriver _gpu = new();
    private readonly TestServer _server;
    private readonly RemoteDriver _driver;
    private readonly CUfunction _function;
    private readonly CUstream _stream;
    private readonly CUevent _event;

    public LaunchConfigTests()
    {
        _server = new TestServer(() => _gpu);
        _driver = _server.Connect();
        _driver.CreateContext();
        _function = _driver.Function(_driver.Load("// ptx"), "kernel");
        _stream = _driver.CreateStream();
        _event = _driver.CreateEvent();
    }

    public void Dispose()
    {
        _driver.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void Config_WithAttributes_ReachesTheDriverWithItsOwnHandles()
    {
        CUlaunchAttribute* attributes = stackalloc CUlaunchAttribute[2];
        attributes[0].id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
        attributes[0].value.clusterDim.x = 2;
        attributes[1].id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT;
        attributes[1].value.launchCompletionEvent.@event = _event;
        CUlaunchConfig config = new() { gridDimX = 3, blockDimX = 64, hStream = _stream, attrs = attributes, numAttrs = 2 };
        int clusters;

        Cuda.Ok(_driver.cuOccupancyMaxActiveClusters(&clusters, _function, &config));

        Assert.Equal(7, clusters);
        Assert.Equal(3u, _gpu.Config.gridDimX);
        Assert.Equal(2u, _gpu.Attributes[0].value.clusterDim.x);
        Assert.Equal(_gpu.Stream, _gpu.Config.hStream);
        Assert.Equal(_gpu.Event, _gpu.Attributes[1].value.launchCompletionEvent.@event);
        Assert.Equal((nint)attributes, (nint)config.attrs);
        Assert.Equal(_event, attributes[1].value.launchCompletionEvent.@event);
    }

    [Fact]
    public void Config_WithoutAttributes_NeedsNoArray()
    {
        CUlaunchConfig config = new() { gridDimX = 1, blockDimX = 1 };
        int clusters;

        Cuda.Ok(_driver.cuOccupancyMaxActiveClusters(&clusters, _function, &config));

        Assert.Equal(0, _gpu.Config.hStream.Value);
        Assert.Empty(_gpu.Attributes);
    }

    [Fact]
    public void Config_InError_IsRefusedBeforeItTravels()
    {
        CUlaunchAttribute attribute = new() { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT };
        CUlaunchConfig config = new() { numAttrs = 1 };
        int clusters;
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuOccupancyMaxActiveClusters(&clusters, _function, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuOccupancyMaxActiveClusters(&clusters, _function, &config));

        config.attrs = &attribute;
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, _driver.cuOccupancyMaxActiveClusters(&clusters, _function, &config));
        attribute.value.programmaticEvent.@event = new(_stream.Value);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, _driver.cuOccupancyMaxActiveClusters(&clusters, _function, &config));
        attribute.id = (CUlaunchAttributeID)12345;
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuOccupancyMaxActiveClusters(&clusters, _function, &config));
        attribute.id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT;
        attribute.value.programmaticEvent.@event = _event;
        config.hStream = new(_event.Value);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, _driver.cuOccupancyMaxActiveClusters(&clusters, _function, &config));

        config.hStream = _stream;
        Cuda.Ok(_driver.cuOccupancyMaxActiveClusters(&clusters, _function, &config));
    }

    // A count that no frame holds is not looked through: the memory behind the first attributes need not be there.
    [Fact]
    public void Config_WithMoreAttributesThanTravel_IsRefusedUnread()
    {
        CUlaunchAttribute attribute = new() { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_COOPERATIVE };
        CUlaunchConfig config = new() { gridDimX = 1, blockDimX = 1, attrs = &attribute, numAttrs = uint.MaxValue };
        int clusters;

        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, _driver.cuOccupancyMaxActiveClusters(&clusters, _function, &config));
    }

    private sealed class ClusterDriver : FakeDriver
    {
        public CUstream Stream { get; private set; }

        public CUevent Event { get; private set; }

        public override CUresult cuStreamCreate(CUstream* phStream, uint Flags)
        {
            CUresult status = base.cuStreamCreate(phStream, Flags);
            Stream = *phStream;
            return status;
        }

        public override CUresult cuEventCreate(CUevent* phEvent, uint Flags)
        {
            CUresult status = base.cuEventCreate(phEvent, Flags);
            Event = *phEvent;
            return status;
        }

        public CUlaunchConfig Config { get; private set; }

        public CUlaunchAttribute[] Attributes { get; private set; } = [];

        public override CUresult cuOccupancyMaxActiveClusters(int* numClusters, CUfunction func, CUlaunchConfig* config)
        {
            Config = *config;
            Attributes = new ReadOnlySpan<CUlaunchAttribute>(config->attrs, (int)config->numAttrs).ToArray();
            *numClusters = 7;
            return CUresult.CUDA_SUCCESS;
        }
    }
}
