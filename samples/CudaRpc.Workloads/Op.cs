namespace CudaRpc.Workloads;

/// <summary>One thing that a workload does. Streams count from 1, 0 is the default stream; events count from 0; each thread has its own.</summary>
public sealed record Op
{
    private Op(OpKind kind) => Kind = kind;

    /// <summary>What it does.</summary>
    public OpKind Kind { get; }

    /// <summary>The kernel that is launched.</summary>
    public string Kernel { get; private init; } = "";

    /// <summary>How long the kernel takes, or the program thinks.</summary>
    public long Nanoseconds { get; private init; }

    /// <summary>Blocks of the grid.</summary>
    public uint Blocks { get; private init; }

    /// <summary>Parameters of the kernel, of eight bytes each; the first one is its time.</summary>
    public int Parameters { get; private init; }

    /// <summary>Bytes of a copy, a fill or an allocation.</summary>
    public long Bytes { get; private init; }

    /// <summary>Whether the program's side of a copy is page-locked.</summary>
    public bool IsPinned { get; private init; }

    /// <summary>The stream.</summary>
    public int Stream { get; private init; }

    /// <summary>The event.</summary>
    public int Event { get; private init; }

    /// <summary>A kernel.</summary>
    public static Op Launch(string kernel, long nanoseconds, int parameters, int stream = 0, uint blocks = 1024) =>
        new(OpKind.Launch) { Kernel = kernel, Nanoseconds = nanoseconds, Parameters = parameters, Stream = stream, Blocks = blocks };

    /// <summary>A copy to the device.</summary>
    public static Op CopyIn(long bytes, int stream = 0, bool pinned = true) =>
        new(OpKind.CopyIn) { Bytes = bytes, Stream = stream, IsPinned = pinned };

    /// <summary>A copy to the host.</summary>
    public static Op CopyOut(long bytes, int stream = 0, bool pinned = true) =>
        new(OpKind.CopyOut) { Bytes = bytes, Stream = stream, IsPinned = pinned };

    /// <summary>A fill.</summary>
    public static Op Fill(long bytes, int stream = 0) => new(OpKind.Fill) { Bytes = bytes, Stream = stream };

    /// <summary>Records an event.</summary>
    public static Op Record(int @event, int stream = 0) => new(OpKind.Record) { Event = @event, Stream = stream };

    /// <summary>Lets a stream wait for an event.</summary>
    public static Op Wait(int @event, int stream) => new(OpKind.Wait) { Event = @event, Stream = stream };

    /// <summary>Waits for a stream.</summary>
    public static Op Synchronize(int stream = 0) => new(OpKind.SynchronizeStream) { Stream = stream };

    /// <summary>Waits for an event.</summary>
    public static Op SynchronizeEvent(int @event) => new(OpKind.SynchronizeEvent) { Event = @event };

    /// <summary>Asks for an event until it is done.</summary>
    public static Op PollEvent(int @event) => new(OpKind.PollEvent) { Event = @event };

    /// <summary>Asks for a stream until it is done.</summary>
    public static Op PollStream(int stream) => new(OpKind.PollStream) { Stream = stream };

    /// <summary>Makes an event, which lasts until the step ends.</summary>
    public static Op CreateEvent() => new(OpKind.CreateEvent);

    /// <summary>Makes a stream, which lasts until the step ends.</summary>
    public static Op CreateStream() => new(OpKind.CreateStream);

    /// <summary>Takes memory, until the step ends.</summary>
    public static Op Allocate(long bytes) => new(OpKind.Allocate) { Bytes = bytes };

    /// <summary>Launches the workload's graph.</summary>
    public static Op LaunchGraph(int stream) => new(OpKind.LaunchGraph) { Stream = stream };

    /// <summary>Asks what is current.</summary>
    public static Op Ask() => new(OpKind.Ask);

    /// <summary>The program's own time.</summary>
    public static Op Think(long nanoseconds) => new(OpKind.Think) { Nanoseconds = nanoseconds };

    /// <summary>The same, many times.</summary>
    public static IEnumerable<Op> Repeat(int count, params Op[] ops) => Enumerable.Repeat(ops, count).SelectMany(static same => same);
}
