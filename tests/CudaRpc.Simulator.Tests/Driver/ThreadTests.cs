using System.Collections.Concurrent;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class ThreadTests
{
    [Fact]
    public void ManyThreads_InOneContext_SeeTheirOwnResults()
    {
        using var bench = new Bench();
        var failures = new ConcurrentQueue<string>();
        var threads = new Thread[8];
        for (int i = 0; i < threads.Length; i++)
        {
            int seed = i;
            threads[i] = new Thread(() => Work(bench, seed, failures));
            threads[i].Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.Empty(failures);
        Assert.Equal(0ul, bench.Used);
    }

    // Some use the legacy stream, some their own, some a non-blocking one; each checks what it wrote.
    private static void Work(Bench bench, int seed, ConcurrentQueue<string> failures)
    {
        try
        {
            Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));
            CUstream stream = (seed % 4) switch
            {
                0 => default,
                1 => new CUstream(2),
                2 => bench.NewStream(),
                _ => bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING),
            };
            CUevent marker = bench.NewEvent();
            for (int i = 0; i < 100; i++)
            {
                CUdeviceptr first = bench.Allocate(64), second = bench.Allocate(64);
                uint value = (uint)((seed << 16) | i);
                Bench.Must(bench.Driver.cuMemsetD32Async(first, value, 16, stream));
                Bench.Must(bench.Driver.cuEventRecord(marker, stream));
                Bench.Must(bench.Driver.cuStreamWaitEvent(default, marker, 0));
                Bench.Must(bench.Driver.cuMemcpyDtoDAsync_v2(second, first, 64, default));
                uint read = bench.Read<uint>(second + 60ul);
                if (read != value)
                {
                    failures.Enqueue($"thread {seed}, round {i}: {read:x} in place of {value:x}");
                }
                Bench.Must(bench.Driver.cuMemFreeAsync(first, stream));
                Bench.Must(bench.Driver.cuMemFree_v2(second));
            }
            Bench.Must(bench.Driver.cuCtxSynchronize());
        }
        catch (InvalidOperationException exception)
        {
            failures.Enqueue(exception.ToString());
        }
    }
}
