using System.Runtime.CompilerServices;
using System.Text;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Tracing;

/// <summary>
/// Records every call that goes through it and has another driver make it. The generated part has each function; nothing of a call is
/// changed.
/// </summary>
internal sealed unsafe partial class TracingDriver : CudaDriver, IDisposable
{
    private readonly TraceRecorder _recorder;
    private readonly bool _isRemote;
    private readonly uint _session;
    private readonly string _name;
    private readonly DeviceTimes? _deviceTimes;
    private long _lastWork;

    /// <param name="inner">Makes the calls; disposed with this one, if it is <see cref="IDisposable"/>.</param>
    /// <param name="recorder">Where to record them.</param>
    /// <param name="name">The driver's URL.</param>
    public TracingDriver(CudaDriver inner, TraceRecorder recorder, string name)
    {
        Inner = inner;
        _recorder = recorder;
        _name = name;
        _isRemote = inner is RemoteDriver;
        _session = inner is RemoteDriver remote ? remote.Session.TraceNumber : recorder.NextSession();
        // Where there is a server it measures.
        _deviceTimes = recorder.DeviceTimes && !_isRemote
            ? new DeviceTimes(inner, (number, begin, end) => recorder.AddDeviceTime(_session, number, begin, end))
            : null;
    }

    /// <inheritdoc/>
    public override CudaDriver Undecorated => Inner.Undecorated;

    private CudaDriver Inner { get; }

    /// <inheritdoc/>
    public override string? TakeDeferredFailure() => Inner.TakeDeferredFailure();

    /// <inheritdoc/>
    public override CUresult PrimaryContextHandle(CUcontext* pctx, int dev) => Inner.PrimaryContextHandle(pctx, dev);

    /// <inheritdoc/>
    public override CUresult cuInit(uint Flags)
    {
        ThreadTrace trace = Enter();
        CUresult result = trace.Leave(TracedFunctions.cuInit, Inner.cuInit(Flags));
        if (result == CUresult.CUDA_SUCCESS && !_isRemote)
        {
            _recorder.NoteServer(_name, DeviceName(), roundTrip: 0);
        }

        return result;
    }

    /// <summary>Gets what the server still knows of the calls so far. The program is about to end.</summary>
    public void Flush()
    {
        _deviceTimes?.Read();
        try
        {
            (Inner as RemoteDriver)?.Session.FlushTrace();
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The session is over, and with it what the server knew.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _deviceTimes?.Release();
        (Inner as IDisposable)?.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ThreadTrace Enter()
    {
        ThreadTrace trace = _recorder.Current;
        trace.Enter(_session, _isRemote);
        return trace;
    }

    private ThreadTrace EnterWork(nint stream)
    {
        if (_deviceTimes is null)
        {
            return Enter();
        }

        DeviceWork work = _deviceTimes.Begin(stream);
        ThreadTrace trace = Enter();
        trace.BeginWork(work with { Number = (ulong)Interlocked.Increment(ref _lastWork) });
        return trace;
    }

    private CUresult LeaveWork(ThreadTrace trace, int function, CUresult result, nint stream = 0, nint @event = 0)
    {
        trace.Leave(function, result, stream, @event);
        _deviceTimes?.End(trace.Work, trace.Work.Number, result == CUresult.CUDA_SUCCESS);
        return result;
    }

    private CUresult Forget(CUresult result, CUstream stream)
    {
        _recorder.Handles.ForgetStream(stream.Value);
        return result;
    }

    private CUresult Forget(CUresult result, CUevent @event)
    {
        _recorder.Handles.ForgetEvent(@event.Value);
        return result;
    }

    // Whether remoting would let a copy there come when its stream gets to it.
    private bool IsPageLocked(void* host)
    {
        const CUpointer_attribute Type = CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE;
        CUmemorytype type;
        return !_isRemote
            && Inner.cuPointerGetAttribute(&type, Type, new CUdeviceptr((ulong)host)) == CUresult.CUDA_SUCCESS
            && type == CUmemorytype.CU_MEMORYTYPE_HOST;
    }

    private void EndContext() => _deviceTimes?.Release();

    private static nint StreamOf(CUlaunchConfig* config) => config == null ? 0 : config->hStream.Value;

    private static nint PerThread(nint stream) => stream == 0 ? 2 : stream;

    private string DeviceName()
    {
        const int Longest = 256;
        byte* name = stackalloc byte[Longest];
        int device;
        return Inner.cuDeviceGet(&device, 0) == CUresult.CUDA_SUCCESS
            && Inner.cuDeviceGetName(name, Longest, device) == CUresult.CUDA_SUCCESS
            ? Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name))
            : "";
    }
}
