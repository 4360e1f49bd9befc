using System.Text;
using static CudaRpc.Driver.CUcoredumpSettings;

namespace CudaRpc.Simulator.Objects;

/// <summary>
/// The settings of core dumps, of a context or for all. The simulator writes no dumps, so they cannot be switched on; the rest is kept.
/// </summary>
internal sealed class CoreDumpSettings(CoreDumpSettings? defaults = null)
{
    private const int LongestText = 1023;
    private const uint KnownFlags = 0x3f;

    private readonly Lock _lock = new();
    private readonly Dictionary<CUcoredumpSettings, byte[]> _values = [];

    /// <summary>Writes as much of the value as there is room for, and its whole size. Without a value its size alone.</summary>
    public unsafe CUresult Get(CUcoredumpSettings attribute, byte* value, nuint* size)
    {
        if (size == null || Find(attribute) is not byte[] found)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (value != null)
        {
            if (*size == 0)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
            // SAFETY: the program promises memory of the size it gives.
            found.AsSpan(0, (int)nuint.Min(*size, (nuint)found.Length)).CopyTo(new Span<byte>(value, found.Length));
        }
        *size = (nuint)found.Length;
        return CUDA_SUCCESS;
    }

    public unsafe CUresult Set(CUcoredumpSettings attribute, byte* value, nuint* size)
    {
        if (value == null || size == null || *size == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        switch (attribute)
        {
            case CU_COREDUMP_ENABLE_ON_EXCEPTION or CU_COREDUMP_ENABLE_USER_TRIGGER when *value != 0:
                return CUDA_ERROR_NOT_SUPPORTED;
            case CU_COREDUMP_ENABLE_ON_EXCEPTION or CU_COREDUMP_TRIGGER_HOST or CU_COREDUMP_LIGHTWEIGHT or CU_COREDUMP_ENABLE_USER_TRIGGER:
                return Keep(attribute, [*value != 0 ? (byte)1 : (byte)0]);
            case CU_COREDUMP_GENERATION_FLAGS when *size >= sizeof(uint) && (*(uint*)value & ~KnownFlags) == 0:
                return Keep(attribute, BitConverter.GetBytes(*(uint*)value));
            case CU_COREDUMP_FILE or CU_COREDUMP_PIPE:
                // SAFETY: the program promises memory of the size it gives.
                ReadOnlySpan<byte> text = new(value, (int)nuint.Min(*size, LongestText + 1));
                int end = text.IndexOf((byte)0);
                return end is < 0 && text.Length > LongestText ? CUDA_ERROR_INVALID_VALUE : Keep(attribute, [.. end < 0 ? text : text[..end], 0]);
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
    }

    private CUresult Keep(CUcoredumpSettings attribute, byte[] value)
    {
        lock (_lock)
        {
            _values[attribute] = value;
        }
        return CUDA_SUCCESS;
    }

    private byte[]? Find(CUcoredumpSettings attribute)
    {
        lock (_lock)
        {
            if (_values.TryGetValue(attribute, out byte[]? kept))
            {
                return kept;
            }
        }
        return defaults is not null ? defaults.Find(attribute) : attribute switch
        {
            CU_COREDUMP_ENABLE_ON_EXCEPTION or CU_COREDUMP_LIGHTWEIGHT or CU_COREDUMP_ENABLE_USER_TRIGGER => [0],
            CU_COREDUMP_TRIGGER_HOST => [1],
            CU_COREDUMP_FILE => Encoding.UTF8.GetBytes("core.cuda.HOSTNAME.PID\0"),
            CU_COREDUMP_PIPE => Encoding.UTF8.GetBytes("corepipe.cuda.HOSTNAME.PID\0"),
            CU_COREDUMP_GENERATION_FLAGS => new byte[sizeof(uint)],
            _ => null,
        };
    }
}
