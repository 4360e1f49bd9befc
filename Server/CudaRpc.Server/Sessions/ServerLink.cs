using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>
/// What a driver's linker writes to for as long as it lives: log buffers and option values, in memory of the server. Lock it to use it: a client
/// may destroy a linker while another of its threads uses it.
/// </summary>
internal sealed unsafe class ServerLink : IDisposable
{
    private readonly byte* _memory;
    private readonly byte* _infoLog;
    private readonly byte* _errorLog;
    private readonly uint _infoSize;
    private readonly uint _errorSize;

    /// <param name="jit">The options as they were read, whose values last for one call only.</param>
    public ServerLink(in ServerJitOptions jit)
    {
        Count = jit.Count;
        (_infoSize, _errorSize) = (jit.InfoSize, jit.ErrorSize);
        nuint words = Count * (nuint)sizeof(nint);
        nuint numbers = Count * sizeof(CUjit_option);
        _memory = (byte*)NativeMemory.AllocZeroed(words + numbers + _infoSize + _errorSize + 2);
        Values = (void**)_memory;
        Options = (CUjit_option*)(_memory + words);
        _infoLog = _memory + words + numbers;
        _errorLog = _infoLog + _infoSize + 1;
        for (uint index = 0; index < Count; index++)
        {
            Options[index] = jit.Options[index];
            Values[index] = Options[index] switch
            {
                CUjit_option.CU_JIT_INFO_LOG_BUFFER => _infoLog,
                CUjit_option.CU_JIT_ERROR_LOG_BUFFER => _errorLog,
                _ => jit.Values[index],
            };
        }
    }

    public uint Count { get; }

    public CUjit_option* Options { get; }

    public void** Values { get; }

    public bool IsDisposed { get; private set; }

    /// <summary>Writes the logs as they are now, and the time.</summary>
    public void Reply(ref ServerCall call)
    {
        ServerJitOptions.WriteLog(ref call, _infoLog, _infoSize);
        ServerJitOptions.WriteLog(ref call, _errorLog, _errorSize);
        call.Write(ServerJitOptions.WallTime(Options, Values, Count));
    }

    public void Dispose()
    {
        if (!IsDisposed)
        {
            IsDisposed = true;
            NativeMemory.Free(_memory);
        }
    }
}
