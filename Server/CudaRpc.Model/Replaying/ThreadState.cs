namespace CudaRpc.Model;

/// <summary>Where a program's thread, its lane and the lane's thread of the server are in a replay.</summary>
internal struct ThreadState
{
    public ThreadPhase Phase;

    /// <summary>Index of the step that it makes or thinks about.</summary>
    public int Step;

    public long Time;

    /// <summary>When the step's call began.</summary>
    public long Begun;

    /// <summary>Bytes still to be sent or to be received.</summary>
    public long Left;

    /// <summary>Round trips still to be made.</summary>
    public int Trips;

    /// <summary>When the first and the last of what the call sent arrived.</summary>
    public long FirstArrival;
    public long LastArrival;

    /// <summary>Not before this is the reply complete.</summary>
    public long DataReady;

    /// <summary>Whether the device was not there yet.</summary>
    public bool NotReady;

    /// <summary>Whether it waits for anchors.</summary>
    public bool IsParked;

    /// <summary>When the server's thread of the lane has made what it got.</summary>
    public long LaneFree;
}
