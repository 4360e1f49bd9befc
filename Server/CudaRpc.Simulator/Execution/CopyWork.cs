using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Execution;

/// <summary>A linear copy between any two places.</summary>
internal sealed unsafe class CopyWork(MemoryPlace destination, MemoryPlace source, ulong bytes) : StagedWork
{
    public override ulong Bytes => bytes;

    public override void Run(DriverContext context)
    {
        using MemoryPin destinationPin = destination.Pin();
        using MemoryPin sourcePin = source.Pin();
        byte* to = destination.Resolve(bytes);
        byte* from = Staged != null ? Staged : source.Resolve(bytes);
        if (to == null || from == null)
        {
            ulong address = to == null ? destination.Address : source.Address;
            context.Fail(CUDA_ERROR_ILLEGAL_ADDRESS, $"memory at 0x{address:x} was freed before a copy of {bytes} bytes ran");
            return;
        }
        // SAFETY: both ranges were resolved above and are pinned; MemoryCopy allows them to overlap.
        Buffer.MemoryCopy(from, to, bytes, bytes);
    }

    protected override DeviceCost Cost(DeviceTiming timing) => timing.Copy(source.IsDevice, destination.IsDevice, bytes);

    public override NodeContent ToContent(DriverStream stream)
    {
        var copy = new CUDA_MEMCPY3D_v2
        {
            srcMemoryType = Kind(source),
            srcHost = Host(source),
            srcDevice = Device(source),
            dstMemoryType = Kind(destination),
            dstHost = Host(destination),
            dstDevice = Device(destination),
            WidthInBytes = (nuint)bytes,
            Height = 1,
            Depth = 1,
        };
        return new CopyContent(copy, this, stream.Context);
    }

    private static CUmemorytype Kind(MemoryPlace place) => place.IsDevice ? CUmemorytype.CU_MEMORYTYPE_DEVICE : CUmemorytype.CU_MEMORYTYPE_HOST;

    private static void* Host(MemoryPlace place) => place.IsDevice ? null : (void*)place.Address;

    private static CUdeviceptr Device(MemoryPlace place) => place.IsDevice ? new CUdeviceptr(place.Address) : default;

    // SAFETY: the caller of TryStage promises that bytes can be read at a host source.
    protected override void Gather(byte* target) => Buffer.MemoryCopy(source.Resolve(bytes), target, bytes, bytes);
}
