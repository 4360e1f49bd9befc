namespace CudaRpc.Model;

// The server and the device.
internal sealed partial class Replay
{
    // Of a large copy, what the device copies while the next is under way.
    private const long StagedPiece = 1 << 20;

    private long ServePosted(SessionState session, int number, int lane, in Step step, long arrival)
    {
        ref ThreadState owner = ref _threads[lane];
        long begin = Math.Max(Math.Max(Awake(arrival, owner.LaneFree), session.GateFree), owner.LaneFree);
        long end = begin + ServerCost(step);
        session.GateFree = owner.LaneFree = end;
        long done = OnDevice(session, step, end);
        if (step is { Operation: DeviceOperation.CopyToHost, BytesIn: > 0 })
        {
            Schedule(new Happening(HappeningKind.Write, number, step.BytesIn), done);
        }

        return end;
    }

    // A posted call with much bulk has given up its turn; what comes behind waits for it.
    private void ServeBulk(SessionState session, int lane, in Step step, long first, long last)
    {
        ref ThreadState owner = ref _threads[lane];
        long begin = Math.Max(Math.Max(Awake(first, owner.LaneFree), session.GateFree), owner.LaneFree);
        session.GateFree = owner.LaneFree = Math.Max(begin, last) + ServerCost(step);
        Upload(session, step, begin, owner.LaneFree);
    }

    // A call that waits gives up its turn when it begins. When the reply leaves, or the first of it.
    private long ServeWaiting(SessionState session, ref ThreadState lane, in Step step)
    {
        long begin = Math.Max(Math.Max(Awake(lane.FirstArrival, lane.LaneFree), session.GateFree), lane.LaneFree);
        session.GateFree = begin;
        long made = Math.Max(begin, lane.LastArrival);
        lane.DataReady = 0;
        if (lane.Trips > 1)
        {
            return lane.LaneFree = made;
        }

        long cost = ServerCost(step);
        switch (step.Operation)
        {
            case DeviceOperation.CopyToHost when step.WaitsForDevice && IsLarge(step.BytesIn):
                // The first piece leaves while the next are copied.
                long device = DeviceCost(step), copied = OnDevice(session, step, made);
                long piece = (long)(device * Math.Min(1, (double)StagedPiece / step.BytesIn));
                lane.DataReady = copied + cost;
                lane.LaneFree = lane.DataReady;
                return Math.Max(made, copied - device + piece) + cost;
            case DeviceOperation.CopyToDevice when IsLarge(step.BytesOut):
                long uploaded = Upload(session, step, begin, made);
                return lane.LaneFree = (step.WaitsForDevice ? Math.Max(made, uploaded) : made) + cost;
            case DeviceOperation.QueryEvent or DeviceOperation.QueryStream:
                lane.NotReady = OnDevice(session, step, made) > made;
                return lane.LaneFree = made + cost;
            default:
                long done = OnDevice(session, step, made);
                return lane.LaneFree = (step.WaitsForDevice || IsWait(step.Operation) ? Math.Max(made, done) : made) + cost;
        }
    }

    private static bool IsWait(DeviceOperation operation) =>
        operation is DeviceOperation.SynchronizeAll or DeviceOperation.SynchronizeEvent or DeviceOperation.SynchronizeStream;

    // Gives the device what the call has for it; when that, or what the call asks for, is done.
    private long OnDevice(SessionState session, in Step step, long at)
    {
        DeviceTimelines device = session.Device;
        switch (step.Operation)
        {
            case DeviceOperation.Work or DeviceOperation.CopyToDevice or DeviceOperation.CopyToHost or DeviceOperation.HostFunction:
                return device.Work(step.Stream, at, DeviceCost(step));
            case DeviceOperation.RecordEvent:
                device.Record(step.Event, step.Stream);
                return at;
            case DeviceOperation.WaitEvent:
                device.Wait(step.Stream, step.Event);
                return at;
            case DeviceOperation.SynchronizeEvent or DeviceOperation.QueryEvent:
                return device.DoneOf(step.Event);
            case DeviceOperation.SynchronizeStream or DeviceOperation.QueryStream:
                return device.Free(step.Stream);
            case DeviceOperation.SynchronizeAll:
                return device.FreeOfAll();
            default:
                return at;
        }
    }

    // The device copies pieces while others arrive; after the last has, it is a piece behind at least.
    private long Upload(SessionState session, in Step step, long begin, long arrived)
    {
        long cost = DeviceCost(step);
        long piece = (long)(cost * Math.Min(1, (double)StagedPiece / step.BytesOut));
        long free = session.Device.Free(step.Stream);
        return session.Device.Occupy(step.Stream, Math.Max(Math.Max(begin, free) + cost, Math.Max(arrived, free) + piece));
    }

    private long Awake(long arrival, long idleSince) => arrival + Waking(arrival - idleSince);

    // What it takes until a thread goes on that has waited so long. It may have been spinning still, or asleep, or its processor too: none of these comes at
    // one moment, because every wait is a little shorter or longer than the last.
    private long Waking(long waited) => (long)(_costs.Wake / 2 * Math.Clamp(waited / (2 * Math.Max(_costs.Spin, 1)), 0, 1));

    private long ServerCost(in Step step) => _free.HasFlag(Causes.Server) ? 0 : step.ServerCost;

    private long DeviceCost(in Step step) => _free.HasFlag(Causes.Device) ? 0 : step.DeviceCost;
}
