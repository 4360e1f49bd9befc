using System.Diagnostics.CodeAnalysis;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// CTAs that can reach each other's shared memory and wait for each other; a CTA of a launch without clusters is one by itself. All of its CTAs are run
/// by one worker, in turn, so nothing here needs a lock.
/// </summary>
internal sealed class Cluster
{
    private readonly Cta[] _members;
    private readonly long[] _stuckAt;
    private long _progress;

    public Cluster(params Cta[] members)
    {
        _members = members;
        _stuckAt = new long[members.Length];
        Array.Fill(_stuckAt, -1);
    }

    /// <summary>CTAs.</summary>
    public int Size => _members.Length;

    /// <summary>The CTA of a rank, if there is one and it has not made room for another.</summary>
    public bool TryGet(ulong rank, [NotNullWhen(true)] out Cta? member)
    {
        member = rank < (ulong)_members.Length && IsHere(_members[rank]) ? _members[rank] : null;
        return member is not null;
    }

    /// <summary>Whether threads have arrived at the barrier.</summary>
    public bool HasArrivals { get; private set; }

    /// <summary>Threads have arrived at the barrier, as their warp says.</summary>
    public void Arrive()
    {
        HasArrivals = true;
        CompleteIfReached();
    }

    /// <summary>A barrier that all threads of the cluster which have not exited have reached lets them go.</summary>
    public void CompleteIfReached()
    {
        foreach (Cta member in _members)
        {
            foreach (Warp warp in WarpsOf(member))
            {
                if ((warp.Live & ~warp.ClusterArrived) != 0)
                {
                    return;
                }
            }
        }

        HasArrivals = false;
        foreach (Cta member in _members)
        {
            foreach (Warp warp in WarpsOf(member))
            {
                warp.ClusterArrived = 0;
                warp.Release(LaneGroup.Cluster);
            }
        }
    }

    /// <summary>A CTA has executed something: those that waited may be able to go on.</summary>
    public void NoteProgress() => _progress++;

    /// <summary>
    /// A CTA can execute nothing now. Whether it waits for the others of its cluster, and one of these has not been found stuck since somebody went on.
    /// </summary>
    public bool MayGoOn(Cta stuck)
    {
        _stuckAt[stuck.ClusterRank] = _progress;
        for (int rank = 0; rank < _members.Length; rank++)
        {
            if (IsHere(_members[rank]) && _members[rank].HasLiveThreads && _stuckAt[rank] != _progress)
            {
                return stuck.HasClusterWaiters;
            }
        }

        return false;
    }

    private ReadOnlySpan<Warp> WarpsOf(Cta member) => IsHere(member) ? member.Warps : default;

    // One that has finished may run as another CTA by now.
    private bool IsHere(Cta member) => member.Cluster == this;
}
