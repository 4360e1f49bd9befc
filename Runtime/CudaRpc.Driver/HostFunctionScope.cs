namespace CudaRpc.Driver;

/// <summary>
/// Functions of the program that a stream or a graph calls, or that end a user object. They must not call CUDA, says its documentation of
/// cuLaunchHostFunc: a wait in one would wait for itself. So every call on a thread that is in one answers CUDA_ERROR_NOT_PERMITTED.
/// </summary>
internal static unsafe class HostFunctionScope
{
    [ThreadStatic]
    private static bool t_isInside;

    /// <summary>Whether the calling thread is in such a function.</summary>
    public static bool IsInside => t_isInside;

    // SAFETY of both: the program promises that the function can be called with its data.
    public static void Call(delegate* unmanaged[Cdecl]<void*, void> function, void* userData)
    {
        t_isInside = true;
        function(userData);
        t_isInside = false;
    }

    public static void Call(delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> callback, CUstream stream, CUresult status, void* userData)
    {
        t_isInside = true;
        callback(stream, status, userData);
        t_isInside = false;
    }
}
