using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Execution;

/// <summary>Sets rows of <paramref name="width"/> elements, <paramref name="pitch"/> bytes apart, to one value.</summary>
internal sealed unsafe class FillWork<T>(MemoryPlace destination, ulong pitch, ulong width, ulong rows, T value) : StreamWork
    where T : unmanaged
{
    public override void Run(DriverContext context)
    {
        ulong bytes = (pitch * (rows - 1)) + (width * (ulong)sizeof(T));
        using MemoryPin pin = destination.Pin();
        byte* row = destination.Resolve(bytes);
        if (row == null)
        {
            context.Fail(CUDA_ERROR_ILLEGAL_ADDRESS, $"memory at 0x{destination.Address:x} was freed before a set of {bytes} bytes ran");
            return;
        }
        // SAFETY: the rows lie within the range resolved above, which is pinned.
        for (ulong i = 0; i < rows; i++, row += pitch)
        {
            Fill((T*)row, width);
        }
    }

    protected override DeviceCost Cost(DeviceTiming timing) => timing.Fill(width * rows * (ulong)sizeof(T));

    public override NodeContent ToContent(DriverStream stream)
    {
        T element = value;
        var fill = new CUDA_MEMSET_NODE_PARAMS_v2
        {
            dst = new CUdeviceptr(destination.Address),
            pitch = (nuint)pitch,
            value = sizeof(T) switch { 1 => *(byte*)&element, 2 => *(ushort*)&element, _ => *(uint*)&element },
            elementSize = (uint)sizeof(T),
            width = (nuint)width,
            height = (nuint)rows,
        };
        return new FillContent(fill, this, stream.Context);
    }

    private void Fill(T* start, ulong count)
    {
        while (count > 0)
        {
            int part = (int)Math.Min(count, int.MaxValue);
            new Span<T>(start, part).Fill(value);
            start += part;
            count -= (ulong)part;
        }
    }
}
