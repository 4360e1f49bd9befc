using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>For programs that use <see cref="CudaSession.Driver"/>.</summary>
public static class CudaDriverExtensions
{
    /// <summary>Throws if a call failed: <c>driver.ThrowIfFailed(driver.cuCtxSynchronize())</c>.</summary>
    /// <param name="driver">The driver that was called, on this thread.</param>
    /// <param name="result">What the function returned.</param>
    /// <param name="detail">What else is to be said; ends the exception's message.</param>
    /// <param name="call">The call, written by the compiler; the exception names its function.</param>
    /// <exception cref="CudaException"><paramref name="result"/> is not <see cref="CUresult.CUDA_SUCCESS"/>.</exception>
    public static void ThrowIfFailed(
        this CudaDriver driver, CUresult result, string? detail = null, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != CUresult.CUDA_SUCCESS) Throw(driver, result, detail, call);
    }

    [DoesNotReturn]
    private static void Throw(CudaDriver driver, CUresult result, string? detail, string call)
    {
        ReadOnlySpan<char> function = call;
        int arguments = function.IndexOf('(');
        if (arguments >= 0) function = function[..arguments];
        function = function[(function.LastIndexOf('.') + 1)..];
        throw new CudaException(function.ToString(), result, driver.TakeDeferredFailure(), detail);
    }
}
