using System.Security.Cryptography;

namespace CudaRpc.Protocol;

/// <summary>
/// Tells a server whether its client is in the server's own process: they then reach the same memory. Random, and told to servers only.
/// </summary>
internal static class ProcessIdentity
{
    public const int Size = 16;

    private static readonly byte[] s_value = RandomNumberGenerator.GetBytes(Size);

    public static ReadOnlySpan<byte> Value => s_value;

    public static bool IsThisProcess(ReadOnlySpan<byte> identity) => identity.SequenceEqual(s_value);
}
