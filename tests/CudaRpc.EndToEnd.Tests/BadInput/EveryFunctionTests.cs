using System.Reflection;
using System.Runtime.CompilerServices;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Server;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>Every function of the contract with nothing but zeros: a result, never an exception, and the session lives.</summary>
public sealed class EveryFunctionTests
{
    private static readonly MethodInfo[] s_functions =
        [.. typeof(CudaDriver).GetMethods(BindingFlags.Public | BindingFlags.Instance).Where(static method => method.ReturnType == typeof(CUresult))];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Zeros_OnALiveSession_GetAResult(bool withContext)
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        var log = new CollectingLogger();
        using RemoteDriver driver = server.Connect(log: log);
        if (withContext)
        {
            driver.CreateContext();
        }

        foreach (MethodInfo function in s_functions)
        {
            CallWithZeros(driver, function);
        }

        Assert.True(s_functions.Length > 600);
        driver.CreateContext();
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.DoesNotContain(log.Entries, static entry => entry.Id == 100);
        log.ExpectNoBugs();
    }

    [Fact]
    public void Zeros_AfterDispose_GetAResult_OnThreadsOldAndNew()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        var log = new CollectingLogger();
        RemoteDriver driver = server.Connect(log: log);
        driver.CreateContext();
        driver.Dispose();

        foreach (MethodInfo function in s_functions)
        {
            CallWithZeros(driver, function);
        }

        Worker.Run(() =>
        {
            foreach (MethodInfo function in s_functions)
            {
                CallWithZeros(driver, function);
            }
        });
        log.ExpectNoBugs();
    }

    [Fact]
    public void Unsupported_AnswersWhatTheCoveragePageSays()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = server.Connect();
        driver.CreateContext();

        Assert.All(
            s_functions.Where(static function => Coverage.Rows.Any(row => row.Function == function.Name && row.Travels == "unsupported")),
            function => Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, function.Invoke(driver, Zeros(function))));
    }

    private static void CallWithZeros(CudaDriver driver, MethodInfo function)
    {
        Exception? failure = Record.Exception(() => Assert.NotEqual(CUresult.CUDA_ERROR_UNKNOWN, function.Invoke(driver, Zeros(function))));
        Assert.True(failure is null, $"{function.Name}: {failure}");
    }

    private static object?[] Zeros(MethodInfo function) => [.. function.GetParameters().Select(static parameter =>
        parameter.ParameterType switch
        {
            { IsPointer: true } => null,
            { IsFunctionPointer: true } => (object)nint.Zero,
            Type value => RuntimeHelpers.GetUninitializedObject(value),
        })];
}
