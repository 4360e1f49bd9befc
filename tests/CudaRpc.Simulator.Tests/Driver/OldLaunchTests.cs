namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Launches as in CUDA 3: a function is told its block, shared memory and parameters one by one.</summary>
public sealed unsafe class OldLaunchTests
{
    [Fact]
    public void Launch_TakesWhatWasSaidOfTheFunction()
    {
        using var bench = new Bench();
        CUfunction store = bench.GetFunction("store");
        CUdeviceptr target = bench.Allocate(8);
        Bench.Must(bench.Driver.cuFuncSetBlockShape(store, 1, 1, 1));
        Bench.Must(bench.Driver.cuParamSetv(store, 0, &target, 8));
        Bench.Must(bench.Driver.cuParamSeti(store, 8, 42));
        Bench.Must(bench.Driver.cuParamSetSize(store, 12));

        Bench.Must(bench.Driver.cuLaunch(store));
        Assert.Equal(42, bench.Read<int>(target));

        Bench.Must(bench.Driver.cuParamSetf(store, 8, 1.5f));
        Bench.Must(bench.Driver.cuLaunchGridAsync(store, 2, 3, bench.NewStream()));
        Bench.Must(bench.Driver.cuCtxSynchronize());
        Assert.Equal(1.5f, bench.Read<float>(target));
    }

    [Fact]
    public void Launch_WithoutBlockOrParameters_IsRefused()
    {
        using var bench = new Bench();
        CUfunction store = bench.GetFunction("store");

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunch(store));
        Bench.Must(bench.Driver.cuFuncSetBlockShape(store, 1, 1, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunch(store));
        Bench.Must(bench.Driver.cuParamSetSize(store, 12));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchGrid(store, 0, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunchGrid(store, 1, -1));
    }

    [Fact]
    public void BadNumbers_AreRefused()
    {
        using var bench = new Bench();
        CUfunction limited = bench.GetFunction("limited");
        long value = 0;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuFuncSetBlockShape(limited, 0, 1, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuFuncSetBlockShape(limited, 65, 1, 1));
        Bench.Must(bench.Driver.cuFuncSetBlockShape(limited, 8, 4, 2));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuParamSetSize(limited, 4097));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuParamSetv(limited, -1, &value, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuParamSetv(limited, 4092, &value, 8));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuParamSetv(limited, 0, null, 8));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuParamSetv(limited, 0, &value, uint.MaxValue));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuFuncSetSharedSize(limited, 1 << 30));
        Bench.Must(bench.Driver.cuFuncSetSharedSize(limited, 100 << 10));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLaunch(limited));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuParamSeti(default, 0, 1));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuLaunch(new CUfunction(bench.Context.Value)));
    }
}
