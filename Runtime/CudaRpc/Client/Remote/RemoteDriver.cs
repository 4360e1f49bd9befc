using System.Runtime.CompilerServices;
using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>
/// The driver of a server: most functions are generated stubs that send the call, these parts are the ones that need to know more.
/// Safe from any thread; the current context is each thread's own, as in CUDA. Nothing throws: what fails is a CUresult.
/// </summary>
public sealed unsafe partial class RemoteDriver : GraphDriver, IDisposable
{
    private readonly Session _session;

    /// <summary>Takes over <paramref name="session"/> and disposes it with the driver.</summary>
    public RemoteDriver(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        _session = session;
    }

    /// <summary>The session that carries the calls.</summary>
    public Session Session => _session;

    private HandleTable Handles => _session.Handles;

    private HostMemory HostMemory => _session.HostMemory;

    private CUcontext Current => _session.Lane.Current;

    /// <summary>What the calling thread makes now belongs to this one: the current context, or the primary one below a green one.</summary>
    private CUcontext CurrentOwner => Handles.OwnerOf(Current);

    /// <inheritdoc/>
    public override string? TakeDeferredFailure() => _session.IsDisposed ? null : _session.Lane.TakeDeferred();

    /// <summary>Ends the session; the server releases everything that was made in it.</summary>
    public void Dispose()
    {
        _session.Dispose();
        _session.HostMemory.Dispose();
    }

    /// <summary>Counts a call answered here and returns its result.</summary>
    private CUresult Local(CUresult result, [CallerMemberName] string call = "")
    {
        if (_session.IsDisposed)
        {
            return CUresult.CUDA_ERROR_DEINITIALIZED;
        }

        _session.CountLocal();
        if (result is not (CUresult.CUDA_SUCCESS or CUresult.CUDA_ERROR_NOT_READY))
        {
            // Where several functions share code, that has no name a program knows.
            _session.Errors.Write(call.StartsWith("cu", StringComparison.Ordinal) ? call : "a call", result);
        }

        return result;
    }

    private CUresult Local<T>(T* destination, T value, [CallerMemberName] string call = "")
        where T : unmanaged
    {
        if (destination == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE, call);
        }

        *destination = value;
        return Local(CUresult.CUDA_SUCCESS, call);
    }
}
