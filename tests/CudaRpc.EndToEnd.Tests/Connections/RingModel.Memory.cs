using System.Numerics;

namespace CudaRpc.EndToEnd.Tests.Connections;

// Memory, store buffers and what the two sides know.
internal sealed partial class RingModel
{
    private enum Word
    {
        Head,
        Tail,
        Consumer,
        Producer,
        Inline,
        InlineItem,
        FirstItem,
    }

    private enum Step
    {
        Write, LookForRoom, TakeInlineBack, WriteInline, TellInline, Publish, LookForSleeper, TakeSleep, Ring, Announce, SecondLook,
        TakeBack, Sleep, PublishWithoutFence, Rouse, AwaitAnswer, Close, Shutdown,
        LookForItems, LookForInline, TakeInline, LookForInlineAgain, Take, Release, LookForEnd, LastLook, Done,
    }

    private void AnnounceSleep(ref World world, ref Side me, Word own)
    {
        if (mutation != Mutation.AnnounceWithoutFence)
        {
            CompareExchange(ref world, own, Sleeps, Awake);
        }
        else if (Load(world, me, own) == Awake)
        {
            Store(ref me, own, Sleeps);
        }
    }

    private static int Load(in World world, in Side me, Word word)
    {
        // One's own stores are seen before they reach memory, the youngest first.
        int value = world.Get((int)word);
        for (ulong stores = me.Stores; stores != 0; stores >>= 8)
        {
            value = (int)(stores >> 4 & 15) - 1 == (int)word ? (int)(stores & 15) : value;
        }

        return value;
    }

    // A processor waits, too, where its store buffer is full.
    private static bool HasRoom(in Side me) => me.Stores >> 56 == 0;

    private static void Store(ref Side me, Word word, int value)
    {
        int at = (64 - BitOperations.LeadingZeroCount(me.Stores) + 7) / 8;
        me.Stores |= (ulong)((((int)word + 1) << 4) | value) << (8 * at);
    }

    private static void Exchange(ref World world, ref Side me, Word word, int value, bool buffered)
    {
        if (buffered)
        {
            Store(ref me, word, value);
        }
        else
        {
            world.Set((int)word, value);
        }
    }

    private static int CompareExchange(ref World world, Word word, int value, int comparand)
    {
        int old = world.Get((int)word);
        if (old == comparand)
        {
            world.Set((int)word, value);
        }

        return old;
    }

    /// <summary>
    /// What one side keeps for itself: its position, what it has told of it, the other's that it saw last, an item that it is not sure of,
    /// stores in flight, its bell.
    /// </summary>
    private record struct Side
    {
        public int Position { get; set; }

        public int Told { get; set; }

        public int Seen { get; set; }

        public int Item { get; set; }

        public int Bell { get; set; }

        /// <summary>Whether something was shown without a fence, and the other side has not been roused since.</summary>
        public bool MayHaveMissed { get; set; }

        /// <summary>Oldest in the lowest byte: word + 1 and value, four bits each.</summary>
        public ulong Stores { get; set; }
    }

    private record struct World
    {
        public Side Producer;
        public Side Consumer;
        private ulong _memory;

        public Step ProducerStep { get; set; }

        public Step ConsumerStep { get; set; }

        public bool IsDown { get; set; }

        public readonly int Get(int word) => (int)(_memory >> (4 * word) & 15);

        public void Set(int word, int value) => _memory = (_memory & ~(15UL << (4 * word))) | ((ulong)value << (4 * word));
    }
}
