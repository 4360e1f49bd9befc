using System.Diagnostics;
using CudaRpc.Client;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>Which of the threads that post call upon call waits, and what ends its wait.</summary>
public sealed class PostTurnsTests
{
    private const int Bytes = 16 << 10;

    private readonly PostOrder _order = new();
    private readonly PostTurn _poster = new();
    private readonly PostTurn _other = new();
    private volatile bool _stops;
    private volatile bool _hasWaited;

    [Fact]
    public void Await_OfAThreadThatPostsAlone_DoesNotWait()
    {
        PostTurns turns = Patient();
        for (int call = 0; call < 1000; call++)
        {
            Post(turns, _poster);
        }

        Assert.False(_order.IsAwaited);
    }

    [Fact]
    public void Await_WhileTheOtherHasStopped_DoesNotWait()
    {
        PostTurns turns = Patient();
        Note(_poster);

        Post(turns, _other);

        Assert.False(_order.IsAwaited);
    }

    [Fact]
    public void Await_OfWhoPosts_ComesToBeTheOthersTurn() => Releases(Patient(), turns =>
    {
        for (int call = 0; call < 100_000 && _order.IsAwaited; call++)
        {
            turns.Await(_poster, Bytes);
        }
    });

    [Fact]
    public void Await_OfWhoHasPostedAllOfItsTurn_WaitsForTheOther()
    {
        const int Call = 1 << 10;
        PostTurns turns = Patient();
        Worker posting = Posting();
        Worker waiter = Waiter(turns);
        Condition.Becomes(true, () => _hasWaited);
        int calls = 0;
        bool hasWaited = false;
        var poster = new Worker(() =>
        {
            (_poster.Left, _poster.IsDense, _poster.Looked) = (PostTurns.TurnBytes, true, Stopwatch.GetTimestamp());
            while (_order.IsAwaited)
            {
                calls++;
                hasWaited |= turns.Await(_poster, Call);
            }
        });

        waiter.Ends();
        Condition.Becomes(true, () =>
        {
            turns.PassWhereIdle();
            return !poster.IsRunning;
        });
        poster.Ends();
        _stops = true;
        posting.Ends();

        // Without its processor for a while before that, it is one that posts now and then, and gives the rest of its turn away.
        Assert.True(hasWaited == calls > PostTurns.TurnBytes / Call, $"{calls} calls, {hasWaited}");
    }

    [Fact]
    public void End_OfWhoPosts_IsTheOthersTurn() => Releases(Patient(), turns => turns.End(_poster));

    [Fact]
    public void Grant_ThatComesLate_LeavesNobodyInTheLine() => Releases(Patient(), _ => _other.Grant());

    [Fact]
    public void PassWhereIdle_IsTheOthersTurn() => Releases(Patient(), static turns => turns.PassWhereIdle());

    [Fact]
    public void Await_WhileNobodyPassesTheTurn_EndsWhenTheOtherPostsNoMore() =>
        Releases(new PostTurns(_order, static () => { }, looks: int.MaxValue), _ => _stops = true);

    [Fact]
    public void Await_WhileNobodyPassesTheTurn_EndsAfterAWhile() =>
        Releases(new PostTurns(_order, static () => { }), static _ => { });

    [Fact]
    public void Await_OfAThreadThatPostsNowAndThen_DoesNotWait()
    {
        PostTurns turns = Patient();
        Worker posting = Posting();
        Worker.Run(() =>
        {
            for (int call = 0; call < 1000; call++)
            {
                long start = Stopwatch.GetTimestamp();
                SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(start).TotalMicroseconds > 10);
                turns.Await(_other, Bytes);
            }
        });

        _stops = true;
        posting.Ends();
        Assert.False(_order.IsAwaited);
    }

    [Fact]
    public void Await_OfWhoWaits_HasTheSenderSeeThatTheOtherPostsNoMore()
    {
        SendPump? sender = null;
        var turns = new PostTurns(_order, () => sender!.Watch(), Timeout.Infinite);
        using var thread = new SendPump(static () => PumpResult.Idle, _order, turns);
        sender = thread;
        // Whether it sleeps already, or comes to while the other posts: both are to end well.
        for (int round = 0; round < 20; round++)
        {
            (_stops, _hasWaited) = (false, false);
            Releases(turns, _ => _stops = true);
        }
    }

    private PostTurns Patient() => new(_order, static () => { }, Timeout.Infinite);

    private void Releases(PostTurns turns, Action<PostTurns> release)
    {
        Worker posting = Posting();
        Worker waiter = Waiter(turns);
        Condition.Becomes(true, () => _hasWaited);

        release(turns);

        waiter.Ends();
        _stops = true;
        posting.Ends();
        Assert.False(_order.IsAwaited);
    }

    // A thread that posts call upon call and leaves nobody a turn.
    private Worker Posting()
    {
        Assert.SkipUnless(Environment.ProcessorCount > 1, "on one processor no thread sees another one posting");
        ulong last = _order.Last;
        var worker = new Worker(() =>
        {
            while (!_stops)
            {
                Note(_poster);
            }
        });
        Condition.Becomes(true, () => _order.Last > last);
        return worker;
    }

    // A thread that is about to post until it has been made to wait.
    private Worker Waiter(PostTurns turns)
    {
        var worker = new Worker(() =>
        {
            while (!_hasWaited)
            {
                turns.Await(_other, Bytes);
            }
        });
        _ = new Worker(() =>
        {
            Condition.Becomes(true, () => _order.IsAwaited);
            _hasWaited = true;
        });
        return worker;
    }

    private void Post(PostTurns turns, PostTurn own)
    {
        turns.Await(own, Bytes);
        Note(own);
    }

    private void Note(PostTurn own)
    {
        using (_order.EnterScope())
        {
            _order.NotePoster(own);
            _order.Next();
        }
    }
}
