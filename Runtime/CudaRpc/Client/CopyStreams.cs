using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>
/// The connections over which a session sends and receives the parts of one large copy at the same time, each with a thread: for networks that
/// do not give one connection all they have. To the server the parts are copies that threads of the program make.
/// </summary>
internal sealed class CopyStreams(Session session, int streams) : IDisposable
{
    /// <summary>Smaller copies go over one connection.</summary>
    public const int Smallest = 4 << 20;

    // One copy at a time: others, meanwhile, are made over their own thread's connection alone.
    private readonly Lock _turn = new();
    private CopyHelper[] _helpers = [];
    private bool _stopped;

    /// <summary>How many parts a copy is made in.</summary>
    public int Count => streams;

    /// <summary>
    /// Makes a copy in as many parts as there are streams, the first on the calling thread and <paramref name="own"/>. False where it is to be made
    /// whole: another thread's is being made, or the session has ended. Returns the first part's failure that there is.
    /// </summary>
    /// <param name="own">The calling thread's lane; the parts are made in its current context.</param>
    /// <param name="copy">Makes the part of that number. Throws nothing.</param>
    /// <param name="status">What the copy returns.</param>
    public bool TryCopy(Lane own, Func<Lane, int, CUresult> copy, out CUresult status)
    {
        status = CUresult.CUDA_SUCCESS;
        if (!_turn.TryEnter())
        {
            return false;
        }

        try
        {
            if (_stopped || !HasHelpers())
            {
                return false;
            }

            foreach (CopyHelper helper in _helpers)
            {
                helper.Begin(own.Current, copy);
            }

            status = copy(own, 0);
            foreach (CopyHelper helper in _helpers)
            {
                CUresult part = helper.End(out string? deferred);
                if (part == CUresult.CUDA_ERROR_OUT_OF_MEMORY && deferred is null)
                {
                    // The session gets no more lanes.
                    part = copy(own, helper.Part);
                }

                own.AdoptDeferred(deferred);
                status = status == CUresult.CUDA_SUCCESS ? part : status;
            }

            return true;
        }
        finally
        {
            _turn.Exit();
        }
    }

    /// <summary>Ends the threads. For when the lanes have been closed, so that a copy that is being made ends.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            _stopped = true;
            Array.ForEach(_helpers, static helper => helper.Stop());
        }
    }

    private bool HasHelpers()
    {
        if (_helpers.Length > 0)
        {
            return true;
        }

        try
        {
            _helpers = [.. Enumerable.Range(1, streams - 1).Select(part => new CopyHelper(session.CreateLane(hasThread: false, isPart: true), part))];
            return true;
        }
        catch (Exception failure) when (failure is OutOfMemoryException or ThreadStartException)
        {
            // This process gets no more threads.
            return false;
        }
    }
}
