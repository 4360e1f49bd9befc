using static CudaRpc.Driver.CUfunction_attribute;
using static CudaRpc.Driver.CUlaunchAttributeID;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class LaunchAttributeTests
{
    private const string Kernels = ".version 8.4\n.target sm_90\n.address_size 64\n" + """
        .visible .entry size(.param .u64 out)
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<2>;
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %cluster_nctarank;
            st.global.u32 [%rd1], %r1;
            ret;
        }
        .visible .entry pair(.param .u64 out) .explicitcluster .reqnctapercluster 2, 1, 1
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<2>;
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %cluster_nctarank;
            st.global.u32 [%rd1], %r1;
            ret;
        }
        """;

    [Theory]
    [InlineData("size", 0, 1)]
    [InlineData("size", 4, 4)]
    [InlineData("pair", 0, 2)]
    [InlineData("pair", 2, 2)]
    public void Launch_WithClusters_HasThem(string kernel, uint asked, uint expected)
    {
        using var bench = new Bench();
        CUfunction function = bench.GetFunction(bench.LoadModule(Kernels), kernel);

        Assert.Equal(CUDA_SUCCESS, Launch(bench, function, 8, asked, out uint actual));
        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData("size", 8, 3)]
    [InlineData("size", 16, 16)]
    [InlineData("pair", 8, 4)]
    [InlineData("pair", 7, 0)]
    public void Launch_WithImpossibleClusters_IsRefused(string kernel, uint blocks, uint asked)
    {
        using var bench = new Bench();
        CUfunction function = bench.GetFunction(bench.LoadModule(Kernels), kernel);

        Assert.Equal(CUDA_ERROR_INVALID_CLUSTER_SIZE, Launch(bench, function, blocks, asked, out _));
    }

    [Fact]
    public void Attributes_OfClusters_AreThoseOfTheCodeOrWhatIsSet()
    {
        using var bench = new Bench();
        CUmodule module = bench.LoadModule(Kernels);
        CUfunction size = bench.GetFunction(module, "size");
        CUfunction pair = bench.GetFunction(module, "pair");

        Assert.Equal((1, 2, 1, 1), (Get(pair, CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET), Get(pair, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH), Get(pair, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT), Get(pair, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH)));
        Assert.Equal(CUDA_ERROR_NOT_PERMITTED, bench.Driver.cuFuncSetAttribute(pair, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH, 4));
        Bench.Must(bench.Driver.cuFuncSetAttribute(size, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH, 4));
        Bench.Must(Launch(bench, size, 8, 0, out uint four));
        Assert.Equal(4u, four);
        Bench.Must(bench.Driver.cuFuncSetAttribute(size, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH, 0));
        Bench.Must(bench.Driver.cuFuncSetAttribute(size, CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, 1));
        Bench.Must(Launch(bench, size, 16, 16, out uint sixteen));
        Assert.Equal(16u, sixteen);

        int Get(CUfunction function, CUfunction_attribute attribute)
        {
            int value;
            Bench.Must(bench.Driver.cuFuncGetAttribute(&value, attribute, function));
            return value;
        }
    }

    [Fact]
    public void Launch_WithEvents_RecordsThem()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        Gate gate = bench.Block(stream);
        CUevent programmatic = bench.NewEvent(CUevent_flags.CU_EVENT_DISABLE_TIMING);
        CUevent complete = bench.NewEvent(CUevent_flags.CU_EVENT_DISABLE_TIMING);
        CUlaunchAttribute* attributes = stackalloc CUlaunchAttribute[2];
        attributes[0] = new CUlaunchAttribute { id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT };
        attributes[0].value.programmaticEvent.@event = programmatic;
        attributes[1] = new CUlaunchAttribute { id = CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT };
        attributes[1].value.launchCompletionEvent.@event = complete;
        CUlaunchConfig config = Config(1, attributes, 2);
        config.hStream = stream;

        Bench.Must(bench.Driver.cuLaunchKernelEx(&config, bench.GetFunction("nothing"), null, null));

        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuEventQuery(programmatic));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuEventQuery(complete));
        gate.Open();
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuEventSynchronize(programmatic));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuEventSynchronize(complete));
    }

    [Fact]
    public void StreamAttributes_SetAndCopied_AreKept()
    {
        using var bench = new Bench();
        CUstream first = bench.NewStream();
        CUstream second = bench.NewStream();
        var value = new CUlaunchAttributeValue { syncPolicy = CUsynchronizationPolicy.CU_SYNC_POLICY_YIELD };
        Bench.Must(bench.Driver.cuStreamSetAttribute(first, CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY, &value));
        value = new CUlaunchAttributeValue { priority = -99 };
        Bench.Must(bench.Driver.cuStreamSetAttribute(first, CU_LAUNCH_ATTRIBUTE_PRIORITY, &value));

        Bench.Must(bench.Driver.cuStreamCopyAttributes(second, first));

        int priority;
        Bench.Must(bench.Driver.cuStreamGetAttribute(second, CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY, &value));
        Bench.Must(bench.Driver.cuStreamGetPriority(second, &priority));
        Assert.Equal(CUsynchronizationPolicy.CU_SYNC_POLICY_YIELD, value.syncPolicy);
        Assert.Equal(-5, priority);
        value.syncPolicy = (CUsynchronizationPolicy)9;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamSetAttribute(first, CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY, &value));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamSetAttribute(first, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &value));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamGetAttribute(first, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &value));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuStreamGetAttribute(first, CU_LAUNCH_ATTRIBUTE_PRIORITY, null));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuStreamCopyAttributes(new CUstream(99), first));
    }

    [Fact]
    public void MultiDeviceLaunch_OnOneDevice_IsACooperativeLaunch()
    {
        using var bench = new Bench();
        CUdeviceptr target = bench.Allocate(4);
        uint value = 12;
        void** parameters = stackalloc void*[] { &target, &value };
        CUDA_LAUNCH_PARAMS_v1* launches = stackalloc CUDA_LAUNCH_PARAMS_v1[2];
        launches[0] = new CUDA_LAUNCH_PARAMS_v1
        {
            function = bench.GetFunction("store"), gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1,
            hStream = bench.NewStream(), kernelParams = parameters,
        };
        bench.NewContext();

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuLaunchCooperativeKernelMultiDevice(launches, 1, 0));

        Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));
        Bench.Must(bench.Driver.cuCtxSynchronize());
        Assert.Equal(12u, bench.Read<uint>(target));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuLaunchCooperativeKernelMultiDevice(launches, 2, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchCooperativeKernelMultiDevice(launches, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuLaunchCooperativeKernelMultiDevice(launches + 1, 1, 0));
    }

    private static CUresult Launch(Bench bench, CUfunction function, uint blocks, uint cluster, out uint size)
    {
        CUdeviceptr output = bench.Allocate(4);
        void** parameters = stackalloc void*[] { &output };
        var attribute = new CUlaunchAttribute { id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION };
        (attribute.value.clusterDim.x, attribute.value.clusterDim.y, attribute.value.clusterDim.z) = (cluster, 1, 1);
        CUlaunchConfig config = Config(blocks, &attribute, cluster == 0 ? 0u : 1);
        CUresult result = bench.Driver.cuLaunchKernelEx(&config, function, parameters, null);
        size = bench.Read<uint>(output);
        return result;
    }

    private static CUlaunchConfig Config(uint blocks, CUlaunchAttribute* attributes, uint count) => new()
    {
        gridDimX = blocks,
        gridDimY = 1,
        gridDimZ = 1,
        blockDimX = 1,
        blockDimY = 1,
        blockDimZ = 1,
        attrs = attributes,
        numAttrs = count,
    };
}
