using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Tests.Timing;

public sealed unsafe class KernelTimeTests
{
    // Of a thread of "touch", as the simulator compiles it.
    private const int Instructions = 9;

    [Fact]
    public void Kernel_ByItsBytes_TakesWhatMemoryNeeds()
    {
        using var timed = new TimedBench();

        // 4 blocks of 32 threads, 8 bytes each, at a byte a nanosecond.
        Assert.Equal(4 * 32 * 8, Took(timed, blocks: 4, threads: 32));
    }

    [Fact]
    public void Kernel_ByItsInstructions_TakesWhatItsMultiprocessorsNeed()
    {
        using var timed = new TimedBench(change: static profile => profile with { MemoryGigabytes = 1000 });

        // 64 threads on one multiprocessor, which does an instruction a nanosecond.
        Assert.Equal(Instructions * 64, Took(timed, blocks: 1, threads: 64));
        Assert.Equal(Instructions * 64, Took(timed, blocks: 4, threads: 64));
        Assert.Equal(Instructions * 64 * 2, Took(timed, blocks: 8, threads: 64));
    }

    [Fact]
    public void Kernel_ThatDoesNextToNothing_TakesTheShortestTime()
    {
        using var timed = new TimedBench(change: static profile => profile with { MemoryGigabytes = 1000 });

        Assert.Equal(TimedBench.Shortest, Took(timed, blocks: 1, threads: 1));
    }

    [Fact]
    public void Kernel_InTheTable_TakesTheTimeGiven()
    {
        using var timed = new TimedBench(change: static profile => profile with { Kernels = [new KernelTime { Kernel = "touch", Nanoseconds = 12345 }] });

        Assert.Equal(12345, Took(timed, blocks: 1, threads: 1));
    }

    [Fact]
    public void Kernel_WithoutTheParameterNamed_TakesWhatItTakes()
    {
        using var timed = new TimedBench(change: static profile => profile with { Kernels = [new KernelTime { Kernel = "t*", Parameter = 1 }] });

        Assert.Equal(32 * Instructions, Took(timed, blocks: 1, threads: 32));
    }

    [Fact]
    public void Skyline_FillsGaps()
    {
        var skyline = new Skyline(2);

        Assert.Equal(0, skyline.Take(ready: 0, duration: 10, share: 2, now: 0, owner: this));
        Assert.Equal(20, skyline.Take(ready: 20, duration: 10, share: 1, now: 0, owner: this));
        Assert.Equal(10, skyline.Take(ready: 5, duration: 10, share: 2, now: 0, owner: this));
        Assert.Equal(20, skyline.Take(ready: 0, duration: 10, share: 1, now: 0, owner: this));
        Assert.Equal(30, skyline.Take(ready: 0, duration: 5, share: 1, now: 0, owner: this));
    }

    [Fact]
    public void Skyline_ForgetsWhatIsOver()
    {
        var skyline = new Skyline(1);
        for (int i = 0; i < 5000; i++)
        {
            Assert.Equal(2 * i, skyline.Take(ready: 2 * i, duration: 1, share: 1, now: 2 * i, owner: this));
        }

        Assert.InRange(skyline.StepCount, 1, 2048);
        Assert.Equal(9999, skyline.Take(ready: 9998, duration: 1, share: 1, now: 9998, owner: this));
    }

    [Fact]
    public void Skyline_WhoseOwnerHasGone_IsFreeFromNowOn()
    {
        object gone = new();
        var skyline = new Skyline(1);
        skyline.Take(ready: 0, duration: 10, share: 1, now: 0, owner: gone);
        skyline.Take(ready: 0, duration: 10, share: 1, now: 0, owner: this);
        skyline.Take(ready: 0, duration: 1000, share: 1, now: 0, owner: gone);

        skyline.GiveBack(gone, now: 5);

        Assert.Equal(20, skyline.Take(ready: 0, duration: 6, share: 1, now: 5, owner: this)); // Until 5 it was taken, from 10 on it is.
        Assert.Equal(5, skyline.Take(ready: 0, duration: 5, share: 1, now: 5, owner: this));
    }

    [Theory]
    [InlineData("T4")]
    [InlineData("a100")]
    [InlineData("H100")]
    public void NamedProfile_IsPossible(string name) => Assert.Null(DeviceProfile.Find(name)!.Fault());

    [Fact]
    public void Gpu_WithImpossibleTimes_IsRefused()
    {
        DeviceProfile impossible = DeviceProfile.Find("T4")! with { MemoryGigabytes = 0 };

        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => new SimulatedGpu(new SimulatedGpuOptions { DeviceTime = impossible }));

        Assert.Contains("rates", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(static () => new SimulatedGpu(new SimulatedGpuOptions { Executes = false }));
    }

    private static long Took(TimedBench timed, uint blocks, uint threads)
    {
        CUstream stream = timed.Stream();
        CUdeviceptr memory = timed.Bench.Allocate(4096);
        timed.Work(stream, 1000); // Hides the launch latency.
        CUevent start = timed.Record(stream);
        timed.Touch(stream, memory, blocks, threads);
        return timed.Between(start, timed.Record(stream));
    }
}
