using System.Diagnostics;
using System.Text;

namespace CudaRpc.Simulator.Images;

/// <summary>
/// The options of one load. An option's value is in a <c>void*</c> slot, either the number itself or a pointer; some slots take an answer.
/// Options that tune a compiler are accepted: there is none that they could change.
/// </summary>
internal readonly unsafe ref struct JitOptions
{
    // PTX compilation cannot see symbols of the host.
    private static readonly CUjit_option[] s_unsupported =
    [
        CUjit_option.CU_JIT_GLOBAL_SYMBOL_NAMES, CUjit_option.CU_JIT_GLOBAL_SYMBOL_ADDRESSES, CUjit_option.CU_JIT_GLOBAL_SYMBOL_COUNT,
    ];

    private readonly CUjit_option* _options;
    private readonly void** _values;
    private readonly int _count;
    private readonly long _start = Stopwatch.GetTimestamp();

    private JitOptions(CUjit_option* options, void** values, int count)
    {
        _options = options;
        _values = values;
        _count = count;
    }

    /// <summary>Checks the options. With a count of 0 the pointers are not looked at: cudart passes garbage in them.</summary>
    public static CUresult Read(CUjit_option* options, void** values, uint count, out JitOptions read)
    {
        read = default;
        if (count == 0)
        {
            return CUDA_SUCCESS;
        }
        // No program passes more options than there are.
        if (options == null || values == null || count > (uint)CUjit_option.CU_JIT_NUM_OPTIONS)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        for (uint i = 0; i < count; i++)
        {
            if (options[i] >= CUjit_option.CU_JIT_NUM_OPTIONS)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
            if (s_unsupported.AsSpan().Contains(options[i]))
            {
                return CUDA_ERROR_NOT_SUPPORTED;
            }
        }
        read = new JitOptions(options, values, (int)count);
        return CUDA_SUCCESS;
    }

    /// <summary>Answers the options that ask something: the logs, their lengths, the time it took.</summary>
    public void Answer(string errors, string information = "")
    {
        WriteLog(CUjit_option.CU_JIT_INFO_LOG_BUFFER, CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES, information);
        WriteLog(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, errors);
        if (Find(CUjit_option.CU_JIT_WALL_TIME) is int time && time >= 0)
        {
            *(float*)&_values[time] = (float)Stopwatch.GetElapsedTime(_start).TotalMilliseconds;
        }
    }

    private void WriteLog(CUjit_option bufferOption, CUjit_option sizeOption, string text)
    {
        int buffer = Find(bufferOption), size = Find(sizeOption);
        if (size < 0)
        {
            return;
        }
        nuint capacity = (nuint)(uint)_values[size];
        int written = 0;
        if (buffer >= 0 && _values[buffer] != null && capacity > 0)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            written = Math.Min(utf8.Length, (int)Math.Min(capacity - 1, int.MaxValue));
            // SAFETY: the program promises that the buffer is as long as the size option says.
            utf8.AsSpan(0, written).CopyTo(new Span<byte>(_values[buffer], written));
            ((byte*)_values[buffer])[written] = 0;
        }
        _values[size] = (void*)written;
    }

    private int Find(CUjit_option option)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_options[i] == option)
            {
                return i;
            }
        }
        return -1;
    }
}
