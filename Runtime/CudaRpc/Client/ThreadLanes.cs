namespace CudaRpc.Client;

/// <summary>
/// The lanes of one thread, one per session it uses; mostly one. Held by a thread static alone, so that it is collected when the thread has
/// ended, and its lanes are then closed.
/// </summary>
internal sealed class ThreadLanes
{
    private readonly List<(Session Session, Lane Lane)> _lanes = [];
    private Session? _lastSession;
    private Lane? _lastLane;

    ~ThreadLanes()
    {
        foreach ((Session session, Lane lane) in _lanes)
        {
            session.RetireSoon(lane);
        }
    }

    public Lane Of(Session session) => ReferenceEquals(_lastSession, session) ? _lastLane! : Find(session);

    // Apart from the path that every call takes: the closure is allocated where the method begins.
    private Lane Find(Session session)
    {
        _lanes.RemoveAll(static entry => entry.Session.IsDisposed);
        Lane? lane = _lanes.Find(entry => ReferenceEquals(entry.Session, session)).Lane;
        if (lane is null)
        {
            lane = session.CreateLane();
            _lanes.Add((session, lane));
        }

        (_lastSession, _lastLane) = (session, lane);
        return lane;
    }
}
