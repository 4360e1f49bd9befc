namespace CudaRpc.Model;

/// <summary>A call, or a sequence of polls, ready to be replayed. Times are nanoseconds.</summary>
internal struct Step
{
    public StepKind Kind;
    public DeviceOperation Operation;

    /// <summary>Whether the call returns when the device has done its work.</summary>
    public bool WaitsForDevice;

    /// <summary>Whether another thread goes on from here: one of the anchors names this step.</summary>
    public bool IsAnchor;

    /// <summary>Whether the thread connects with the server before: its lane is opened.</summary>
    public bool Connects;

    /// <summary>Whether the thread that sends was awake when the call was recorded.</summary>
    public bool FindsPumpAwake;

    public int Function;
    public int Stream;
    public int Event;
    public int RoundTrips;

    /// <summary>The anchors that have to be reached before: the first, and how many.</summary>
    public int FirstAnchor;
    public int Anchors;

    /// <summary>The program's own time before it.</summary>
    public long Think;

    /// <summary>The program's own time between two polls.</summary>
    public long PollThink;

    /// <summary>In the program's thread.</summary>
    public long ClientCost;

    /// <summary>In the server's thread.</summary>
    public long ServerCost;

    public long DeviceCost;
    public long BytesOut;
    public long BytesIn;
}
