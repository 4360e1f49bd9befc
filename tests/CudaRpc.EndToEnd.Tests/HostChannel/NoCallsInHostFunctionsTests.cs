using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>A function that a stream calls must not call CUDA: a wait in it would be for itself.</summary>
public sealed unsafe class NoCallsInHostFunctionsTests
{
    public static TheoryData<string> Calls => ["synchronize", "allocate", "stream", "query", "function"];

    [Theory]
    [MemberData(nameof(Calls))]
    public void Call_InAHostFunctionOfAServersStream_IsNotPermitted(string call)
    {
        using var stage = new Stage();

        Assert.Equal(CUresult.CUDA_ERROR_NOT_PERMITTED, ResultInside(stage.Driver, stage.Context, stage.Stream, call));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Call_InAHostFunctionOfASimulatedStream_IsNotPermitted(string call)
    {
        using var gpu = new SimulatedGpu();
        using var driver = new SimulatedDriver(gpu);
        Cuda.Ok(driver.cuInit(0));
        CUcontext context = driver.CreateContext();

        Assert.Equal(CUresult.CUDA_ERROR_NOT_PERMITTED, ResultInside(driver, context, driver.CreateStream(), call));
    }

    [Fact]
    public void Call_InAStreamCallback_IsNotPermitted()
    {
        using var stage = new Stage();
        CUresult inside = CUresult.CUDA_SUCCESS;
        using var function = new HostFunction((_, _) => inside = stage.Driver.cuStreamSynchronize(stage.Stream));

        Cuda.Ok(stage.Driver.cuStreamAddCallback(stage.Stream, HostFunction.Callback, function.Data, 0));
        Cuda.Ok(stage.Driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal(CUresult.CUDA_ERROR_NOT_PERMITTED, inside);
    }

    [Fact]
    public void Call_InAGraphsHostNode_IsNotPermitted()
    {
        using var stage = new Stage();
        CUresult inside = CUresult.CUDA_SUCCESS;
        using var function = new HostFunction(() => inside = stage.Driver.cuStreamSynchronize(stage.Stream));
        CUgraph graph;
        CUgraphExec instance;
        CUgraphNode node;
        var parameters = new CUDA_HOST_NODE_PARAMS_v1 { fn = HostFunction.Function, userData = function.Data };
        Cuda.Ok(stage.Driver.cuGraphCreate(&graph, 0));
        Cuda.Ok(stage.Driver.cuGraphAddHostNode(&node, graph, null, 0, &parameters));
        Cuda.Ok(stage.Driver.cuGraphInstantiateWithFlags(&instance, graph, 0));

        Cuda.Ok(stage.Driver.cuGraphLaunch(instance, stage.Stream));
        Cuda.Ok(stage.Driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal(CUresult.CUDA_ERROR_NOT_PERMITTED, inside);
    }

    private static CUresult ResultInside(CudaDriver driver, CUcontext context, CUstream stream, string call)
    {
        CUresult inside = CUresult.CUDA_SUCCESS;
        using var function = new HostFunction(() =>
        {
            driver.cuCtxSetCurrent(context);
            inside = Make(driver, stream, call);
        });
        Cuda.Ok(driver.cuLaunchHostFunc(stream, HostFunction.Function, function.Data));
        Cuda.Ok(driver.cuStreamSynchronize(stream));
        return inside;
    }

    private static CUresult Make(CudaDriver driver, CUstream stream, string call)
    {
        CUdeviceptr address;
        CUstream other;
        return call switch
        {
            "synchronize" => driver.cuStreamSynchronize(stream),
            "allocate" => driver.cuMemAlloc_v2(&address, 64),
            "stream" => driver.cuStreamCreate(&other, 0),
            "query" => driver.cuStreamQuery(stream),
            _ => driver.cuLaunchHostFunc(stream, HostFunction.Function, null),
        };
    }
}
