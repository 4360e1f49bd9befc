using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>The options of a just-in-time compilation as the driver takes them, with log buffers of the server's own.</summary>
internal readonly unsafe struct ServerJitOptions
{
    private readonly byte* _infoLog;
    private readonly byte* _errorLog;
    private readonly uint _infoSize;
    private readonly uint _errorSize;

    private ServerJitOptions(ref ServerCall call)
    {
        _infoSize = call.ReadUInt32();
        _errorSize = call.ReadUInt32();
        Count = call.ReadUInt32();
        if (Count > JitOptions.Maximum || _infoSize > JitOptions.MaximumLog || _errorSize > JitOptions.MaximumLog)
        {
            call.Malformed($"{Count} JIT options with logs of {_infoSize} and {_errorSize} bytes");
        }

        _infoLog = call.Scratch<byte>(_infoSize + 1);
        _errorLog = call.Scratch<byte>(_errorSize + 1);
        Options = call.Scratch<CUjit_option>(Count);
        Values = (void**)call.Scratch<nint>(Count);
        for (uint index = 0; index < Count; index++)
        {
            Options[index] = (CUjit_option)call.ReadInt32();
            ulong value = call.ReadUInt64();
            Values[index] = Options[index] switch
            {
                CUjit_option.CU_JIT_INFO_LOG_BUFFER => _infoLog,
                CUjit_option.CU_JIT_ERROR_LOG_BUFFER => _errorLog,
                CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES => (void*)_infoSize,
                CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES => (void*)_errorSize,
                // Their values are pointers of the client's.
                CUjit_option.CU_JIT_GLOBAL_SYMBOL_NAMES or CUjit_option.CU_JIT_GLOBAL_SYMBOL_ADDRESSES
                    or CUjit_option.CU_JIT_REFERENCED_KERNEL_NAMES or CUjit_option.CU_JIT_REFERENCED_VARIABLE_NAMES => Refuse(ref call),
                _ => (void*)value,
            };
        }
    }

    public uint InfoSize => _infoSize;

    public uint ErrorSize => _errorSize;

    public uint Count { get; }

    public CUjit_option* Options { get; }

    public void** Values { get; }

    public static ServerJitOptions Read(ref ServerCall call) => new(ref call);

    /// <summary>
    /// The reply: that the call was made, then the load's own status, because the logs are worth most where it failed, the logs, and
    /// the time the compiler took.
    /// </summary>
    public void Reply(ref ServerCall call, CUresult status)
    {
        if (!call.Reply(CUresult.CUDA_SUCCESS))
        {
            return;
        }

        call.Write((uint)status);
        WriteLog(ref call, _infoLog, _infoSize);
        WriteLog(ref call, _errorLog, _errorSize);
        call.Write(WallTime(Options, Values, Count));
    }

    /// <summary>What the driver put into the option that asks for the time, in milliseconds.</summary>
    internal static float WallTime(CUjit_option* options, void** values, uint count)
    {
        float wallTime = 0;
        for (uint index = 0; index < count; index++)
        {
            if (options[index] == CUjit_option.CU_JIT_WALL_TIME)
            {
                wallTime = *(float*)&values[index];
            }
        }

        return wallTime;
    }

    /// <summary>The log up to its end.</summary>
    internal static void WriteLog(ref ServerCall call, byte* log, uint size)
    {
        int length = new ReadOnlySpan<byte>(log, (int)size + 1).IndexOf((byte)0);
        // With its end, if there is room for it in the client's buffer.
        call.WriteArray(log, (nuint)Math.Min(length + 1, (int)size));
    }

    private static void* Refuse(ref ServerCall call)
    {
        call.Malformed("a JIT option whose value is a pointer");
        return null;
    }
}
