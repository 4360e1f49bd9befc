namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class LaunchTests
{
    [Fact]
    public void Launch_WithPointersToParameters_RunsTheKernel()
    {
        using var bench = new Bench();
        CUdeviceptr target = bench.Allocate(4);
        int value = 321;
        void** parameters = stackalloc void*[] { &target, &value };

        Bench.Must(bench.Driver.cuLaunchKernel(bench.GetFunction("store"), 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
        value = 0;

        Assert.Equal(321, bench.Read<int>(target));
    }

    [Fact]
    public void Launch_WithAPackedBuffer_RunsTheKernel()
    {
        using var bench = new Bench();
        CUdeviceptr target = bench.Allocate(4);
        byte* buffer = stackalloc byte[12];
        *(CUdeviceptr*)buffer = target;
        *(int*)(buffer + 8) = 322;
        nuint size = 12;
        void** extra = stackalloc void*[] { (void*)1, buffer, (void*)2, &size, null };

        Bench.Must(bench.Driver.cuLaunchKernel(bench.GetFunction("store"), 1, 1, 1, 1, 1, 1, 0, default, null, extra));

        Assert.Equal(322, bench.Read<int>(target));
    }

    [Fact]
    public void Launch_BadParameters_AreInvalid()
    {
        using var bench = new Bench();
        CUfunction store = bench.GetFunction("store");
        CUdeviceptr target = bench.Allocate(4);
        void** withNull = stackalloc void*[] { &target, null };
        nuint size = 11;
        byte* buffer = stackalloc byte[12];
        void** tooShort = stackalloc void*[] { (void*)1, buffer, (void*)2, &size, null };
        void** garbage = stackalloc void*[] { (void*)77, buffer, null };
        void** endless = stackalloc void*[] { (void*)1, buffer, (void*)1, buffer, (void*)1, buffer, (void*)1 };

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Launch(store));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, default, withNull, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, default, null, tooShort));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, default, null, garbage));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, default, null, endless));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, default, withNull, tooShort));
    }

    [Theory]
    [InlineData("nothing", 0, 1, 1, 1, 1, 1, CUDA_ERROR_INVALID_VALUE)]
    [InlineData("nothing", 1, 65536, 1, 1, 1, 1, CUDA_ERROR_INVALID_VALUE)]
    [InlineData("nothing", 1, 1, 1, 1025, 1, 1, CUDA_ERROR_INVALID_VALUE)]
    [InlineData("nothing", 1, 1, 1, 32, 32, 2, CUDA_ERROR_INVALID_VALUE)]
    [InlineData("nothing", 1, 1, 1, 1, 1, 65, CUDA_ERROR_INVALID_VALUE)]
    [InlineData("nothing", 2147483648, 1, 1, 1, 1, 1, CUDA_ERROR_INVALID_VALUE)]
    [InlineData("nothing", 3, 2, 1, 1024, 1, 1, CUDA_SUCCESS)]
    [InlineData("limited", 1, 1, 1, 65, 1, 1, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES)]
    [InlineData("limited", 1, 1, 1, 8, 8, 1, CUDA_SUCCESS)]
    [InlineData("exact", 1, 1, 1, 16, 1, 1, CUDA_ERROR_INVALID_VALUE)]
    [InlineData("exact", 1, 1, 1, 32, 1, 1, CUDA_SUCCESS)]
    public void Launch_Shape_IsChecked(
        string kernel, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, CUresult expected)
    {
        using var bench = new Bench();
        CUfunction function = bench.GetFunction(kernel);

        CUresult result = bench.Driver.cuLaunchKernel(function, gridX, gridY, gridZ, blockX, blockY, blockZ, 0, default, null, null);

        Assert.Equal(expected, result);
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Launch_WithHandlesFromElsewhere_IsInvalid()
    {
        using var bench = new Bench();
        CUfunction foreign = bench.GetFunction("nothing");
        CUstream foreignStream = bench.NewStream();
        bench.NewContext();
        CUfunction function = bench.GetFunction("nothing");

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Launch(foreign));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Launch(function, foreignStream));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Launch(default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Launch(new CUfunction(bench.Context.Value)));
        Bench.Must(bench.Driver.cuCtxSetCurrent(default));
        Bench.Must(bench.Driver.cuCtxSetCurrent(default));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Launch(function));
    }

    [Fact]
    public void LaunchEx_WithHints_RunsTheKernel()
    {
        using var bench = new Bench();
        CUdeviceptr target = bench.Allocate(4);
        int value = 5;
        void** parameters = stackalloc void*[] { &target, &value };
        CUlaunchAttribute* attributes = stackalloc CUlaunchAttribute[3];
        attributes[0] = new CUlaunchAttribute { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PRIORITY };
        attributes[0].value.priority = -3;
        attributes[1] = new CUlaunchAttribute { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION };
        attributes[1].value.clusterDim.x = attributes[1].value.clusterDim.y = attributes[1].value.clusterDim.z = 1;
        attributes[2] = new CUlaunchAttribute { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_COOPERATIVE };
        attributes[2].value.cooperative = 1;
        CUlaunchConfig config = Config(attributes, 3);

        Bench.Must(bench.Driver.cuLaunchKernelEx(&config, bench.GetFunction("store"), parameters, null));

        Assert.Equal(5, bench.Read<int>(target));
    }

    [Theory]
    [InlineData(CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, CUDA_ERROR_INVALID_VALUE)]
    [InlineData(CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT, CUDA_ERROR_INVALID_HANDLE)]
    [InlineData(CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT, CUDA_ERROR_INVALID_HANDLE)]
    [InlineData(CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE, CUDA_ERROR_NOT_SUPPORTED)]
    [InlineData((CUlaunchAttributeID)200, CUDA_ERROR_INVALID_VALUE)]
    public void LaunchEx_WithAttributesThatMatter_IsRefused(CUlaunchAttributeID id, CUresult expected)
    {
        using var bench = new Bench();
        var attribute = new CUlaunchAttribute { id = id };
        attribute.value.clusterDim.x = 2;
        CUlaunchConfig config = Config(&attribute, 1);

        Assert.Equal(expected, bench.Driver.cuLaunchKernelEx(&config, bench.GetFunction("nothing"), null, null));
        config.attrs = null;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchKernelEx(&config, bench.GetFunction("nothing"), null, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchKernelEx(null, bench.GetFunction("nothing"), null, null));
    }

    [Fact]
    public void CooperativeLaunch_LargerThanTheDevice_IsTooLarge()
    {
        using var bench = new Bench();
        CUfunction function = bench.GetFunction("nothing");

        Assert.Equal(CUDA_SUCCESS, Launch(blocks: 32));
        Assert.Equal(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, Launch(blocks: 33));
        Bench.Must(bench.Driver.cuCtxSynchronize());

        CUresult Launch(uint blocks) => bench.Driver.cuLaunchCooperativeKernel(function, blocks, 1, 1, 1024, 1, 1, 0, default, null);
    }

    [Fact]
    public void Launches_InOneStream_FollowEachOther()
    {
        using var bench = new Bench();
        CUmodule module = bench.LoadModule(TestPtx.Module);
        CUfunction bump = bench.GetFunction(module, "bump");
        CUdeviceptr counter;
        CUstream stream = bench.NewStream();
        Bench.Must(bench.Driver.cuModuleGetGlobal_v2(&counter, null, module, Bench.Text("counter")));

        for (int i = 0; i < 100; i++)
        {
            Bench.Must(bench.Launch(bump, stream));
        }
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(107, bench.Read<int>(counter));
    }

    [Fact]
    public void Kernel_InOneStream_IsReleasedByACopyInAnother()
    {
        using var bench = new Bench();
        CUstream running = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUstream copying = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUdeviceptr flag = bench.Allocate(4);
        bench.Write(flag, 0);
        void** parameters = stackalloc void*[] { &flag };

        Bench.Must(bench.Driver.cuLaunchKernel(bench.GetFunction("forever"), 1, 1, 1, 1, 1, 1, 0, running, parameters, null));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuStreamQuery(running));
        Bench.Must(bench.Driver.cuMemsetD32Async(flag, 1, 1, copying));

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuStreamSynchronize(running));
    }

    [Fact]
    public void Kernel_OutsideItsMemory_FailsTheContextAndIsLoggedOnce()
    {
        using var bench = new Bench();
        CUfunction outside = bench.GetFunction("outside");
        CUdeviceptr address = bench.Allocate(4);
        CUstream stream;

        Assert.Equal(CUDA_SUCCESS, bench.Launch(outside));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());

        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuMemFree_v2(address));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuStreamCreate(&stream, 0));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Launch(outside));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuMemcpyDtoH_v2(&stream, address, 4));
        string line = Assert.Single(bench.Log);
        Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS", line, StringComparison.Ordinal);
        Assert.Contains("outside", line, StringComparison.Ordinal);
        Assert.Contains("thread (0,0,0)", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Fault_InOneContext_LeavesOthersAlone()
    {
        using var bench = new Bench();
        CUcontext second = bench.NewContext();
        Bench.Must(bench.Launch(bench.GetFunction("outside")));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());

        Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));

        Bench.Must(bench.Launch(bench.GetFunction("nothing")));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuCtxSynchronize());
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize_v2(second));
    }

    [Fact]
    public void Fault_InThePrimaryContext_EndsWithItsReset()
    {
        using var bench = new Bench(withContext: false);
        CUcontext primary;
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRetain(&primary, 0));
        Bench.Must(bench.Driver.cuCtxSetCurrent(primary));
        Bench.Must(bench.Launch(bench.GetFunction("outside")));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());

        Bench.Must(bench.Driver.cuDevicePrimaryCtxReset_v2(0));
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRetain(&primary, 0));

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Dispose_EndsAKernelThatWouldRunForever()
    {
        var bench = new Bench();
        CUdeviceptr flag = bench.Allocate(4);
        bench.Write(flag, 0);
        void** parameters = stackalloc void*[] { &flag };
        Bench.Must(bench.Driver.cuLaunchKernel(bench.GetFunction("forever"), 1, 1, 1, 32, 1, 1, 0, default, parameters, null));

        bench.Driver.Dispose();

        Assert.Equal(0ul, bench.Used);
        Assert.Empty(bench.Log);
        bench.Gpu.Dispose();
    }

    private static CUlaunchConfig Config(CUlaunchAttribute* attributes, uint count) => new()
    {
        gridDimX = 1,
        gridDimY = 1,
        gridDimZ = 1,
        blockDimX = 1,
        blockDimY = 1,
        blockDimZ = 1,
        attrs = attributes,
        numAttrs = count,
    };
}
