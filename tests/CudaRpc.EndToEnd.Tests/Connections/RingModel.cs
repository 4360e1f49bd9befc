namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>
/// The protocol of RingWriter, RingReader and RingWait step by step, for every order in which two processors with store buffers (x86-TSO:
/// a store reaches memory later, in order, unless an interlocked operation drains it before) can take the steps. Each step below is one
/// access to shared memory or one system call of those classes and bears its name there; spinning adds nothing but looks, and is left
/// out. The ring holds items instead of bytes. The producer writes some, waits for an answer to all of them or not, closes; the consumer reads until the
/// end, and gives room back for <c>held</c> items at a time. What the producer writes it shows with a fence or without; then it rouses the
/// consumer later.
/// </summary>
internal sealed partial class RingModel(int capacity, int held, int items, Mutation mutation)
{
    private const int Awake = 0;
    private const int Sleeps = 1;
    private const int Closed = 2;

    private readonly HashSet<World> _seen = [];
    private readonly Stack<World> _open = new();
    private string? _violation;

    /// <summary>States that were reached.</summary>
    public int States => _seen.Count;

    /// <summary>Walks through everything. Null, or what went wrong first.</summary>
    public string? Explore()
    {
        _open.Push(new World { ProducerStep = Step.Write, ConsumerStep = Step.LookForItems });
        while (_violation is null && _open.TryPop(out World world))
        {
            if (!_seen.Add(world))
            {
                continue;
            }

            int before = _open.Count;
            if (HasRoom(world.Producer))
            {
                Produce(world);
            }

            if (HasRoom(world.Consumer))
            {
                Consume(world);
            }

            Drain(world);
            if (_open.Count == before && _violation is null && (world.ProducerStep, world.ConsumerStep) != (Step.Done, Step.Done))
            {
                Fail("nobody can go on", world);
            }
        }

        return _violation;
    }

    private void Produce(World world)
    {
        ref Side me = ref world.Producer;
        int room = capacity - (me.Position - me.Seen);
        switch (world.ProducerStep)
        {
            case Step.Write when room > 0 && me.Position < items:
                Store(ref me, Word.FirstItem + (me.Position % capacity), me.Position + 1);
                me.Position++;
                Go(world, Step.Write);
                Go(world, Publishing(me));
                break;
            case Step.Write when me.Position == items && me.Position == me.Told:
                Go(world, Step.Rouse);
                Go(world, Step.Close);
                break;
            case Step.Write:
                Go(world, me.Position < items ? Step.LookForRoom : Publishing(me));
                break;
            case Step.LookForRoom:
                me.Seen = Load(world, me, Word.Tail);
                Go(world, me.Position - me.Seen < capacity ? Step.Write : me.Position != me.Told ? Publishing(me)
                    : me.MayHaveMissed && mutation != Mutation.NoRouseBeforeRoom ? Step.Rouse
                    : Step.Announce);
                break;
            case Step.TakeInlineBack:
                Store(ref me, Word.Inline, 0);
                Go(world, Step.WriteInline);
                break;
            case Step.WriteInline:
                Store(ref me, Word.InlineItem, me.Position);
                Go(world, Step.TellInline);
                break;
            case Step.TellInline:
                Store(ref me, Word.Inline, me.Position);
                Go(world, Step.PublishWithoutFence);
                Go(world, Step.Publish);
                break;
            case Step.PublishWithoutFence:
                Store(ref me, Word.Head, me.Position);
                me.Told = me.Position;
                me.MayHaveMissed = true;
                Go(world, Step.LookForSleeper);
                break;
            case Step.Publish when mutation == Mutation.PublishWithoutFence || me.Stores == 0:
                Exchange(ref world, ref me, Word.Head, me.Position, mutation == Mutation.PublishWithoutFence);
                me.Told = me.Position;
                me.MayHaveMissed = false;
                Go(world, Step.LookForSleeper);
                break;
            case Step.LookForSleeper:
                Go(world, Load(world, me, Word.Consumer) == Sleeps ? Step.TakeSleep : Step.Write);
                break;
            case Step.Rouse when !me.MayHaveMissed || (mutation == Mutation.NoRouseBeforeTheAnswer && me.Position == items):
                Go(world, Step.AwaitAnswer);
                break;
            case Step.Rouse when mutation == Mutation.RouseWithoutFence || me.Stores == 0:
                me.MayHaveMissed = false;
                Go(world, Step.LookForSleeper);
                break;
            case Step.AwaitAnswer when world.Consumer.Position == items:
                Go(world, Step.Close);
                break;
            case Step.TakeSleep when me.Stores == 0:
                me.MayHaveMissed = false;
                Go(world, CompareExchange(ref world, Word.Consumer, Awake, Sleeps) == Sleeps ? Step.Ring : Step.Write);
                break;
            case Step.Ring:
                world.Consumer.Bell++;
                Go(world, Step.Write);
                break;
            case Step.Announce when mutation == Mutation.AnnounceWithoutFence || me.Stores == 0:
                AnnounceSleep(ref world, ref me, Word.Producer);
                Go(world, mutation == Mutation.NoSecondLook ? Step.Sleep : Step.SecondLook);
                break;
            case Step.SecondLook:
                Go(world, Load(world, me, Word.Tail) != me.Seen ? Step.TakeBack : Step.Sleep);
                break;
            case Step.TakeBack when me.Stores == 0:
                CompareExchange(ref world, Word.Producer, Awake, Sleeps);
                Go(world, Step.LookForRoom);
                break;
            case Step.Sleep when me.Bell > 0:
                me.Bell = 0;
                Go(world, Step.Announce);
                break;
            case Step.Close when me.Stores == 0:
                Exchange(ref world, ref me, Word.Producer, Closed, buffered: false);
                Go(world, Step.Shutdown);
                break;
            case Step.Shutdown:
                world.IsDown = true;
                Go(world, Step.Done);
                break;
        }
    }

    private void Consume(World world)
    {
        ref Side me = ref world.Consumer;
        switch (world.ConsumerStep)
        {
            case Step.LookForItems:
                me.Seen = Load(world, me, Word.Head);
                if (me.Seen - me.Position < 0 || me.Seen - me.Position > capacity)
                {
                    Fail("the consumer sees an impossible position", world);
                }

                Then(world, (me.Seen - me.Position) switch { 0 => Step.Announce, 1 => Step.LookForInline, _ => Step.Take });
                break;
            case Step.LookForInline:
                Then(world, Load(world, me, Word.Inline) == me.Position + 1 ? Step.TakeInline : Step.Take);
                break;
            case Step.TakeInline:
                me.Item = Load(world, me, Word.InlineItem);
                Then(world, Step.LookForInlineAgain);
                break;
            case Step.LookForInlineAgain when Load(world, me, Word.Inline) != me.Position + 1:
                Then(world, Step.Take);
                break;
            case Step.LookForInlineAgain:
                Take(ref world, me.Item);
                break;
            case Step.Take:
                Take(ref world, Load(world, me, Word.FirstItem + (me.Position % capacity)));
                break;
            case Step.Release when mutation == Mutation.ReleaseWithoutFence || me.Stores == 0:
                Exchange(ref world, ref me, Word.Tail, me.Position, mutation == Mutation.ReleaseWithoutFence);
                me.Told = me.Position;
                Then(world, me.Seen - me.Position <= capacity / 2 ? Step.LookForSleeper : Step.LookForItems);
                break;
            case Step.LookForSleeper:
                Then(world, Load(world, me, Word.Producer) == Sleeps ? Step.TakeSleep : Step.LookForItems);
                break;
            case Step.TakeSleep when me.Stores == 0:
                Then(world, CompareExchange(ref world, Word.Producer, Awake, Sleeps) == Sleeps ? Step.Ring : Step.LookForItems);
                break;
            case Step.Ring:
                world.Producer.Bell++;
                Then(world, Step.LookForItems);
                break;
            case Step.Announce when mutation == Mutation.AnnounceWithoutFence || me.Stores == 0:
                AnnounceSleep(ref world, ref me, Word.Consumer);
                Then(world, mutation == Mutation.NoSecondLook ? Step.LookForEnd : Step.SecondLook);
                break;
            case Step.SecondLook:
                Then(world, Load(world, me, Word.Head) != me.Position ? Step.TakeBack : Step.LookForEnd);
                break;
            case Step.TakeBack when me.Stores == 0:
                CompareExchange(ref world, Word.Consumer, Awake, Sleeps);
                Then(world, Step.LookForItems);
                break;
            case Step.LookForEnd:
                Then(world, Load(world, me, Word.Producer) == Closed ? Step.LastLook : Step.Sleep);
                break;
            case Step.Sleep when me.Bell > 0:
                me.Bell = 0;
                Then(world, Step.Announce);
                break;
            case Step.Sleep when world.IsDown:
                Then(world, Step.LastLook);
                break;
            case Step.LastLook:
                bool more = mutation != Mutation.NoLastLook && Load(world, me, Word.Head) != me.Position;
                if (!more && me.Position != items)
                {
                    Fail("the consumer ends too early", world);
                }

                Then(world, more ? Step.LookForItems : Step.Done);
                break;
        }
    }

    // One item is told of in the line of the position, too.
    private Step Publishing(in Side me) => me.Position - me.Told > 1 ? Step.Publish
        : mutation == Mutation.InlineNotTakenBack ? Step.WriteInline
        : Step.TakeInlineBack;

    private void Take(ref World world, int item)
    {
        ref Side me = ref world.Consumer;
        if (item != me.Position + 1)
        {
            Fail("the consumer takes what is not there", world);
        }

        me.Position++;
        me.Item = 0;
        Then(world, me.Position - me.Told >= held ? Step.Release : Step.LookForItems);
        if (me.Position < me.Seen)
        {
            Then(world, Step.Take);
        }
    }

    // The oldest store of either side reaches memory.
    private void Drain(World world)
    {
        foreach (bool producer in (ReadOnlySpan<bool>)[true, false])
        {
            World next = world;
            ref Side side = ref producer ? ref next.Producer : ref next.Consumer;
            if (side.Stores != 0)
            {
                next.Set((int)(side.Stores >> 4 & 15) - 1, (int)(side.Stores & 15));
                side.Stores >>= 8;
                _open.Push(next);
            }
        }
    }

    private void Go(World world, Step next)
    {
        world.ProducerStep = next;
        _open.Push(world);
    }

    private void Then(World world, Step next)
    {
        world.ConsumerStep = next;
        _open.Push(world);
    }

    private void Fail(string what, in World world) => _violation ??= $"{what}: {world}";
}
