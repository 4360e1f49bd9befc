using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Execution;

/// <summary>A copy of slices of rows between any two places, each with pitches of its own.</summary>
internal sealed unsafe class PitchedCopyWork(PitchedPlace destination, PitchedPlace source, CopyExtent extent) : StagedWork
{
    public override ulong Bytes => extent.Bytes;

    /// <summary>The copy as the program described it.</summary>
    public required CUDA_MEMCPY3D_v2 Parameters { get; init; }

    protected override DeviceCost Cost(DeviceTiming timing) => timing.Copy(source.Start.IsDevice, destination.Start.IsDevice, Bytes);

    public override NodeContent ToContent(DriverStream stream) => new CopyContent(Parameters, this, stream.Context);

    public override void Run(DriverContext context)
    {
        using MemoryPin destinationPin = destination.Start.Pin();
        using MemoryPin sourcePin = source.Start.Pin();
        byte* to = destination.Start.Resolve(destination.Span(extent));
        byte* from = Staged != null ? Staged : source.Start.Resolve(source.Span(extent));
        if (to == null || from == null)
        {
            ulong address = to == null ? destination.Start.Address : source.Start.Address;
            context.Fail(CUDA_ERROR_ILLEGAL_ADDRESS, $"memory at 0x{address:x} was freed before a copy of {Bytes} bytes ran");
            return;
        }
        // SAFETY: both spans were resolved above and are pinned, or are the caller's promise; what was staged has no gaps.
        Copy(
            to, destination.Pitch, destination.SlicePitch,
            from, Staged != null ? extent.Width : source.Pitch, Staged != null ? extent.Width * extent.Height : source.SlicePitch);
    }

    protected override void Gather(byte* target) =>
        Copy(
            target, extent.Width, extent.Width * extent.Height,
            source.Start.Resolve(source.Span(extent)), source.Pitch, source.SlicePitch);

    private void Copy(byte* to, ulong toPitch, ulong toSlice, byte* from, ulong fromPitch, ulong fromSlice)
    {
        for (ulong slice = 0; slice < extent.Depth; slice++)
        {
            for (ulong row = 0; row < extent.Height; row++)
            {
                Buffer.MemoryCopy(
                    from + (slice * fromSlice) + (row * fromPitch), to + (slice * toSlice) + (row * toPitch), extent.Width, extent.Width);
            }
        }
    }
}
