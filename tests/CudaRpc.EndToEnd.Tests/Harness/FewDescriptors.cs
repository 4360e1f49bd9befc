using System.Runtime.InteropServices;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>While it lives this process gets no new file descriptors.</summary>
internal sealed partial class FewDescriptors : IDisposable
{
    private const int Descriptors = 7; // RLIMIT_NOFILE

    private readonly Limit _before;

    public FewDescriptors()
    {
        Assert.Equal(0, GetLimit(Descriptors, out _before));
        var none = new Limit(3, _before.Hard);
        Assert.Equal(0, SetLimit(Descriptors, in none));
    }

    public void Dispose() => Assert.Equal(0, SetLimit(Descriptors, in _before));

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    private readonly record struct Limit(ulong Soft, ulong Hard);
}
