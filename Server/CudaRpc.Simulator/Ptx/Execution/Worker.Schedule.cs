using System.Numerics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>Which CTA and which warp runs next. One thread, no preemption: a warp gives way at barriers and in long loops.</summary>
internal sealed unsafe partial class Worker
{
    // Rounds over the warps of a CTA that computes, before others of the grid get a turn: a few dozen milliseconds.
    private const int RoundsPerTurn = 64;

    // Native memory kept for the next launch.
    private const nuint KeptBytes = 8 << 20;

    // Bytes that CTAs started beside a waiting one may hold.
    private const nuint ResidentBytes = 256 << 20;

    private readonly Queue<Cta> _resident = new();
    private readonly Stack<Cta> _idle = new();

    private enum Turn
    {
        Finished,

        /// <summary>Nothing to run until another warp does something.</summary>
        Blocked,

        /// <summary>Gave way in a loop.</summary>
        Yielded,
    }

    /// <summary>Runs CTAs of a launch until none is left to begin and those begun here are done, or the launch is stopped.</summary>
    public void Work(Launch launch)
    {
        Begin(launch);
        try
        {
            while (!launch.IsStopped && NextCta(launch) is { } cta)
            {
                if (RunCta(cta) == Turn.Finished)
                {
                    _idle.Push(cta);
                }
                else
                {
                    _resident.Enqueue(cta);
                }
            }

            if (launch.IsStopped && (_resident.Count != 0 || launch.HasUnclaimed))
            {
                launch.Abandon();
            }
        }
        catch (DeviceFaultException fault)
        {
            launch.Fail(fault, _cta.LinearIndex);
        }
#pragma warning disable CA1031 // Whatever it is, it goes to the caller of Launch, and the other workers have to stop.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            launch.Fail(failure, 0);
        }
        finally
        {
            End();
        }
    }

    // A CTA that gave way waits for another one, or takes long: begin one more as long as there is room, then go round.
    private Cta? NextCta(Launch launch)
    {
        nuint residentBytes = _resident.Count == 0 ? 0 : (nuint)_resident.Count * _resident.Peek().MemoryBytes;
        bool room = _resident.Count == 0 || launch.Shape.Cooperative
            || (_resident.Count < KernelLauncher.ResidentBlocksPerWorker && residentBytes < ResidentBytes);
        if (room && launch.TryClaim(out ulong index))
        {
            return launch.Shape.ClusterSize == 1 ? StartCta(launch, index, cluster: null, rank: 0, NewCta()) : StartCluster(launch, index);
        }

        return _resident.TryDequeue(out Cta? waiting) ? waiting : null;
    }

    private Cta NewCta() => _idle.TryPop(out Cta? cta) ? cta : new Cta();

    private static Cta StartCta(Launch launch, ulong index, Cluster? cluster, int rank, Cta cta)
    {
        cta.Start(launch, index, cluster, rank);
        return cta;
    }

    // All of a cluster are begun together, by one worker: they may wait for each other.
    private Cta StartCluster(Launch launch, ulong index)
    {
        var members = new Cta[launch.Shape.ClusterSize];
        for (int rank = 0; rank < members.Length; rank++)
        {
            members[rank] = NewCta();
        }

        var cluster = new Cluster(members);
        for (int rank = 0; rank < members.Length; rank++)
        {
            StartCta(launch, launch.BlockOf(index, (uint)rank), cluster, rank, members[rank]);
            if (rank > 0)
            {
                _resident.Enqueue(members[rank]);
            }
        }

        return members[0];
    }

    private Turn RunCta(Cta cta)
    {
        _cta = cta;
        for (int round = 0; ; round++)
        {
            bool progress = false;
            bool computing = false;
            bool yielded = false;
            foreach (Warp warp in cta.Warps)
            {
                if (warp.Live == 0)
                {
                    continue;
                }

                Turn turn = _launch.Counts is null ? RunWarp<Uncounted>(warp, out bool ran) : RunWarp<Counted>(warp, out ran);
                progress |= ran;
                yielded |= turn == Turn.Yielded;
                computing |= turn == Turn.Yielded ? !warp.Spinning : ran;
            }

            if (!cta.HasLiveThreads)
            {
                return Turn.Finished;
            }

            if (progress)
            {
                cta.Cluster.NoteProgress();
            }
            else if (cta.Cluster.MayGoOn(cta))
            {
                return Turn.Yielded;
            }
            else
            {
                ThrowDeadlock(cta);
            }

            if (yielded && (!computing || round >= RoundsPerTurn || _launch.IsStopped))
            {
                return Turn.Yielded;
            }
        }
    }

    // A wait for threads of the same warp says more about the mistake than a barrier that others reached.
    private void ThrowDeadlock(Cta cta)
    {
        Warp? waiting = null;
        foreach (Warp warp in cta.Warps)
        {
            for (int i = 0; i < warp.GroupCount; i++)
            {
                LaneGroup group = warp.Group(i);
                if (group.Wait == LaneGroup.Converging)
                {
                    const string Shuffle = "deadlock, threads wait at a warp-synchronous instruction for threads that cannot come";
                    ThrowFault(DeviceFaultKind.Deadlock, warp, group.Mask, group.Pc, Shuffle, 0);
                }

                waiting ??= warp;
            }
        }

        LaneGroup first = waiting!.Group(0);
        string barrier = first.Wait == LaneGroup.Cluster ? "the barrier of their cluster" : $"barrier {first.Wait}";
        string detail = $"deadlock, threads wait at {barrier} for threads that cannot come";
        ThrowFault(DeviceFaultKind.Deadlock, waiting, first.Mask, first.Pc - 1, detail, 0);
    }

    private void End()
    {
        while (_resident.TryDequeue(out Cta? cta))
        {
            _idle.Push(cta);
        }

        while (_idle.Count > 1 || (_idle.Count == 1 && _idle.Peek().MemoryBytes > KeptBytes))
        {
            _idle.Pop().Dispose();
        }

        if (_idle.TryPeek(out Cta? kept))
        {
            kept.Forget();
        }

        _launch.Counts?.Add(_instructions, _bytes);
        _launch = null!;
        _cta = null!;
        _warp = null!;
    }
}
