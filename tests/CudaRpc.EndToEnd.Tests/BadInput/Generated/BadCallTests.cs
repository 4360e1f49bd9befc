using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>
/// Every function of the contract, every parameter of it, everything that can be wrong with one: the answer is an error, never success
/// where CUDA forbids it, never CUDA_ERROR_UNKNOWN; nothing is logged as a bug; session and server live on. A new function is tested
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
        BadArgument[] cases = [.. method.GetParameters().SelectMany(BadArgument.Of)];
        List<string> complaints = [];
        string current = "";
        var thread = new Thread(() =>
        {
            try
            {
                Try(method, cases, complaints, out current);
            }
            catch (Exception failure)
            {
                complaints.Add($"{current}: {failure}");
            }
        });
        thread.IsBackground = true;
        thread.Start();
        Assert.True(thread.Join(s_patience), $"{function} hangs with {current}");
        Assert.True(complaints.Count == 0, string.Join('\n', complaints.Prepend($"{function}, {cases.Length} cases:")));
    }

    [Fact]
    public void Exceptions_AreAboutWhatExists() => Assert.Empty(BadCallExceptions.Stale());

    [Fact]
    public void Cases_AreThousands()
    {
        int cases = Functions.Sum(row => typeof(CudaDriver).GetMethod(row.Data)!.GetParameters().Sum(parameter => BadArgument.Of(parameter).Count()));
        Assert.InRange(cases, 5000, int.MaxValue);
    }

    private void Try(MethodInfo method, BadArgument[] cases, List<string> complaints, out string current)
    {
        current = "no case";
        BadCallSession? session = null;
        foreach (BadArgument bad in cases)
        {
            session ??= new BadCallSession(gpu.Server);
            object? value = bad.Value(session, gpu.Other);
            current = $"{bad.Parameter.Name}: {bad.What} ({(value is null ? "null" : value)})";
            CUresult status = Call(session, method, bad, value);
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

            complaints.AddRange(Bugs(session.Log).Select(bug => $"{bad.Parameter.Name}: {bad.What}: client: {bug}"));
            complaints.AddRange(Bugs(gpu.Server.Log).Select(bug => $"{bad.Parameter.Name}: {bad.What}: server: {bug}"));
            session.Log.Clear();
            gpu.Server.Log.Clear();
            if (!IsWell(session))
            {
                session.Dispose();
                session = null;
            }
        }

        if (session is not null)
        {
            CUcontext context;
            CUresult created = session.Driver.cuCtxCreate_v2(&context, 0, 0);
            if (created != CUresult.CUDA_SUCCESS || session.Driver.cuCtxSynchronize() != CUresult.CUDA_SUCCESS)
            {
                complaints.Add($"the session does not live on: {created}");
            }

            session.Dispose();
        }
    }

    // What CUDA makes of a context after a fault, and of one that a call has ended, is no one's fault; a session that cannot make another is.
    private static bool IsWell(BadCallSession session) =>
        session.Driver.cuCtxSetCurrent(session.Context) == CUresult.CUDA_SUCCESS
        && session.Driver.cuCtxSynchronize() == CUresult.CUDA_SUCCESS
        && session.Driver.cuMemsetD8_v2(session.Memory, 0, HostMemory.Piece) == CUresult.CUDA_SUCCESS
        && session.Driver.cuCtxSynchronize() == CUresult.CUDA_SUCCESS;

    private static IEnumerable<string> Bugs(CollectingLogger log) => log.Bugs.Select(static entry => entry.Text);

    private static CUresult Call(BadCallSession session, MethodInfo method, BadArgument bad, object? value)
    {
        ParameterInfo[] parameters = method.GetParameters();
        HostMemory.Clear(parameters.Length);
        object?[] arguments = [.. parameters.Select((parameter, index) =>
            parameter == bad.Parameter ? value : Plausible(session, parameter, index))];
        return (CUresult)method.Invoke(session.Driver, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
    }

    private static object? Plausible(BadCallSession session, ParameterInfo parameter, int index)
    {
        Type type = parameter.ParameterType;
        if (type.IsPointer)
        {
            return Pointer.Box(HostMemory.Of(index), type);
        }

        if (type.IsFunctionPointer)
        {
            return (nint)(delegate* unmanaged[Cdecl]<nint, nint>)&Nothing;
        }

        return BadArgument.KindOf(type) is HandleKind kind ? BadArgument.Handle(type, session.Live(kind))
            : type == typeof(CUdeviceptr) ? session.Memory
            : BadArgument.IsSize(parameter) ? Size(type, BadArgument.Plausible(parameter))
            : RuntimeHelpers.GetUninitializedObject(type);
    }

    private static object Size(Type type, int value) => type == typeof(nuint) ? (nuint)value : Convert.ChangeType(value, type);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Nothing(nint argument) => 0;

    /// <summary>A server whose sessions have a simulated GPU each, and a session that others are foreign to.</summary>
    public sealed class Gpu : IDisposable
    {
        internal TestServer Server { get; } = new(static () => new SimulatedDriver(new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 64 << 20 })));

        internal BadCallSession Other { get; }

        public Gpu() => Other = new BadCallSession(Server, skip: 100_000);

        public void Dispose()
        {
            Other.Dispose();
            Server.Dispose();
        }
    }
}
