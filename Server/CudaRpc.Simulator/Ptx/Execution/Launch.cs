using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>One grid being run: what its workers share.</summary>
internal sealed unsafe class Launch
{
    private readonly Lock _lock = new();
    private readonly CancellationToken _cancellation;
    private readonly ConstantPool _constants;
    private readonly byte[] _parameters;
    private readonly uint[] _threadIndices;
    private ulong _claimed;
    private bool _stopped;
    private bool _abandoned;
    private Exception? _failure;
    private ulong _failureBlock;

    public Launch(
        LoadedModule module, PtxKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> parameters, MemoryView view, CancellationToken ct)
    {
        Module = module;
        Memory = view;
        Kernel = kernel;
        Shape = shape;
        SharedBytes = (ulong)kernel.SharedBytes + shape.DynamicSharedBytes;
        _cancellation = ct;
        _constants = module.ConstantsOf(kernel);
        // 16 bytes more than the parameters: a load of a parameter reads whole elements.
        _parameters = GC.AllocateArray<byte>(parameters.Length + 16, pinned: true);
        parameters.CopyTo(_parameters);
        _threadIndices = GC.AllocateUninitializedArray<uint>(3 * LaneCount(shape), pinned: true);
        FillThreadIndices();
    }

    public LoadedModule Module { get; }

    /// <summary>What its threads can reach.</summary>
    public MemoryView Memory { get; }

    public PtxKernel Kernel { get; }

    public KernelCode Code => Kernel.Code;

    public LaunchShape Shape { get; }

    public ulong SharedBytes { get; }

    /// <summary>Memory that grid-wide barriers of cooperative launches use (%envreg1, %envreg2), or 0.</summary>
    public ulong GridWorkspace { get; init; }

    /// <summary>Where what the threads do is counted; null where nobody wants to know.</summary>
    public WorkCounts? Counts { get; init; }

    /// <summary>See <see cref="ConstantPool.End"/>.</summary>
    public byte* ConstantsEnd => _constants.End;

    // SAFETY: pinned arrays that this object keeps.
    public byte* Parameters => (byte*)Unsafe.AsPointer(ref _parameters[0]);

    /// <summary>%tid of all lanes of the CTA: all x, then all y, then all z.</summary>
    public uint* ThreadIndices => (uint*)Unsafe.AsPointer(ref _threadIndices[0]);

    /// <summary>Workers still to stop, polled by them; pairs with the writes in <see cref="Fail"/>.</summary>
    public bool IsStopped => Volatile.Read(ref _stopped) || _cancellation.IsCancellationRequested;

    /// <summary>Clusters of the grid; without clusters each CTA is one.</summary>
    private ulong Clusters => Shape.Blocks / Shape.ClusterSize;

    /// <summary>CTAs nobody has begun.</summary>
    public bool HasUnclaimed => Volatile.Read(ref _claimed) < Clusters; // pairs with TryClaim; a stale answer costs one attempt

    /// <summary>Lanes of all warps of a CTA.</summary>
    public static int LaneCount(in LaunchShape shape) => (int)((shape.ThreadsPerBlock + 31) / 32) * 32;

    /// <summary>Takes the next cluster to run.</summary>
    public bool TryClaim(out ulong index)
    {
        index = HasUnclaimed ? Interlocked.Increment(ref _claimed) - 1 : ulong.MaxValue;
        return index < Clusters;
    }

    /// <summary>Number in the grid of the CTA with a rank in a cluster.</summary>
    public ulong BlockOf(ulong cluster, uint rank)
    {
        Dim3 extent = Shape.ClusterExtent;
        ulong width = Shape.GridX / extent.X;
        ulong height = Shape.GridY / extent.Y;
        ulong x = (cluster % width * extent.X) + (rank % extent.X);
        ulong y = (cluster / width % height * extent.Y) + (rank / extent.X % extent.Y);
        ulong z = (cluster / width / height * extent.Z) + (rank / extent.X / extent.Y);
        return x + (Shape.GridX * (y + (Shape.GridY * z)));
    }

    /// <summary>Stops the launch. Of several failures that of the first CTA in grid order counts.</summary>
    public void Fail(Exception failure, ulong block)
    {
        lock (_lock)
        {
            if (_failure is null || block < _failureBlock)
            {
                _failure = failure;
                _failureBlock = block;
            }

            Volatile.Write(ref _stopped, true);
        }
    }

    public void ThrowIfFailed()
    {
        lock (_lock)
        {
            if (_failure is not null)
            {
                ExceptionDispatchInfo.Throw(_failure);
            }
        }

        if (Volatile.Read(ref _abandoned))
        {
            throw new OperationCanceledException(_cancellation);
        }
    }

    /// <summary>Says that CTAs were left unfinished because of <see cref="IsStopped"/>.</summary>
    public void Abandon() => Volatile.Write(ref _abandoned, true); // pairs with ThrowIfFailed

    /// <summary>%tid of a lane.</summary>
    public Dim3 ThreadIndex(int lane)
    {
        int lanes = LaneCount(Shape);
        return new Dim3(_threadIndices[lane], _threadIndices[lanes + lane], _threadIndices[2 * lanes + lane]);
    }

    private void FillThreadIndices()
    {
        int lanes = LaneCount(Shape);
        uint x = 0;
        uint y = 0;
        uint z = 0;
        for (int i = 0; i < lanes; i++)
        {
            _threadIndices[i] = x;
            _threadIndices[lanes + i] = y;
            _threadIndices[2 * lanes + i] = z;
            if (++x == Shape.BlockX)
            {
                x = 0;
                if (++y == Shape.BlockY)
                {
                    y = 0;
                    z++;
                }
            }
        }
    }
}
