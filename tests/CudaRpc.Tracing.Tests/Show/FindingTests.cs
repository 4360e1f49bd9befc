using CudaRpc.Server.Tracing;
using CudaRpc.Tracing;

namespace CudaRpc.Tracing.Tests.Show;

/// <summary>Each finding: a trace that has it, and one that is nearly the same and does not.</summary>
public sealed class FindingTests
{
    private const int NotReady = 600;

    [Fact]
    public void RepeatedQuestion_SameQuestionFourTimes_CountsThree()
    {
        Finding found = Found("repeated-question", TraceBuilder.Repeat(4, static step => step.Asks("cuMemPoolGetAttribute")));

        Assert.Equal((3, 3, 60_000), (found.Count, found.RoundTrips, found.Time));
        Assert.Contains("cuMemPoolGetAttribute 3x", found.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void RepeatedQuestion_AnswersOfOtherSizes_IsNotFound()
    {
        int size = 40;
        NotFound("repeated-question", TraceBuilder.Repeat(4, step => step.Asks("cuMemPoolGetAttribute", bytesIn: size++)));
    }

    [Fact]
    public void RepeatedQuestion_AnsweredByTheClient_IsNotFound() =>
        NotFound("repeated-question", TraceBuilder.Repeat(4, static step => step.Call("cuDeviceGetAttribute", TraceClass.Local)));

    [Fact]
    public void MemoryInfo_EachStep_IsFound() =>
        Assert.Equal(8, Found("memory-info", TraceBuilder.Repeat(8, static step => step.Asks("cuMemGetInfo_v2").Launch())).Count);

    [Fact]
    public void MemoryInfo_AFewTimes_IsNotFound() =>
        NotFound("memory-info", TraceBuilder.Repeat(7, static step => step.Asks("cuMemGetInfo_v2").Launch()));

    [Theory]
    [InlineData("cuCtxSynchronize", "cuCtxSynchronize")]
    [InlineData("cuCtxSynchronize", "cuStreamSynchronize")]
    [InlineData("cuStreamSynchronize_ptsz", "cuStreamSynchronize_ptsz")]
    [InlineData("cuEventSynchronize", "cuEventSynchronize")]
    public void RepeatedSynchronise_NothingBetween_IsFound(string first, string second) =>
        Assert.Equal(1, Found("repeated-synchronise", new TraceBuilder().Launch().Waits(first, 3, 3).Waits(second, 3, 3)).Count);

    [Theory]
    [InlineData("cuStreamSynchronize", "cuCtxSynchronize")]
    [InlineData("cuEventSynchronize", "cuStreamSynchronize")]
    public void RepeatedSynchronise_OfMoreThanBefore_IsNotFound(string first, string second) =>
        NotFound("repeated-synchronise", new TraceBuilder().Launch().Waits(first, 3, 3).Waits(second, 3, 3));

    [Fact]
    public void RepeatedSynchronise_OfAnotherStream_IsNotFound() =>
        NotFound("repeated-synchronise", new TraceBuilder().Launch(1).Launch(2).Waits("cuStreamSynchronize", 1)
            .Waits("cuStreamSynchronize", 2));

    [Fact]
    public void RepeatedSynchronise_WorkOfAnotherThreadBetween_IsNotFound()
    {
        var builder = new TraceBuilder((7, 70, "main"), (7, 71, "worker"));
        builder.Waits("cuCtxSynchronize");
        builder.Call("cuLaunchKernel", TraceClass.Posted, thread: 1, pause: 31_200);
        builder.Call("cuCtxSynchronize", TraceClass.Blocking, pause: 5_000);

        NotFound("repeated-synchronise", builder);
    }

    [Fact]
    public void RepeatedSynchronise_WorkOfAnotherProcessBetween_IsFound()
    {
        var builder = new TraceBuilder((7, 70, "main"), (8, 80, "other"));
        builder.Waits("cuCtxSynchronize");
        builder.Call("cuLaunchKernel", TraceClass.Posted, thread: 1, pause: 31_200);
        builder.Call("cuCtxSynchronize", TraceClass.Blocking, pause: 5_000);

        Assert.Equal(1, Found("repeated-synchronise", builder).Count);
    }

    [Fact]
    public void FrequentSynchronise_AfterEachLaunch_IsFound() =>
        Assert.Equal(8, Found("synchronise-per-launch",
            TraceBuilder.Repeat(8, static step => step.Launch().Waits("cuCtxSynchronize"))).Count);

    [Fact]
    public void FrequentSynchronise_AfterTwoLaunches_IsNotFound() =>
        NotFound("synchronise-per-launch", TraceBuilder.Repeat(8, static step => step.Launch().Launch().Waits("cuCtxSynchronize")));

    [Theory]
    [InlineData("cuStreamQuery")]
    [InlineData("cuEventQuery")]
    public void Polling_NotReady_IsFound(string function) =>
        Assert.Equal(5, Found("polling", TraceBuilder.Repeat(5, step => step.Asks(function, NotReady))).Count);

    [Fact]
    public void Polling_ReadyAtOnce_IsNotFound() =>
        NotFound("polling", TraceBuilder.Repeat(5, static step => step.Launch().Asks("cuStreamQuery")));

    [Theory]
    [InlineData("cuMemAlloc_v2", "cuMemFree_v2")]
    [InlineData("cuMemAllocAsync", "cuMemFreeAsync")]
    public void AllocationInLoop_FreedAndAllocatedAgain_CountsTheLater(string allocate, string free) =>
        Assert.Equal(5, Found("allocation-in-loop",
            TraceBuilder.Repeat(6, step => step.Asks(allocate).Launch().Call(free, TraceClass.Posted))).Count);

    [Fact]
    public void AllocationInLoop_FreedAtTheEnd_IsNotFound()
    {
        TraceBuilder builder = TraceBuilder.Repeat(6, static step => step.Asks("cuMemAlloc_v2"));
        for (int time = 0; time < 6; time++)
        {
            builder.Call("cuMemFree_v2", TraceClass.Posted);
        }

        NotFound("allocation-in-loop", builder);
    }

    [Theory]
    [InlineData("cuMemcpyDtoH_v2", 70_000)]
    [InlineData("cuMemcpy2D_v2", 1_000_000)]
    public void LargeSynchronousCopy_Above64KiB_IsFound(string function, long bytes) =>
        Assert.Equal(1, Found("large-synchronous-copy", new TraceBuilder().Waits(function, bytesIn: bytes)).Count);

    [Theory]
    [InlineData("cuMemcpyDtoH_v2", 60_000)]
    [InlineData("cuMemcpyDtoHAsync_v2", 70_000)]
    public void LargeSynchronousCopy_SmallOrAsynchronous_IsNotFound(string function, long bytes) =>
        NotFound("large-synchronous-copy", new TraceBuilder().Waits(function, bytesIn: bytes));

    [Fact]
    public void SmallCopyToHost_EachStep_IsFound() =>
        Assert.Equal(4, Found("small-copy-to-host", TraceBuilder.Repeat(4, static step => step.Launch().Waits("cuMemcpyDtoH_v2"))).Count);

    [Theory]
    [InlineData(TraceClass.Posted)]
    [InlineData(TraceClass.Blocking)]
    public void SmallCopyToHost_Asynchronous_IsNotFound(TraceClass answered) =>
        NotFound("small-copy-to-host", TraceBuilder.Repeat(4, step => step.Launch().Call("cuMemcpyDtoHAsync_v2", answered)));

    [Fact]
    public void PageableCopy_AsynchronousButWaitedFor_IsFound()
    {
        Finding found = Found("pageable-copy", TraceBuilder.Repeat(3, static step => step.Waits("cuMemcpyDtoHAsync_v2")));

        // Of 30 us each, 20 are the device's.
        Assert.Equal((3, 30_000), (found.Count, found.Time));
    }

    [Fact]
    public void PageableCopy_PostedOrSynchronous_IsNotFound() => NotFound(
        "pageable-copy",
        TraceBuilder.Repeat(3, static step => step.Call("cuMemcpyDtoHAsync_v2", TraceClass.Posted).Waits("cuMemcpyDtoH_v2")));

    [Fact]
    public void PageableCopy_NothingRemoted_IsNotFound()
    {
        TraceBuilder builder = TraceBuilder.Repeat(3, static step => step.Waits("cuMemcpyDtoHAsync_v2"));
        builder.Header = builder.Header with { Server = "native:", RoundTrip = 0 };

        NotFound("pageable-copy", builder);
    }

    [Fact]
    public void FirstUse_ModuleAndFunctions_IsFound()
    {
        Finding found = Found("first-use", new TraceBuilder().Asks("cuDevicePrimaryCtxRetain").Asks("cuModuleLoadDataEx")
            .Asks("cuModuleGetFunction"));

        Assert.Equal((3, 60_000), (found.Count, found.Time));
    }

    [Fact]
    public void FirstUse_LaunchesOnly_IsNotFound() =>
        NotFound("first-use", TraceBuilder.Repeat(3, static step => step.Launch().Waits("cuCtxSynchronize")));

    [Theory]
    [InlineData("cuGraphInstantiateWithParams", "cuGraphExecDestroy")]
    [InlineData("cuModuleLoadDataEx", "cuModuleUnload")]
    [InlineData("cuMemHostRegister_v2", "cuMemHostUnregister")]
    [InlineData("cuMemPoolCreate", "cuMemPoolDestroy")]
    public void ShortLived_CreatedAndEnded_IsFound(string create, string end) =>
        Assert.Equal(2, Found("short-lived",
            TraceBuilder.Repeat(2, step => step.Asks(create).Launch().Call(end, TraceClass.Posted))).Count);

    [Fact]
    public void ShortLived_EndedLater_IsNotFound() => NotFound(
        "short-lived",
        TraceBuilder.Repeat(2, static step => step.Asks("cuMemPoolCreate").Launch().Launch().Launch().Launch()
            .Call("cuMemPoolDestroy", TraceClass.Posted)));

    [Fact]
    public void ShortLived_CreatedAndEndedWithoutWaiting_IsNotFound() => NotFound(
        "short-lived",
        TraceBuilder.Repeat(2, static step => step.Call("cuEventCreate", TraceClass.Posted).Call("cuEventDestroy_v2", TraceClass.Posted)));

    [Fact]
    public void RepeatedFailure_SameFailureFiveTimes_CountsFour() =>
        Assert.Equal(4, Found("repeated-failure", TraceBuilder.Repeat(5, static step => step.Asks("cuMulticastCreate", 801))).Count);

    [Fact]
    public void RepeatedFailure_SucceedsOrIsNotReady_IsNotFound() =>
        NotFound("repeated-failure", TraceBuilder.Repeat(5, static step => step.Asks("cuStreamQuery", NotReady).Asks("cuMulticastCreate")));

    [Fact]
    public void Findings_ProgramThatOnlyPosts_AreNone() =>
        Assert.Empty(TraceAnalysis.Of(TraceBuilder.Repeat(50, static step => step.Launch()).Waits("cuCtxSynchronize").Build()).Findings);

    private static Finding Found(string name, TraceBuilder builder) =>
        Assert.Single(TraceAnalysis.Of(builder.Build()).Findings, finding => finding.Name == name);

    private static void NotFound(string name, TraceBuilder builder) =>
        Assert.DoesNotContain(TraceAnalysis.Of(builder.Build()).Findings, finding => finding.Name == name);
}
