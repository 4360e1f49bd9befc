using System.Diagnostics;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Objects;

/// <summary>A linker at work: what it was given, where its logs go, and what it made. Its lock guards all of it.</summary>
internal sealed unsafe class DriverLink(CUjit_option* options, void** values, uint count)
{
    private readonly float* _wallTime = (float*)Slot(options, values, count, CUjit_option.CU_JIT_WALL_TIME);
    private readonly long _start = Stopwatch.GetTimestamp();

    public object Lock { get; } = new();

    public List<PtxSource> Sources { get; } = [];

    public LinkLog Errors { get; } = Log(
        options, values, count, CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);

    public LinkLog Information { get; } = Log(
        options, values, count, CUjit_option.CU_JIT_INFO_LOG_BUFFER, CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES);

    /// <summary>The finished image, which stays where it is for as long as this does; null before.</summary>
    public byte[]? Image { get; private set; }

    public void Finish(byte[] image)
    {
        Image = GC.AllocateUninitializedArray<byte>(image.Length, pinned: true);
        image.CopyTo(Image, 0);
        Errors.Publish();
        Information.Publish();
        if (_wallTime != null)
        {
            *_wallTime = (float)Stopwatch.GetElapsedTime(_start).TotalMilliseconds;
        }
    }

    private static LinkLog Log(CUjit_option* options, void** values, uint count, CUjit_option buffer, CUjit_option size)
    {
        void** slot = Slot(options, values, count, buffer);
        return new LinkLog(slot == null ? null : (byte*)*slot, Slot(options, values, count, size));
    }

    private static void** Slot(CUjit_option* options, void** values, uint count, CUjit_option option)
    {
        for (uint i = 0; i < count; i++)
        {
            if (options[i] == option)
            {
                return values + i;
            }
        }

        return null;
    }
}
