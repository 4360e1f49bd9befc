using System.Diagnostics;
using System.Text;

namespace CudaRpc.Workloads;

/// <summary>
/// A workload on a driver: context, module and threads. The device should take the time that kernels named <c>timed_*</c> say
/// (docs/simulator.md); on another one they take none.
/// </summary>
public sealed unsafe class WorkloadProgram : IDisposable
{
    private readonly CudaDriver _driver;
    private readonly Workload _workload;
    private readonly CUcontext _context;
    private readonly CUmodule _module;
    private readonly Dictionary<string, CUfunction> _functions = [];

    /// <summary>Starts the program up to its loop.</summary>
    /// <param name="driver">The driver; the caller's.</param>
    /// <param name="workload">What to do.</param>
    /// <exception cref="InvalidOperationException">A call failed; the message names it.</exception>
    public WorkloadProgram(CudaDriver driver, Workload workload)
    {
        (_driver, _workload) = (driver, workload);
        Must(driver.cuInit(0), "cuInit");
        CUcontext context;
        Must(driver.cuDevicePrimaryCtxRetain(&context, 0), "cuDevicePrimaryCtxRetain");
        Must(driver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
        _context = context;
        Dictionary<string, int> kernels = Kernels(workload);
        CUmodule module;
        fixed (byte* ptx = Encoding.ASCII.GetBytes(Ptx(kernels, workload.ModuleBytes) + '\0'))
        {
            Must(driver.cuModuleLoadData(&module, ptx), "cuModuleLoadData");
        }

        _module = module;
        foreach (string name in kernels.Keys)
        {
            CUfunction function;
            fixed (byte* text = Encoding.ASCII.GetBytes($"timed_{name}\0"))
            {
                Must(driver.cuModuleGetFunction(&function, module, text), "cuModuleGetFunction");
            }

            _functions.Add(name, function);
        }
    }

    /// <summary>Runs some steps in all threads.</summary>
    /// <returns>Nanoseconds that each step of the first thread took.</returns>
    /// <exception cref="InvalidOperationException">A call failed; the message names it.</exception>
    public long[] Run(int steps)
    {
        long[] times = new long[steps];
        Exception? failure = null;
        using var start = new Barrier(_workload.Threads);
        void Loop(object? number)
        {
            try
            {
                Must(_driver.cuCtxSetCurrent(_context), "cuCtxSetCurrent");
                using var thread = new WorkloadThread(_driver, _workload, _functions);
                start.SignalAndWait();
                for (int step = 0; step < steps; step++)
                {
                    long began = Stopwatch.GetTimestamp();
                    thread.Step();
                    if (number is 0)
                    {
                        times[step] = (long)Stopwatch.GetElapsedTime(began).TotalNanoseconds;
                    }
                }
            }
            catch (InvalidOperationException failed)
            {
                failure = failed;
                start.RemoveParticipant();
            }
        }

        Thread[] others = [.. Enumerable.Range(1, _workload.Threads - 1).Select(_ => new Thread(Loop) { Name = "workload" })];
        for (int i = 0; i < others.Length; i++)
        {
            others[i].Start(i + 1);
        }

        Loop(0);
        Array.ForEach(others, static other => other.Join());
        return failure is null ? times : throw new InvalidOperationException(failure.Message, failure);
    }

    /// <summary>Lets go of the module and the context.</summary>
    public void Dispose()
    {
        _driver.cuModuleUnload(_module);
        _driver.cuDevicePrimaryCtxRelease_v2(0);
    }

    /// <summary>Throws unless the call succeeded.</summary>
    internal static void Must(CUresult result, string call)
    {
        if (result != CUresult.CUDA_SUCCESS)
        {
            throw new InvalidOperationException($"{call}: {CudaErrors.Name(result)}");
        }
    }

    // Of one name, all launches have as many parameters.
    private static Dictionary<string, int> Kernels(Workload workload) => workload.Everything
        .Where(static op => op.Kind is OpKind.Launch)
        .GroupBy(static op => op.Kernel)
        .ToDictionary(static same => same.Key, static same => same.Select(static op => op.Parameters).Distinct().Single());

    private static string Ptx(Dictionary<string, int> kernels, int bytes)
    {
        var text = new StringBuilder(".version 7.0\n.target sm_70\n.address_size 64\n");
        foreach ((string name, int parameters) in kernels)
        {
            text.Append($".visible .entry timed_{name}(").AppendJoin(", ", Enumerable.Range(0, parameters).Select(static i => $".param .u64 p{i}"))
                .Append(")\n{\n    ret;\n}\n");
        }

        // Comments stand for the code of real kernels.
        for (int line = 0; text.Length < bytes; line++)
        {
            text.Append($"// {line,-60}\n");
        }

        return text.ToString();
    }
}
