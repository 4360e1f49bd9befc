// What TracingDriver's generated half needs of the client library, by signature.
using CudaRpc.Driver;

namespace CudaRpc.Tracing;

internal enum TraceClass { Local, Posted, Synchronous, Blocking }

internal enum TraceMarks { None, Minted, Poll }

internal readonly record struct TracedFunction(string Name, TraceClass Class, TraceMarks Marks, int Bytes);

internal sealed unsafe class ThreadTrace
{
    public CUresult Leave(int function, CUresult result, nint stream = 0, nint @event = 0) => result;

    public void Carries(nuint toDevice, nuint toHost, bool comesLater = false) { }

    // Headers without the structs know this, too.
    public void Carries(void* copy) { }

    public void CarriesImage(void* image) { }
}

/// <summary>The hand-written part.</summary>
internal sealed unsafe partial class TracingDriver : CudaDriver
{
    private CudaDriver Inner => this;

    private ThreadTrace Enter() => new();

    private ThreadTrace EnterWork(nint stream) => new();

    private CUresult LeaveWork(ThreadTrace trace, int function, CUresult result, nint stream = 0, nint @event = 0) => result;

    private CUresult Forget<T>(CUresult result, T handle) => result;

    private static bool IsPageLocked(void* host) => false;

    private static void EndContext() { }

    private static nint StreamOf<T>(T* config) where T : unmanaged => 0;

    private static nint PerThread(nint stream) => stream;
}
