using System.Reflection;
using CudaRpc.Driver;
using CudaRpc.Server;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>
/// Every function of the contract, every parameter of it and what the parameter leads to, everything that can be wrong with one: the
/// answer is an error, never success where CUDA forbids it, never CUDA_ERROR_UNKNOWN; nothing is logged as a bug; session and server live on. A new function is tested
/// from the day that it is in the header.
/// </summary>
public sealed unsafe class BadCallTests(BadCallTests.Gpu gpu) : IClassFixture<BadCallTests.Gpu>
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    public static TheoryData<string> Functions =>
        [.. typeof(CudaDriver).GetMethods(BindingFlags.Public | BindingFlags.Instance)
            .Where(static method => method.ReturnType == typeof(CUresult) && method.GetParameters().Length > 0)
            .Select(static method => method.Name).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_WithABadArgument_SaysSoAndHarmsNothing(string function)
    {
        MethodInfo method = typeof(CudaDriver).GetMethod(function)!;
        List<string> complaints = [];
        string current = "";
        int cases = 0;
        var thread = new Thread(() =>
        {
            try
            {
                cases = Try(method, complaints, out current);
            }
            catch (Exception failure)
            {
                complaints.Add($"{current}: {failure}");
            }
        });
        thread.IsBackground = true;
        thread.Start();
        Assert.True(thread.Join(s_patience), $"{function} hangs with {current}");
        Assert.True(complaints.Count == 0, string.Join('\n', complaints.Prepend($"{function}, {cases} cases:")));
    }

    [Fact]
    public void Exceptions_AreAboutWhatExists() => 
        Assert.Empty(BadCallExceptions.Stale().Concat(GoodCalls.Stale()).Concat(Impossible.Stale()));

    [Fact]
    public void Cases_AreThousands()
    {
        using var session = new BadCallSession(gpu.Server);
        int all = 0, inside = 0;
        foreach (TheoryDataRow<string> function in Functions)
        {
            var call = new GoodCall(session, typeof(CudaDriver).GetMethod(function.Data)!);
            BadArgument[] cases = [.. BadArgument.Of(call)];
            call.Drop();
            all += cases.Length;
            inside += cases.Count(static bad => bad.IsInside);
        }

        Assert.InRange(all, 6500, int.MaxValue);
        Assert.InRange(inside, 1400, int.MaxValue);
    }

    [Fact]
    public void NineTenths_OfWhatIsSupported_SucceedsWithNothingWrong()
    {
        HashSet<string> unsupported = [.. Coverage.Rows.Where(static row => row.Travels == "unsupported").Select(static row => row.Function)];
        string[] supported = [.. Functions.Select(static row => row.Data).Where(function => !unsupported.Contains(function) && !Impossible.OnlyRefuses(function))];

        Assert.InRange(supported.Count(static function => Impossible.Why(function) is null) / (double)supported.Length, 0.9, 1);
    }

    private int Try(MethodInfo method, List<string> complaints, out string current)
    {
        current = "nothing";
        var session = new BadCallSession(gpu.Server);
        var all = new GoodCall(session, method);
        BadArgument[] cases = [.. BadArgument.Of(all)];
        all.Drop();
        foreach (BadArgument bad in cases)
        {
            session ??= new BadCallSession(gpu.Server);
            var call = new GoodCall(session, method);
            object? value = bad.Value(session, gpu.Other);
            current = $"{bad.Name}: {bad.What} ({(value is null ? "null" : value)})";
            call.Break(bad, value);
            CUresult status = call.Make();
            CUresult later = session.Driver.cuCtxSynchronize();
            CUresult result = status == CUresult.CUDA_SUCCESS ? later : status;
            if (result == CUresult.CUDA_ERROR_UNKNOWN)
            {
                complaints.Add($"{current} is CUDA_ERROR_UNKNOWN");
            }
            else if (result == CUresult.CUDA_SUCCESS && BadCallExceptions.WhyAllowed(bad) is null)
            {
                complaints.Add($"{current} succeeds");
            }

            complaints.AddRange(Bugs(session.Log).Select(bug => $"{bad.Name}: {bad.What}: client: {bug}"));
            complaints.AddRange(Bugs(gpu.Server.Log).Select(bug => $"{bad.Name}: {bad.What}: server: {bug}"));
            session.Log.Clear();
            gpu.Server.Log.Clear();
            // What has succeeded may have changed what the next case is about.
            if (result == CUresult.CUDA_SUCCESS || !IsWell(session))
            {
                session.Dispose();
                session = null;
            }
        }

        session ??= new BadCallSession(gpu.Server);
        // Last, so that it also says that what was wrong was wrong each time for its own sake, and broke nothing.
        current = "nothing";
        CUresult good = new GoodCall(session, method).Make();
        CUresult after = session.Driver.cuCtxSynchronize();
        good = good == CUresult.CUDA_SUCCESS && !LeavesNoContext(method) ? after : good;
        if (good == CUresult.CUDA_SUCCESS == Impossible.Why(method.Name) is not null)
        {
            complaints.Add($"with nothing wrong: {good}");
        }

        CUcontext context;
        CUresult created = session.Driver.cuCtxCreate_v2(&context, 0, 0);
        if (created != CUresult.CUDA_SUCCESS || session.Driver.cuCtxSynchronize() != CUresult.CUDA_SUCCESS)
        {
            complaints.Add($"the session does not live on: {created}");
        }

        session.Dispose();
        return cases.Length;
    }

    private static bool LeavesNoContext(MethodInfo method) =>
        method.Name is "cuCtxDestroy" or "cuCtxDestroy_v2" or "cuCtxDetach" or "cuCtxPopCurrent" or "cuCtxPopCurrent_v2";

    // What CUDA makes of a context after a fault, and of one that a call has ended, is no one's fault; a session that cannot make another is.
    private static bool IsWell(BadCallSession session) =>
        session.Driver.cuCtxSetCurrent(session.Context) == CUresult.CUDA_SUCCESS
        && session.Driver.cuCtxSynchronize() == CUresult.CUDA_SUCCESS
        && session.Driver.cuMemsetD8_v2(session.Memory, 0, HostMemory.Piece) == CUresult.CUDA_SUCCESS
        && session.Driver.cuCtxSynchronize() == CUresult.CUDA_SUCCESS;

    private static IEnumerable<string> Bugs(CollectingLogger log) => log.Bugs.Select(static entry => entry.Text);

    /// <summary>A server whose sessions have a simulated GPU each, and a session that others are foreign to.</summary>
    public sealed class Gpu : IDisposable
    {
        internal TestServer Server { get; } = new(static () => new SimulatedDriver(new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 64 << 20, DeviceCount = 2 })));

        internal BadCallSession Other { get; }

        public Gpu()
        {
            Other = new BadCallSession(Server, skip: 100_000);
            Other.MakeAll();
        }

        public void Dispose()
        {
            Other.Dispose();
            Server.Dispose();
        }
    }
}
