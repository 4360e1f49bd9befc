using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>A function of the driver API returned something else than <see cref="CUresult.CUDA_SUCCESS"/>.</summary>
/// <remarks>
/// Work runs asynchronously, so an error may be that of an earlier launch or copy, reported by the first call that waits for it.
/// </remarks>
public sealed class CudaException : Exception
{
    /// <summary>An error of <paramref name="function"/>.</summary>
    /// <param name="function">The driver API function that returned the error, in its C spelling.</param>
    /// <param name="result">What it returned.</param>
    /// <param name="origin">The earlier function whose failure this is; null for <paramref name="function"/> itself, or if unknown.</param>
    /// <param name="detail">What else the driver said, such as a compiler's log; ends the message.</param>
    public CudaException(string function, CUresult result, string? origin = null, string? detail = null)
        : base(Describe(function, result, origin, detail))
    {
        Function = function;
        Result = result;
        Origin = origin;
    }

    /// <summary>The driver API function that returned the error, in its C spelling.</summary>
    public string Function { get; }

    /// <summary>What the function returned.</summary>
    public CUresult Result { get; }

    /// <summary>The earlier, asynchronous function whose failure this is; null for <see cref="Function"/> itself, or if unknown.</summary>
    public string? Origin { get; }

    private static string Describe(string function, CUresult result, string? origin, string? detail)
    {
        string message = $"{function} failed: {CudaErrors.Name(result) ?? "unknown error"} ({(uint)result})";
        if (CudaErrors.Description(result) is { } description) message += ": " + description;
        if (origin is not null) message += $"; the failure is that of an earlier {origin}";
        return string.IsNullOrWhiteSpace(detail) ? message : $"{message}\n{detail.Trim()}";
    }
}
