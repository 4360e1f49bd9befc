using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>
/// The options of a just-in-time compilation: each value is a number in a pointer's place, but for the two log buffers, whose sizes are
/// sibling options and whose texts come back.
/// </summary>
internal readonly unsafe ref struct JitOptions(CUjit_option* options, void** values, uint count)
{
    /// <summary>Most options of one call; CUDA 13.0 has 35.</summary>
    public const int Maximum = 64;

    /// <summary>Largest log buffer that is filled, in bytes; the text of a larger one is cut.</summary>
    public const uint MaximumLog = 256 << 10;

    public bool IsEmpty => count == 0;

    /// <summary>Whether every option's value can travel.</summary>
    public bool AreSupported
    {
        get
        {
            // A count that is garbage: its options would be looked for in all of the program's memory that is there.
            if (count > Maximum)
            {
                return false;
            }

            for (uint index = 0; index < count; index++)
            {
                if (options[index] is CUjit_option.CU_JIT_GLOBAL_SYMBOL_NAMES or CUjit_option.CU_JIT_GLOBAL_SYMBOL_ADDRESSES
                    or CUjit_option.CU_JIT_REFERENCED_KERNEL_NAMES or CUjit_option.CU_JIT_REFERENCED_VARIABLE_NAMES)
                {
                    return false;
                }
            }

            return true;
        }
    }

    public void Write(ref Call call)
    {
        call.Write(LogSize(CUjit_option.CU_JIT_INFO_LOG_BUFFER, CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES));
        call.Write(LogSize(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES));
        call.Write(count);
        for (uint index = 0; index < count; index++)
        {
            call.Write((int)options[index]);
            call.Write(IsLog(options[index]) ? 0 : (ulong)values[index]);
        }
    }

    /// <summary>The logs into the program's buffers, and into the size options what they came to, as the driver does.</summary>
    public void ReadLogs(ref Call call)
    {
        ReadLog(ref call, CUjit_option.CU_JIT_INFO_LOG_BUFFER, CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES);
        ReadLog(ref call, CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
        float wallTime = call.ReadSingle();
        if (Find(CUjit_option.CU_JIT_WALL_TIME) is int index and >= 0)
        {
            *(float*)&values[index] = wallTime;
        }
    }

    /// <summary>The image does not get as far as a compiler: nothing is in the program's logs.</summary>
    public void WriteNoLogs()
    {
        WriteNoLog(CUjit_option.CU_JIT_INFO_LOG_BUFFER, CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES);
        WriteNoLog(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
    }

    private static bool IsLog(CUjit_option option) =>
        option is CUjit_option.CU_JIT_INFO_LOG_BUFFER or CUjit_option.CU_JIT_ERROR_LOG_BUFFER;

    private void WriteNoLog(CUjit_option buffer, CUjit_option size)
    {
        if (LogSize(buffer, size) > 0)
        {
            values[Find(size)] = null;
        }
    }

    private void ReadLog(ref Call call, CUjit_option buffer, CUjit_option size)
    {
        uint capacity = LogSize(buffer, size);
        byte* destination = capacity == 0 ? null : (byte*)values[Find(buffer)];
        nuint length = call.ReadArray(destination, capacity);
        if (capacity > 0)
        {
            values[Find(size)] = (void*)length;
        }
    }

    private uint LogSize(CUjit_option buffer, CUjit_option size)
    {
        int bufferIndex = Find(buffer);
        int sizeIndex = Find(size);
        return bufferIndex < 0 || sizeIndex < 0 || values[bufferIndex] == null ? 0 : Math.Min((uint)values[sizeIndex], MaximumLog);
    }

    private int Find(CUjit_option option)
    {
        for (int index = 0; index < count; index++)
        {
            if (options[index] == option)
            {
                return index;
            }
        }

        return -1;
    }
}
