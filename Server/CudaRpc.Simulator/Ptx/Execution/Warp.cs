namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>Threads of one warp that are at the same place.</summary>
internal struct LaneGroup
{
    /// <summary>Threads may go on.</summary>
    public const int Runnable = -1;

    /// <summary>Threads wait at a Converge instruction for others of their warp.</summary>
    public const int Converging = -2;

    /// <summary>Threads wait at the barrier of their cluster.</summary>
    public const int Cluster = -3;

    public int Pc;
    public uint Mask;

    /// <summary>Runnable, Converging, Cluster, or the number of the barrier at which the threads wait.</summary>
    public int Wait;
}

/// <summary>32 threads of a CTA: registers side by side, and the groups into which branches have divided them.</summary>
internal sealed unsafe class Warp(int index)
{
    private readonly LaneGroup[] _groups = new LaneGroup[32];

    /// <summary>Its number in the CTA.</summary>
    public int Index { get; } = index;

    /// <summary>Register file: predicates first, one 32-bit mask each; then the registers, 32 lanes each.</summary>
    public byte* Registers { get; private set; }

    /// <summary>Local memory of lane 0; the others follow.</summary>
    public byte* Local { get; private set; }

    /// <summary>Threads that have not exited.</summary>
    public uint Live { get; set; }

    /// <summary>All lanes that threads of the CTA occupy.</summary>
    public uint Lanes { get; private set; }

    public int GroupCount { get; private set; }

    /// <summary>Threads whose predicate held at each bar.red, valid for the threads that the barrier has just released.</summary>
    public int[] BarrierTrue { get; } = new int[Cta.BarrierCount];

    /// <summary>Threads whose predicate did not hold.</summary>
    public int[] BarrierFalse { get; } = new int[Cta.BarrierCount];

    /// <summary>Where the group was that gave way last, or -1 once another was chosen.</summary>
    public int YieldedAt { get; set; } = -1;

    /// <summary>True when its last turn ended in a loop that reads memory which others may change.</summary>
    public bool Spinning { get; set; }

    /// <summary><see cref="Live"/> when threads last began to wait for others of the warp.</summary>
    public uint LiveWhenConverging { get; set; }

    /// <summary>Threads that have arrived at the barrier of their cluster and that it has not let go yet.</summary>
    public uint ClusterArrived { get; set; }

    public ref LaneGroup Group(int index) => ref _groups[index];

    public void Start(byte* registers, byte* local, uint lanes)
    {
        Registers = registers;
        Local = local;
        Live = lanes;
        Lanes = lanes;
        Spinning = false;
        ClusterArrived = 0;
        YieldedAt = -1;
        GroupCount = 0;
        Add(0, lanes, LaneGroup.Runnable);
    }

    public void Add(int pc, uint mask, int wait)
    {
        _groups[GroupCount++] = new LaneGroup { Pc = pc, Mask = mask, Wait = wait };
    }

    public LaneGroup Remove(int index)
    {
        LaneGroup group = _groups[index];
        _groups[index] = _groups[--GroupCount];
        return group;
    }

    /// <summary>
    /// Index of the runnable group that is furthest behind, or -1. After a group has given way it is the one next to it, so that
    /// threads that spin on a lock let the thread of their warp that holds it go on.
    /// </summary>
    public int NextGroup()
    {
        int best = -1;
        int after = -1;
        for (int i = 0; i < GroupCount; i++)
        {
            if (_groups[i].Wait != LaneGroup.Runnable)
            {
                continue;
            }

            int pc = _groups[i].Pc;
            best = best < 0 || pc < _groups[best].Pc ? i : best;
            after = pc > YieldedAt && (after < 0 || pc < _groups[after].Pc) ? i : after;
        }

        bool rotate = YieldedAt >= 0 && after >= 0;
        YieldedAt = -1;
        return rotate ? after : best;
    }

    /// <summary>Smallest place at or after <paramref name="pc"/> where another group can be joined, or int.MaxValue.</summary>
    public int NextMeeting(int pc)
    {
        int limit = int.MaxValue;
        for (int i = 0; i < GroupCount; i++)
        {
            if (_groups[i].Wait == LaneGroup.Runnable && _groups[i].Pc >= pc)
            {
                limit = Math.Min(limit, _groups[i].Pc);
            }
        }

        return limit;
    }

    /// <summary>Takes out all groups at <paramref name="pc"/> that wait as said, and returns their threads.</summary>
    public uint Join(int pc, int wait)
    {
        uint mask = 0;
        for (int i = GroupCount - 1; i >= 0; i--)
        {
            if (_groups[i].Pc == pc && _groups[i].Wait == wait)
            {
                mask |= Remove(i).Mask;
            }
        }

        return mask;
    }

    /// <summary>Makes groups that wait as said runnable. Returns whether there were any.</summary>
    public bool Release(int wait)
    {
        bool any = false;
        for (int i = 0; i < GroupCount; i++)
        {
            if (_groups[i].Wait == wait)
            {
                _groups[i].Wait = LaneGroup.Runnable;
                any = true;
            }
        }

        return any;
    }

    /// <summary>Threads that wait at a barrier.</summary>
    public uint WaitingAt(int barrier)
    {
        uint mask = 0;
        for (int i = 0; i < GroupCount; i++)
        {
            mask |= _groups[i].Wait == barrier ? _groups[i].Mask : 0;
        }

        return mask;
    }
}
