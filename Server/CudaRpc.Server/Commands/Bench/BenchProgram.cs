using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Kernels;
using CudaRpc.Protocol;

namespace CudaRpc.Server.Commands.Bench;

/// <summary>The program that is measured: a context, a kernel of four parameters and memory on one driver. What it does, the benchmark times.</summary>
internal sealed unsafe class BenchProgram : IDisposable
{
    private const int Batch = 16;
    private readonly CudaDriver _driver;
    private readonly nuint _deviceBytes;
    private readonly CUcontext _context;
    private readonly CUfunction _kernel;
    private readonly CUdeviceptr _memory;

    /// <param name="driver">Disposed with the program.</param>
    /// <param name="deviceBytes">Size of the largest copy.</param>
    public BenchProgram(CudaDriver driver, long deviceBytes)
    {
        (_driver, _deviceBytes) = (driver, (nuint)deviceBytes);
        CUcontext context;
        CUmodule module;
        CUfunction kernel;
        CUdeviceptr memory;
        byte* name = stackalloc byte[128];
        Must(driver.cuInit(0));
        Must(driver.cuDeviceGetName(name, 128, 0));
        Must(driver.cuDevicePrimaryCtxRetain(&context, 0));
        Must(driver.cuCtxSetCurrent(context));
        var sample = new VectorAdd();
        fixed (byte* ptx = Encoding.UTF8.GetBytes(sample.ReadPtx() + '\0'))
        fixed (byte* entry = Encoding.UTF8.GetBytes(sample.Name + '\0'))
        {
            Must(driver.cuModuleLoadData(&module, ptx));
            Must(driver.cuModuleGetFunction(&kernel, module, entry));
        }

        Must(driver.cuMemAlloc_v2(&memory, _deviceBytes));
        (_context, _kernel, _memory) = (context, kernel, memory);
        Device = Marshal.PtrToStringUTF8((nint)name)!;
    }

    public string Device { get; }

    /// <summary>What was sent so far; all zero for a driver that does not count.</summary>
    public CallStatistics Statistics => _driver.Undecorated is RemoteDriver remote ? remote.Session.Statistics : default;

    /// <summary>Calls that wait for their replies, each timed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="pause">Before each, awake.</param>
    public Timing Synchronize(int count, TimeSpan pause = default)
    {
        long[] times = new long[count];
        for (int index = -count / 10; index < count; index++)
        {
            Pause(pause);
            long start = Stopwatch.GetTimestamp();
            Must(_driver.cuCtxSynchronize());
            if (index >= 0)
            {
                times[index] = Nanoseconds(Stopwatch.GetTimestamp() - start);
            }
        }

        return Timing.Of(times);
    }

    /// <summary>Launches, each timed, behind a pause and a wait.</summary>
    public Timing LaunchPaused(int count, TimeSpan pause)
    {
        long[] times = new long[count];
        for (int index = -count / 10; index < count; index++)
        {
            Pause(pause);
            long start = Stopwatch.GetTimestamp();
            Launch(1);
            if (index >= 0)
            {
                times[index] = Nanoseconds(Stopwatch.GetTimestamp() - start);
            }

            Must(_driver.cuCtxSynchronize());
        }

        return Timing.Of(times);
    }

    /// <summary>Launches in small bursts, as a program makes them; the time of each, in nanoseconds, is the median burst's.</summary>
    public double LaunchCost(int bursts)
    {
        long[] times = new long[bursts];
        for (int burst = 0; burst < bursts; burst++)
        {
            long start = Stopwatch.GetTimestamp();
            Launch(Batch);
            times[burst] = Stopwatch.GetTimestamp() - start;
            if (burst % 8 == 7)
            {
                Must(_driver.cuCtxSynchronize());
            }
        }

        Array.Sort(times);
        return (double)Nanoseconds(times[bursts / 2]) / Batch;
    }

    /// <summary>Launches as fast as the driver takes them; how many a second, the wait for the last included.</summary>
    public double LaunchRate(int threads, int count)
    {
        return threads == 1 ? Rate(count, () => LaunchAndWait(count)) : LaunchRate([.. Enumerable.Repeat(this, threads)], count);
    }

    /// <summary>The same of several programs, a thread each.</summary>
    public static double LaunchRate(IReadOnlyList<BenchProgram> programs, int count)
    {
        int threads = programs.Count;
        using var start = new Barrier(threads + 1);
        Thread[] workers = [.. programs.Select(program => new Thread(() =>
        {
            program.Must(program._driver.cuCtxSetCurrent(program._context));
            program.LaunchAndWait(Batch);
            start.SignalAndWait();
            program.LaunchAndWait(count / threads);
        }))];
        foreach (Thread worker in workers)
        {
            worker.Start();
        }

        start.SignalAndWait();
        return Rate(count / threads * threads, () => Array.ForEach(workers, worker => worker.Join()));
    }

    /// <summary>Managed memory that a launch allocates.</summary>
    public double AllocatedBytes(int count)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Launch(count);
        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / count;
    }

    /// <summary>
    /// Copies between pageable memory and the device; bytes per second. That of the median copy, as the baseline's is; of all together where
    /// nobody waits for each.
    /// </summary>
    public double Copy(bool toDevice, long size, int count)
    {
        byte* host = (byte*)NativeMemory.AlignedAlloc((nuint)size, 4096);
        try
        {
            new Span<byte>(host, (int)size).Fill(1);
            Once(host, toDevice, (nuint)size);
            Must(_driver.cuCtxSynchronize());
            return (toDevice && size <= ProtocolLimits.PostedCopy ? RateOfAll(host, size, count) : RateOfEach(host, toDevice, size, count)) * size;
        }
        finally
        {
            NativeMemory.AlignedFree(host);
        }
    }

    /// <summary>
    /// One step of a program, seconds: <paramref name="launches"/> launches, <paramref name="copies"/> copies of <paramref name="size"/> bytes to the
    /// device, one wait for all of it. The median of <paramref name="steps"/>.
    /// </summary>
    public double Step(int launches, int copies, int size, int steps)
    {
        byte* host = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(size, 1));
        try
        {
            double[] times = new double[steps];
            for (int step = 0; step < steps; step++)
            {
                long start = Stopwatch.GetTimestamp();
                Launch(launches);
                for (int copy = 0; copy < copies; copy++)
                {
                    Must(_driver.cuMemcpyHtoDAsync_v2(_memory, host, (nuint)size, default));
                }

                Must(_driver.cuCtxSynchronize());
                times[step] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }

            Array.Sort(times);
            return times[steps / 2];
        }
        finally
        {
            NativeMemory.Free(host);
        }
    }

    public void Dispose()
    {
        _driver.cuMemFree_v2(_memory);
        _driver.cuDevicePrimaryCtxRelease_v2(0);
        (_driver as IDisposable)?.Dispose();
    }

    private double RateOfAll(byte* host, long size, int count) => Rate(count, () =>
    {
        for (int index = 0; index < count; index++)
        {
            Once(host, toDevice: true, (nuint)size);
        }

        Must(_driver.cuCtxSynchronize());
    });

    private double RateOfEach(byte* host, bool toDevice, long size, int count)
    {
        long[] times = new long[count];
        for (int index = 0; index < count; index++)
        {
            long start = Stopwatch.GetTimestamp();
            Once(host, toDevice, (nuint)size);
            times[index] = Stopwatch.GetTimestamp() - start;
        }

        Array.Sort(times);
        return (double)Stopwatch.Frequency / times[count / 2];
    }

    private void Once(byte* host, bool toDevice, nuint size) =>
        Must(toDevice ? _driver.cuMemcpyHtoD_v2(_memory, host, size) : _driver.cuMemcpyDtoH_v2(host, _memory, size));

    private void LaunchAndWait(int count)
    {
        Launch(count);
        Must(_driver.cuCtxSynchronize());
    }

    private void Launch(int count)
    {
        CUdeviceptr memory = _memory;
        int elements = 1;
        void** parameters = stackalloc void*[] { &memory, &memory, &memory, &elements };
        for (int index = 0; index < count; index++)
        {
            Must(_driver.cuLaunchKernel(_kernel, 1, 1, 1, 32, 1, 1, 0, default, parameters, null));
        }
    }

    // Awake: a thread that sleeps comes back late.
    private static void Pause(TimeSpan pause)
    {
        for (long until = Stopwatch.GetTimestamp() + (long)(pause.TotalSeconds * Stopwatch.Frequency); Stopwatch.GetTimestamp() < until;)
        {
            Thread.SpinWait(1);
        }
    }

    private static double Rate(int count, Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static long Nanoseconds(long ticks) => ticks * 1_000_000_000 / Stopwatch.Frequency;

    private void Must(CUresult result, [CallerArgumentExpression(nameof(result))] string call = "") =>
        _driver.ThrowIfFailed(result, call: call);
}
