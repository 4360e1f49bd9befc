using CudaRpc.Driver;

namespace CudaRpc.Tracing.Tests.Recording;

/// <summary>What recording takes that can be asserted.</summary>
public sealed unsafe class CostTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Calls_ThatAreRecorded_AllocateNothing(bool remote)
    {
        using var program = new TracedProgram(remote);
        CudaDriver driver = program.Driver;
        CUcontext current;
        CUevent first, second;
        program.Check(driver.cuEventCreate(&first, 0));
        program.Check(driver.cuEventCreate(&second, 0));
        long least = long.MaxValue;
        // The two queues of posted calls grow to their bound first, each by doubling.
        for (int round = 0; round < 30 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            // Several chunks full.
            for (int call = 0; call < 20_000; call++)
            {
                _ = driver.cuCtxGetCurrent(&current);
                CUevent either = (call & 1) == 0 ? first : second;
                _ = remote ? driver.cuEventRecord(either, new CUstream(2)) : driver.cuEventQuery(either);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            program.Check(driver.cuCtxSynchronize());
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void Session_WithoutATrace_HasNoRecorder()
    {
        using CudaSession session = CudaSession.Connect("sim:");
        Assert.Same(session.Driver, session.Driver.Undecorated);
    }
}
