using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>What host memory costs: nothing until kernels may reach it, and then what has changed.</summary>
public sealed unsafe class TwinCostTests(ServerProcess server) : IClassFixture<ServerProcess>
{
    private const int Large = 8 << 20;

    [Fact]
    public void Launch_BesideMemoryThatKernelsDoNotReach_SendsWhatItSendsWithout()
    {
        using var stage = new Stage(server);
        CUdeviceptr device = stage.Driver.Allocate(64);
        long alone = Sent(stage, () => Cuda.Ok(stage.Add((void*)device.Value, 1, 1, 1)));
        byte* memory = stage.Allocate(HostKind.Allocated, Large);
        new Span<byte>(memory, Large).Fill(7);

        long beside = Sent(stage, () => Cuda.Ok(stage.Add((void*)device.Value, 1, 1, 1)));

        Assert.InRange(beside, alone - 8, alone + 8);
    }

    [Fact]
    public void Launch_BesideReachableMemoryThatHasNotChanged_SendsWhatItSendsWithout()
    {
        using var stage = new Stage(server);
        CUdeviceptr device = stage.Driver.Allocate(64);
        long alone = Sent(stage, () => Cuda.Ok(stage.Add((void*)device.Value, 1, 1, 1)));
        byte* memory = stage.Allocate(HostKind.Mapped, Large);
        new Span<byte>(memory, Large).Fill(7);
        long before = stage.Driver.Session.Statistics.BytesSent;
        Cuda.Ok(stage.Add((void*)device.Value, 1, 1, 1));
        Assert.True(stage.Driver.Session.Statistics.BytesSent - before > Large);

        long unchanged = Sent(stage, () => Cuda.Ok(stage.Add((void*)device.Value, 1, 1, 1)));
        long changed = Sent(stage, () =>
        {
            memory[Large / 2] = 8;
            Cuda.Ok(stage.Add((void*)device.Value, 1, 1, 1));
        });

        Assert.InRange(unchanged, alone - 8, alone + 8);
        Assert.InRange(changed - unchanged, 1, 150);
    }

    [Fact]
    public void Wait_AfterAKernelChangedAByte_ReceivesLittle()
    {
        using var stage = new Stage(server);
        byte* memory = stage.Allocate(HostKind.Mapped, Large);
        stage.Synchronize();
        long before = stage.Driver.Session.Statistics.BytesReceived;
        stage.Synchronize();
        long quiet = stage.Driver.Session.Statistics.BytesReceived - before;

        Cuda.Ok(stage.Add(memory + 12345, 1, 1, 1));
        stage.Synchronize();

        Assert.InRange(stage.Driver.Session.Statistics.BytesReceived - before - (2 * quiet), 1, 150);
        Assert.Equal(1, memory[12345]);
    }

    [Fact]
    public void Allocation_OfPageLockedMemory_AsksTheServerOnce()
    {
        using var stage = new Stage(server);
        stage.Allocate(HostKind.Allocated, 100);
        long before = stage.Driver.Session.Statistics.Synchronous;

        byte* memory = stage.Allocate(HostKind.Allocated, 100);
        stage.Free(HostKind.Allocated, memory);

        Assert.Equal(before, stage.Driver.Session.Statistics.Synchronous);
    }

    [Fact]
    public void Launch_BesideReachableMemory_AllocatesNothing()
    {
        using var stage = new Stage(server);
        byte* memory = stage.Allocate(HostKind.Mapped, 64);
        CUfunction function = stage.Driver.Function(stage.Module, "add");
        ulong address = (ulong)memory;
        uint count = 1, stride = 1, value = 1;
        void** parameters = stackalloc void*[] { &address, &count, &stride, &value };
        long least = long.MaxValue;
        for (int round = 0; round < 20; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int launch = 0; launch < 50; launch++)
            {
                memory[launch] = (byte)round;
                stage.Driver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, default, parameters, null);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            stage.Synchronize();
        }

        Assert.Equal(0, least);
    }

    private static long Sent(Stage stage, Action action)
    {
        stage.Driver.Function(stage.Module, "add");
        stage.Synchronize();
        long before = stage.Driver.Session.Statistics.BytesSent;
        action();
        stage.Synchronize();
        return stage.Driver.Session.Statistics.BytesSent - before;
    }
}
