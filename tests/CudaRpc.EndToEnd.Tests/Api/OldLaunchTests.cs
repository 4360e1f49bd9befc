using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Launches as in CUDA 3 through a server.</summary>
public sealed unsafe class OldLaunchTests : IDisposable
{
    // Block (x, y) adds v to p[x + 4 y].
    private const string Ptx = """
        .version 7.0
        .target sm_70
        .address_size 64
        .visible .entry add(.param .u64 p, .param .u32 v)
        {
            .reg .b64 %rd<4>;
            .reg .b32 %r<6>;
            ld.param.u64 %rd1, [p];
            ld.param.u32 %r1, [v];
            mov.u32 %r2, %ctaid.x;
            mov.u32 %r3, %ctaid.y;
            mad.lo.u32 %r4, %r3, 4, %r2;
            mul.wide.u32 %rd2, %r4, 4;
            add.u64 %rd3, %rd1, %rd2;
            atom.global.add.u32 %r5, [%rd3], %r1;
            ret;
        }
        """;

    private readonly BareServer _server = new();

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Launch_RunsGridBlockAndParametersThatWereSaid()
    {
        CUcontext context = Driver.CreateContext();
        CUmodule module = Driver.Load(Ptx);
        CUfunction add = Driver.Function(module, "add");
        CUdeviceptr target = Driver.Allocate(32);
        Cuda.Ok(Driver.cuMemsetD8_v2(target, 0, 32));
        Cuda.Ok(Driver.cuFuncSetBlockShape(add, 2, 1, 1));
        Cuda.Ok(Driver.cuFuncSetSharedSize(add, 64));
        Cuda.Ok(Driver.cuParamSetSize(add, 12));
        Cuda.Ok(Driver.cuParamSetv(add, 0, &target, 8));
        Cuda.Ok(Driver.cuParamSeti(add, 8, 5));

        Cuda.Ok(Driver.cuLaunch(add));
        Cuda.Ok(Driver.cuParamSeti(add, 8, 1));
        Cuda.Ok(Driver.cuLaunchGrid(add, 4, 2));
        Cuda.Ok(Driver.cuLaunchGridAsync(add, 1, 2, Driver.CreateStream()));
        Cuda.Ok(Driver.cuCtxSynchronize());

        Assert.Equal([14, 2, 2, 2, 4, 2, 2, 2], Words(Driver.Read(target, 32)));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuParamSetTexRef(add, 0, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuParamSetTexRef(add, -1, new CUtexref(add.Value)));
        Cuda.Ok(Driver.cuModuleUnload(module));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuLaunch(add));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuParamSeti(add, 0, 0));
        Cuda.Ok(Driver.cuCtxDestroy_v2(context));
    }

    [Fact]
    public void BadInput_IsRefusedAtOnce()
    {
        Driver.CreateContext();
        CUfunction add = Driver.Function(Driver.Load(Ptx), "add");
        long value;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuLaunch(add));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuFuncSetBlockShape(add, 2048, 1, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuFuncSetBlockShape(add, 1, 0, 1));
        Cuda.Ok(Driver.cuFuncSetBlockShape(add, 1, 1, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuLaunch(add));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuParamSetv(add, 4095, &value, 2));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuParamSetSize(add, 5000));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuFuncSetSharedSize(add, 1 << 30));
        Cuda.Ok(Driver.cuParamSetSize(add, 12));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuLaunchGridAsync(add, 1, 1, new CUstream(add.Value)));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuLaunchGrid(add, 1, 0));
        Cuda.Ok(Driver.cuCtxSynchronize());
    }

    private static int[] Words(byte[] bytes) => [.. Enumerable.Range(0, bytes.Length / 4).Select(index => BitConverter.ToInt32(bytes, index * 4))];
}
