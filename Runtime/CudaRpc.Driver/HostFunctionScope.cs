namespace CudaRpc.Driver;

/// <summary>
/// Functions of the program that a stream or a graph calls, or that end a user object. They must not call CUDA, says its documentation of
/// cuLaunchHostFunc: a wait in one would wait for itself. So every call on a thread that is in one answers CUDA_ERROR_NOT_PERMITTED.
/// </summary>
internal static unsafe class HostFunctionScope
{
    // How many run: mostly none, and every call looks.
    private static int s_inside;

    [ThreadStatic]
    private static bool t_isInside;

    /// <summary>Whether the calling thread is in such a function.</summary>
    public static bool IsInside => Volatile.Read(ref s_inside) > 0 && t_isInside;

    // SAFETY of both: the program promises that the function can be called with its data.
    public static void Call(delegate* unmanaged[Cdecl]<void*, void> function, void* userData)
    {
        Enter();
        function(userData);
        Leave();
    }

    public static void Call(delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> callback, CUstream stream, CUresult status, void* userData)
    {
        Enter();
        callback(stream, status, userData);
        Leave();
    }

    private static void Enter()
    {
        Interlocked.Increment(ref s_inside);
        t_isInside = true;
    }

    private static void Leave()
    {
        t_isInside = false;
        Interlocked.Decrement(ref s_inside);
    }
}
