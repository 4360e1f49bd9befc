using CudaRpc.Driver;

namespace CudaRpc.Tracing.Tests.Recording;

/// <summary>What a server tells of a session's calls.</summary>
public sealed unsafe class ServerTimesTests
{
    [Fact]
    public void Calls_ThatWereSent_HaveTheServersTimes()
    {
        using var program = new TracedProgram();
        CUdeviceptr memory;
        program.Check(program.Driver.cuMemAlloc_v2(&memory, 4096));
        for (int call = 0; call < 5000; call++)
        {
            program.Check(program.Driver.cuMemsetD8Async(memory, 1, 16, default));
        }

        program.Check(program.Driver.cuCtxSynchronize());
        Trace trace = program.Finish();

        TraceCall[] sent = [.. trace.Calls.Where(static call => call.Class != TraceClass.Local)];
        Assert.True(sent.Length > 5000);
        Assert.All(sent, static call => Assert.True(call.ServerBegin >= 0 && call.ServerEnd >= call.ServerBegin));
        // One clock here, which the comparison can be wrong about by a part of a round trip.
        long slack = trace.Header.RoundTrip * 10;
        Assert.All(sent, call => Assert.True(call.ServerBegin >= call.Begin - slack));
        Assert.All(
            sent.Where(static call => call.Class != TraceClass.Posted),
            call => Assert.True(call.ServerEnd <= call.End + slack, $"{trace.NameOf(call)} {call}"));
        Assert.All(trace.Calls.Where(static call => call.Class == TraceClass.Local), static call => Assert.Equal(-1, call.ServerBegin));
    }

    [Fact]
    public void Calls_OfOneStream_AreServedInOrder()
    {
        using var program = new TracedProgram();
        CUdeviceptr memory;
        program.Check(program.Driver.cuMemAlloc_v2(&memory, 4096));
        program.Check(program.Driver.cuMemsetD8Async(memory, 1, 16, default));
        program.Check(program.Driver.cuMemsetD8Async(memory, 2, 16, default));
        program.Check(program.Driver.cuCtxSynchronize());
        Trace trace = program.Finish();
        TraceCall[] served = [.. trace.Calls.Where(static call => call.ServerBegin >= 0)];
        Assert.Equal(served.OrderBy(static call => call.ServerBegin), served);
    }
}
