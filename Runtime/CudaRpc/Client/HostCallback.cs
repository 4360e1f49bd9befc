using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>A function of the program that a stream of the server calls when it gets there, or its driver of its own accord.</summary>
internal sealed unsafe class HostCallback
{
    private readonly delegate* unmanaged[Cdecl]<void*, void> _function;
    private readonly delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> _callback;
    private readonly delegate* unmanaged[Cdecl]<CUasyncNotificationInfo*, void*, CUasyncCallbackHandle, void> _notification;
    private readonly CUasyncCallbackHandle _handle;
    private readonly CUstream _stream;
    private readonly void* _userData;

    // Held while a notification runs, whose function may end it.
    private readonly object _notifying = new();
    private int _waitEnded;
    private bool _ended;

    /// <summary>Of cuLaunchHostFunc, and of graphs, where it is persistent.</summary>
    public HostCallback(delegate* unmanaged[Cdecl]<void*, void> function, void* userData, bool isPersistent = false)
    {
        _function = function;
        _userData = userData;
        IsPersistent = isPersistent;
        _waitEnded = isPersistent ? 1 : 0;
    }

    /// <summary>Of cuStreamAddCallback, which is told the stream and how the work before went.</summary>
    public HostCallback(delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> callback, CUstream stream, void* userData)
    {
        _callback = callback;
        _stream = stream;
        _userData = userData;
    }

    /// <summary>Of cuDeviceRegisterAsyncNotification, which is told its handle.</summary>
    public HostCallback(
        delegate* unmanaged[Cdecl]<CUasyncNotificationInfo*, void*, CUasyncCallbackHandle, void> notification, void* userData, CUasyncCallbackHandle handle)
    {
        _notification = notification;
        _userData = userData;
        _handle = handle;
        IsPersistent = true;
        _waitEnded = 1;
    }

    /// <summary>Whether it belongs to a graph or to the driver, and so is not one that a stream is sure to call.</summary>
    public bool IsPersistent { get; }

    /// <summary>The function as it was given; null for a stream's callback.</summary>
    public delegate* unmanaged[Cdecl]<void*, void> Function => _function;

    public void* UserData => _userData;

    /// <summary>True once: it has been waited for and now need not be any more.</summary>
    public bool EndsWait() => Interlocked.Exchange(ref _waitEnded, 1) == 0;

    // SAFETY: the program promises that the function can be called with its data until it has been unregistered, which ends it.
    public void Notify(CUasyncNotificationInfo info)
    {
        lock (_notifying)
        {
            if (_notification != null && !_ended)
            {
                _notification(&info, _userData, _handle);
            }
        }
    }

    /// <summary>It is notified no more; waits for a call that is under way, unless that is what ends it.</summary>
    public void End()
    {
        lock (_notifying)
        {
            _ended = true;
        }
    }

    public void Run(CUresult status)
    {
        if (_function != null)
        {
            HostFunctionScope.Call(_function, _userData);
        }
        else if (_callback != null)
        {
            HostFunctionScope.Call(_callback, _stream, status, _userData);
        }
    }
}
