using System.Numerics;
using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// One CTA at work: its warps, shared memory and barriers. Used by one worker at a time and reused for CTA after CTA.
/// </summary>
internal sealed unsafe class Cta : IDisposable
{
    /// <summary>Barriers per CTA (PTX ISA, bar).</summary>
    public const int BarrierCount = 16;

    private const nuint Alignment = 64;

    private readonly BarrierState[] _barriers = new BarrierState[BarrierCount];
    private Warp[] _warps = [];
    private readonly Cluster _alone;
    private Launch? _launch;
    private byte* _allocation;
    private byte* _memory;
    private nuint _memoryBytes;
    private int _liveThreads;

    public Cta()
    {
        _alone = new Cluster(this);
        Cluster = _alone;
    }

    ~Cta() => Release();

    /// <summary>The CTAs it belongs together with, and its number among them.</summary>
    public Cluster Cluster { get; private set; }

    public int ClusterRank { get; private set; }

    /// <summary>Whether threads wait at the barrier of the cluster.</summary>
    public bool HasClusterWaiters
    {
        get
        {
            foreach (Warp warp in Warps)
            {
                if (warp.WaitingAt(LaneGroup.Cluster) != 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>%ctaid.</summary>
    public Dim3 Index { get; private set; }

    /// <summary>Number of the CTA in its grid.</summary>
    public ulong LinearIndex { get; private set; }

    public ReadOnlySpan<Warp> Warps => _warps.AsSpan(0, WarpCount);

    public int WarpCount { get; private set; }

    public byte* Shared { get; private set; }

    public ulong SharedBytes { get; private set; }

    public bool HasLiveThreads => _liveThreads != 0;

    /// <summary>Bytes of native memory that it holds.</summary>
    public nuint MemoryBytes => _memoryBytes;

    /// <summary>Begins CTA <paramref name="index"/> of a launch, alone or as a member of a cluster.</summary>
    public void Start(Launch launch, ulong index, Cluster? cluster = null, int rank = 0)
    {
        (Cluster, ClusterRank) = (cluster ?? _alone, rank);
        if (_launch != launch)
        {
            Prepare(launch);
        }

        LaunchShape shape = launch.Shape;
        LinearIndex = index;
        Index = new Dim3((uint)(index % shape.GridX), (uint)(index / shape.GridX % shape.GridY), (uint)(index / shape.GridX / shape.GridY));
        Array.Clear(_barriers);
        int threads = (int)shape.ThreadsPerBlock;
        _liveThreads = threads;
        nuint registerBytes = (nuint)launch.Code.RegisterBytes;
        nuint localBytes = (nuint)launch.Code.LocalStride * 32;
        byte* local = _memory + registerBytes * (nuint)WarpCount;
        for (int i = 0; i < WarpCount; i++)
        {
            int left = threads - i * 32;
            uint lanes = left >= 32 ? uint.MaxValue : (1u << left) - 1;
            _warps[i].Start(_memory + registerBytes * (nuint)i, local + localBytes * (nuint)i, lanes);
        }
    }

    /// <summary>Lets go of the launch, so that nothing of it stays reachable between launches.</summary>
    public void Forget() => _launch = null;

    /// <summary>The threads of <paramref name="mask"/> wait from now on; they are already in a group that says so.</summary>
    public void Wait(int barrier, uint mask, int expected, uint predicate)
    {
        ref BarrierState state = ref _barriers[barrier];
        state.Waiting += BitOperations.PopCount(mask);
        state.Expected = expected;
        state.True += BitOperations.PopCount(mask & predicate);
        state.False += BitOperations.PopCount(mask & ~predicate);
        CompleteIfReached(barrier);
    }

    /// <summary>bar.arrive: counts the threads without letting them wait.</summary>
    public void Arrive(int barrier, Warp warp, uint mask, int expected)
    {
        ref BarrierState state = ref _barriers[barrier];
        state.Passed += mask == warp.Live ? 32 : BitOperations.PopCount(mask);
        state.Expected = expected;
        CompleteIfReached(barrier);
    }

    /// <summary>Takes exited threads out of the count of those that barriers wait for.</summary>
    public void Exit(int threads)
    {
        _liveThreads -= threads;
        for (int i = 0; i < BarrierCount; i++)
        {
            if (_barriers[i].Waiting != 0)
            {
                CompleteIfReached(i);
            }
        }

        if (Cluster.HasArrivals)
        {
            Cluster.CompleteIfReached();
        }
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void CompleteIfReached(int barrier)
    {
        ref BarrierState state = ref _barriers[barrier];
        if (state.Expected == 0 ? state.Waiting != _liveThreads : Arrived(barrier) < state.Expected)
        {
            return;
        }

        foreach (Warp warp in Warps)
        {
            if (warp.Release(barrier))
            {
                warp.BarrierTrue[barrier] = state.True;
                warp.BarrierFalse[barrier] = state.False;
            }
        }

        state = default;
    }

    // Barriers count warps, 32 threads each, also where the last warp of the CTA has fewer.
    private int Arrived(int barrier)
    {
        int count = _barriers[barrier].Passed;
        foreach (Warp warp in Warps)
        {
            uint waiting = warp.WaitingAt(barrier);
            count += waiting == 0 ? 0 : waiting == warp.Live ? 32 : BitOperations.PopCount(waiting);
        }

        return count;
    }

    private void Prepare(Launch launch)
    {
        _launch = launch;
        WarpCount = (int)((launch.Shape.ThreadsPerBlock + 31) / 32);
        if (_warps.Length < WarpCount)
        {
            _warps = [.. _warps, .. Enumerable.Range(_warps.Length, WarpCount - _warps.Length).Select(i => new Warp(i))];
        }

        SharedBytes = launch.SharedBytes;
        nuint perWarp = (nuint)launch.Code.RegisterBytes + (nuint)launch.Code.LocalStride * 32;
        nuint warpBytes = (nuint)WarpCount * perWarp;
        nuint bytes = warpBytes + (nuint)SharedBytes;
        if (_memoryBytes < bytes)
        {
            Release();
            // SAFETY: freed by Release, which runs before it is replaced, on Dispose and on finalisation. Large blocks come from mmap:
            // local memory that no thread touches takes no memory.
            _allocation = (byte*)NativeMemory.AllocZeroed(bytes + Alignment);
            _memory = (byte*)(((nuint)_allocation + Alignment - 1) & ~(Alignment - 1));
            _memoryBytes = bytes;
        }
        else
        {
            // What the previous launch left could be another session's.
            NativeMemory.Clear(_memory, bytes);
        }

        Shared = _memory + warpBytes;
    }

    private void Release()
    {
        NativeMemory.Free(_allocation);
        _allocation = null;
        _memory = null;
        _memoryBytes = 0;
    }

    private struct BarrierState
    {
        public int Waiting;

        // Threads that arrived without waiting.
        public int Passed;

        // Threads to wait for, or 0 for all that live.
        public int Expected;
        public int True;
        public int False;
    }
}
