using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

/// <summary>
/// A linker: where its logs and its time go, as the program said when it created it, and the image it made. The program keeps its buffers and
/// option values until it destroys the linker.
/// </summary>
internal sealed unsafe class LinkInfo(CUjit_option* options, void** values, uint count) : HandleInfo(HandleKind.CUlinkState, 0), IDisposable
{
    private readonly LogPlace _info = new(
        options, values, count, CUjit_option.CU_JIT_INFO_LOG_BUFFER, CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES);

    private readonly LogPlace _errors = new(
        options, values, count, CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);

    private readonly float* _wallTime = (float*)LogPlace.Slot(options, values, count, CUjit_option.CU_JIT_WALL_TIME);

    /// <summary>Held by whoever uses the linker; destroying it waits.</summary>
    public object Lock { get; } = new();

    /// <summary>What cuLinkComplete gave; it is the program's to read until it destroys the linker.</summary>
    public NativeBytes Image { get; } = new();

    /// <summary>The logs as they are now, and the time.</summary>
    public void ReadLogs(ref Call call)
    {
        _info.Read(ref call);
        _errors.Read(ref call);
        float wallTime = call.ReadSingle();
        if (_wallTime != null)
        {
            *_wallTime = wallTime;
        }
    }

    public void Dispose() => Image.Dispose();

    /// <summary>A log buffer of the program's with the slot of its size option, whose value becomes the log's length.</summary>
    private readonly struct LogPlace
    {
        private readonly byte* _buffer;
        private readonly void** _size;
        private readonly uint _capacity;

        public LogPlace(CUjit_option* options, void** values, uint count, CUjit_option buffer, CUjit_option size)
        {
            void** slot = Slot(options, values, count, buffer);
            _buffer = slot == null ? null : (byte*)*slot;
            _size = Slot(options, values, count, size);
            _capacity = _buffer == null || _size == null ? 0 : Math.Min((uint)*_size, JitOptions.MaximumLog);
        }

        public static void** Slot(CUjit_option* options, void** values, uint count, CUjit_option option)
        {
            for (uint index = 0; index < count; index++)
            {
                if (options[index] == option)
                {
                    return values + index;
                }
            }

            return null;
        }

        public void Read(ref Call call)
        {
            nuint length = call.ReadArray(_buffer, _capacity);
            if (_capacity > 0)
            {
                // The end is not counted.
                *_size = (void*)(length > 0 && _buffer[length - 1] == 0 ? length - 1 : length);
            }
        }
    }
}
