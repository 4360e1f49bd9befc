using CudaRpc.Transport.Emulation;

namespace CudaRpc.Model;

// The client and the link.
internal sealed partial class Replay
{
    // A connection puts no more on the link at once than keeps it busy this long; nanoseconds. Other flows come between.
    private const long Turn = 1_000_000;
    // What the client queues before the program's thread sends itself, and what sockets hold beyond what is on its way.
    private const long SendQueue = 1 << 20;
    private const long SocketBuffer = 4 << 20;
    private const long MostUnderWay = 256 << 20;

    private readonly LinkDirection _up;
    private readonly LinkDirection _down;
    private readonly double _outPerByte;
    private readonly long _window;
    private readonly int _chunk;

    private void Call(int thread, ref ThreadState state, ref Step step)
    {
        if (state.Trips == 0)
        {
            Begin(thread, ref state, step);
        }

        switch (step.Kind)
        {
            case StepKind.Local:
                state.Time += step.ClientCost;
                state.Trips = 0;
                Complete(thread, ref state, step);
                break;
            case StepKind.Posted when step.BytesOut <= ProgramSteps.PostedBulk:
                Post(thread, ref state, step);
                state.Trips = 0;
                Complete(thread, ref state, step);
                break;
            default:
                // Whoever sends takes along what is queued, and no more is carried behind it.
                Flush(_program.SessionOf[thread], state.Time);
                _sessions[_program.SessionOf[thread]].DropCarrier(thread);
                state.Time += (state.Trips == step.RoundTrips ? step.ClientCost : 0) + (step.Kind == StepKind.Posted ? 0 : (long)(_costs.RoundTrip / 2));
                state.Left = state.Trips > 1 ? ProgramSteps.SmallCall : step.BytesOut;
                state.FirstArrival = -1;
                state.Phase = ThreadPhase.Send;
                break;
        }
    }

    private void Post(int thread, ref ThreadState state, in Step step)
    {
        int number = _program.SessionOf[thread];
        SessionState session = _sessions[number];
        long cost = step.ClientCost;
        if (session.Queued.Count > 0)
        {
            session.Queued.Add((thread, state.Step));
        }
        else if (state.Time <= session.PumpAwake + (step.FindsPumpAwake ? (long)_costs.Spin : 0))
        {
            SendPosted(session, number, thread, step, state.Time);
        }
        else
        {
            session.Queued.Add((thread, state.Step));
            cost = Math.Max(cost, (long)(_costs.Post + _costs.PostWake));
            Schedule(new Happening(HappeningKind.Pump, number, 0), state.Time + (long)(_costs.Wake / 2));
        }

        // Back-pressure: the queue is full, and the thread sends it; or the server is behind, and takes nothing.
        state.Time += cost;
        session.PumpAwake = Math.Max(session.PumpAwake, state.Time + (long)(_costs.Spin / 4));
        long backlog = _up.Backlog(state.Time) - Turn;
        if (backlog > SendQueue * _outPerByte)
        {
            state.Time += backlog;
        }

        state.Time = Math.Max(state.Time, session.Window.Below(_window));
    }

    private void Flush(int number, long now)
    {
        SessionState session = _sessions[number];
        if (session.Queued.Count == 0)
        {
            return;
        }

        foreach ((int thread, int step) in session.Queued)
        {
            SendPosted(session, number, thread, _program.Threads[thread][step], now);
        }

        session.Queued.Clear();
        session.PumpAwake = Math.Max(session.PumpAwake, now + (long)(_costs.Spin / 4));
    }

    private void SendPosted(SessionState session, int number, int thread, in Step step, long now)
    {
        long arrival = _up.Send(now, (int)step.BytesOut);
        long made = ServePosted(session, number, session.CarrierFor(thread), step, arrival);
        session.Window.Add(step.BytesOut, made);
    }

    // One piece of what the call sends, as soon as the link takes it.
    private void Send(int thread, ref ThreadState state, ref Step step)
    {
        long busy = _up.Backlog(state.Time) - Turn;
        if (busy > 0)
        {
            state.Time += busy;
            return;
        }

        int piece = (int)Math.Min(state.Left, _chunk);
        state.LastArrival = _up.Send(state.Time, piece);
        state.FirstArrival = state.FirstArrival < 0 ? state.LastArrival : state.FirstArrival;
        state.Left -= piece;
        state.Time += IsLarge(step.BytesOut) ? (long)(piece * 1e9 / _costs.CopyOut) : 0;
        if (state.Left > 0)
        {
            return;
        }

        SessionState session = _sessions[_program.SessionOf[thread]];
        state.LastArrival = Math.Max(state.LastArrival, state.Time);
        if (step.Kind == StepKind.Posted)
        {
            ServeBulk(session, thread, step, state.FirstArrival, state.LastArrival);
            state.Trips = 0;
            Complete(thread, ref state, step);
            return;
        }

        state.Time = ServeWaiting(session, ref state, step);
        state.Left = state.Trips > 1 ? ProgramSteps.SmallReply : step.BytesIn;
        state.Phase = ThreadPhase.Receive;
    }

    // One piece of the reply, now that the server sends it.
    private void Receive(int thread, ref ThreadState state, ref Step step)
    {
        long busy = _down.Backlog(state.Time) - Turn;
        if (busy > 0)
        {
            state.Time += busy;
            return;
        }

        int piece = (int)Math.Min(state.Left, _chunk);
        long arrival = _down.Send(state.Time, piece);
        state.Left -= piece;
        if (state.Left > 0)
        {
            state.Time += (long)(piece * 1e9 / _costs.CopyIn);
            return;
        }

        // The last of the data is on its way for as long as the reply, however early that began.
        arrival = Math.Max(arrival, state.DataReady + arrival - state.Time);
        state.Time = arrival + (long)(_costs.RoundTrip / 2) + Waking(arrival - state.Begun);
        Answered(thread, ref state, ref step);
    }

    private void Answered(int thread, ref ThreadState state, ref Step step)
    {
        _waits[step.Function]++;
        state.Phase = ThreadPhase.Call;
        if (--state.Trips > 0)
        {
            return;
        }

        SessionState session = _sessions[_program.SessionOf[thread]];
        if (step.Kind == StepKind.Poll && state.NotReady)
        {
            state.Trips = 1;
            state.Time += _free.HasFlag(Causes.Program) ? 0 : step.PollThink;
            return;
        }

        // Data of posted copies that the call shows has to be there.
        state.Time = step.Operation is DeviceOperation.None ? state.Time : Math.Max(state.Time, session.Landed);
        Complete(thread, ref state, step);
    }

    // The data of a posted copy to the host leaves the server when the device has copied it.
    private void Land(int number, long now, long bytes)
    {
        long arrival = now;
        for (long left = bytes; left > 0; left -= _chunk)
        {
            arrival = _down.Send(now, (int)Math.Min(left, _chunk));
        }

        _sessions[number].Landed = Math.Max(_sessions[number].Landed, arrival);
    }

    private static bool IsLarge(long bytes) => bytes > ProgramSteps.PostedBulk;
}
