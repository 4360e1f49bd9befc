using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>A function of the program that a stream of the server calls when it gets there.</summary>
internal sealed unsafe class HostCallback
{
    private readonly delegate* unmanaged[Cdecl]<void*, void> _function;
    private readonly delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> _callback;
    private readonly CUstream _stream;
    private readonly void* _userData;
    private int _waitEnded;

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

    /// <summary>Whether it belongs to a graph, and so is not one that a stream is sure to call.</summary>
    public bool IsPersistent { get; }

    /// <summary>The function as it was given; null for a stream's callback.</summary>
    public delegate* unmanaged[Cdecl]<void*, void> Function => _function;

    public void* UserData => _userData;

    /// <summary>True once: it has been waited for and now need not be any more.</summary>
    public bool EndsWait() => Interlocked.Exchange(ref _waitEnded, 1) == 0;

    // SAFETY: the program promises that the function can be called with its data until the stream has run it.
    public void Run(CUresult status)
    {
        if (_function != null)
        {
            _function(_userData);
        }
        else
        {
            _callback(_stream, status, _userData);
        }
    }
}
