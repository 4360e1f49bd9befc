using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUlaunchAttributeID;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Attributes of launches and streams, through a server.</summary>
public sealed unsafe class LaunchAttributeTests
{
    private const string Kernel = """
        .version 8.4
        .target sm_90
        .address_size 64
        .visible .entry size(.param .u64 out)
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<2>;
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %cluster_nctarank;
            st.global.u32 [%rd1], %r1;
            ret;
        }

        """;

    [Fact]
    public void Launch_WithClustersHintsAndAnEvent_DoesAllOfThat()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        CUdeviceptr output = driver.Allocate(4);
        CUevent done = driver.CreateEvent();
        CUlaunchAttribute* attributes = stackalloc CUlaunchAttribute[4];
        attributes[0] = new CUlaunchAttribute { id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION };
        (attributes[0].value.clusterDim.x, attributes[0].value.clusterDim.y, attributes[0].value.clusterDim.z) = (4, 1, 1);
        attributes[1] = new CUlaunchAttribute { id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION };
        attributes[1].value.programmaticStreamSerializationAllowed = 1;
        attributes[2] = new CUlaunchAttribute { id = CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT };
        attributes[2].value.launchCompletionEvent.@event = done;
        attributes[3] = new CUlaunchAttribute { id = CU_LAUNCH_ATTRIBUTE_PRIORITY };
        attributes[3].value.priority = -2;
        CUlaunchConfig config = Config(attributes, 4);
        void** parameters = stackalloc void*[] { &output };

        Cuda.Ok(driver.cuLaunchKernelEx(&config, driver.Function(driver.Load(Kernel), "size"), parameters, null));

        Cuda.Ok(driver.cuEventSynchronize(done));
        Assert.Equal(4u, BitConverter.ToUInt32(driver.Read(output, 4)));
    }

    [Fact]
    public void Launch_WithImpossibleClusters_FailsTheNextCallThatWaits()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        CUdeviceptr output = driver.Allocate(4);
        var attribute = new CUlaunchAttribute { id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION };
        (attribute.value.clusterDim.x, attribute.value.clusterDim.y, attribute.value.clusterDim.z) = (3, 1, 1);
        CUlaunchConfig config = Config(&attribute, 1);
        void** parameters = stackalloc void*[] { &output };

        Cuda.Ok(driver.cuLaunchKernelEx(&config, driver.Function(driver.Load(Kernel), "size"), parameters, null));

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CLUSTER_SIZE, driver.cuCtxSynchronize());
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Fact]
    public void Launch_WithAStaleEvent_FailsTheNextCallThatWaits()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        CUdeviceptr output = driver.Allocate(4);
        CUevent stale = driver.CreateEvent();
        Cuda.Ok(driver.cuEventDestroy_v2(stale));
        var attribute = new CUlaunchAttribute { id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT };
        attribute.value.programmaticEvent.@event = stale;
        CUlaunchConfig config = Config(&attribute, 1);
        void** parameters = stackalloc void*[] { &output };
        CUfunction function = driver.Function(driver.Load(Kernel), "size");

        CUresult posted = driver.cuLaunchKernelEx(&config, function, parameters, null);

        Assert.Contains(CUresult.CUDA_ERROR_INVALID_HANDLE, new[] { posted, driver.cuCtxSynchronize() });
    }

    [Fact]
    public void StreamAttributes_SetAndCopied_AreKept()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        CUstream first = driver.CreateStream();
        CUstream second = driver.CreateStream();
        var value = new CUlaunchAttributeValue { priority = -3 };
        Cuda.Ok(driver.cuStreamSetAttribute(first, CU_LAUNCH_ATTRIBUTE_PRIORITY, &value));
        Cuda.Ok(driver.cuStreamCopyAttributes(second, first));
        value = default;

        Cuda.Ok(driver.cuStreamGetAttribute(second, CU_LAUNCH_ATTRIBUTE_PRIORITY, &value));

        Assert.Equal(-3, value.priority);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuStreamGetAttribute(second, CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT, &value));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuStreamSetAttribute(second, CU_LAUNCH_ATTRIBUTE_PRIORITY, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuStreamSetAttribute(new CUstream(99), CU_LAUNCH_ATTRIBUTE_PRIORITY, &value));
    }

    [Fact]
    public void MultiDeviceLaunch_OnOneDevice_RunsInTheStreamsContext()
    {
        using var server = new SimulatedServer();
        RemoteDriver driver = server.Driver;
        CUdeviceptr output = driver.Allocate(4);
        void** parameters = stackalloc void*[] { &output };
        CUDA_LAUNCH_PARAMS_v1* launches = stackalloc CUDA_LAUNCH_PARAMS_v1[2];
        launches[0] = new CUDA_LAUNCH_PARAMS_v1
        {
            function = driver.Function(driver.Load(Kernel), "size"), gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1,
            blockDimZ = 1, hStream = driver.CreateStream(), kernelParams = parameters,
        };
        driver.CreateContext();

        Cuda.Ok(driver.cuLaunchCooperativeKernelMultiDevice(launches, 1, 0));

        Cuda.Ok(driver.cuCtxSetCurrent(server.Context));
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.Equal(1u, BitConverter.ToUInt32(driver.Read(output, 4)));
        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, driver.cuLaunchCooperativeKernelMultiDevice(launches, 2, 0));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuLaunchCooperativeKernelMultiDevice(launches + 1, 1, 0));
    }

    private static CUlaunchConfig Config(CUlaunchAttribute* attributes, uint count) => new()
    {
        gridDimX = 8,
        gridDimY = 1,
        gridDimZ = 1,
        blockDimX = 1,
        blockDimY = 1,
        blockDimZ = 1,
        attrs = attributes,
        numAttrs = count,
    };
}
