using System.Net.Sockets;
using System.Runtime.InteropServices;
using CudaRpc.Transport;
using CudaRpc.Transport.SharedMemory;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>
/// A ring of every capacity that a peer may offer, with a producer and a consumer that ask for all sizes: room that the consumer holds back
/// keeps neither from going on, and what comes is what was sent.
/// </summary>
public sealed unsafe class RingSizesTests
{
    private const int Seed = 20261128;

    public static TheoryData<int> Capacities => [.. Enumerable.Range(12, 13).Select(static power => 1 << power)];

    [Theory]
    [MemberData(nameof(Capacities))]
    public void Ring_OfAnyCapacity_BringsAllThatIsWrittenInAnyWay(int capacity)
    {
        using var ring = new Ring(capacity);
        byte[] bytes = new byte[Math.Max(4 << 20, 4 * capacity)];
        new Random(Seed).NextBytes(bytes);
        var producer = new Worker(() => Produce(ring.Writer, bytes, capacity, new Random(Seed + capacity)));
        byte[] received = new byte[bytes.Length];
        var consumer = new Worker(() => Consume(ring.Reader, received, capacity, new Random(Seed + 1 + capacity)));

        producer.Ends();
        consumer.Ends();

        Assert.True(bytes.AsSpan().SequenceEqual(received));
    }

    private static void Produce(RingWriter writer, byte[] bytes, int capacity, Random random)
    {
        for (int sent = 0; sent < bytes.Length;)
        {
            int length = Size(random, capacity, bytes.Length - sent);
            switch (random.Next(5))
            {
                case 0:
                    writer.Write(bytes.AsSpan(sent, length), long.MaxValue);
                    writer.Publish();
                    break;
                case 1:
                    length = writer.TryWrite(bytes.AsSpan(sent, length));
                    writer.Publish();
                    break;
                case 2:
                    length = Math.Min(length, RingWords.MostInline + random.Next(2));
                    if (!writer.TryWriteInline(bytes.AsSpan(sent, length)))
                    {
                        continue;
                    }

                    if (random.Next(2) == 0)
                    {
                        writer.Rouse();
                    }

                    break;
                case 3:
                    int first = random.Next(length + 1);
                    if (!writer.TryPost(bytes.AsSpan(sent, first), bytes.AsSpan(sent + first, length - first), out _))
                    {
                        continue;
                    }

                    break;
                default:
                    int before = Math.Min(length, random.Next(Math.Min(512, capacity / 8)));
                    byte* room = writer.Reserve(before, length - before, long.MaxValue, out int there);
                    length = before + random.Next(there + 1);
                    bytes.AsSpan(sent + before, length - before).CopyTo(new Span<byte>(room, there));
                    writer.Commit(bytes.AsSpan(sent, before), length - before);
                    break;
            }

            sent += length;
        }

        writer.Rouse();
    }

    private static void Consume(RingReader reader, byte[] received, int capacity, Random random)
    {
        for (int done = 0; done < received.Length;)
        {
            int wanted = Size(random, capacity, received.Length - done);
            int taken;
            switch (random.Next(4))
            {
                case 0:
                    taken = reader.Read(received.AsSpan(done, wanted), long.MaxValue);
                    break;
                case 1:
                    taken = Math.Max(0, reader.TryRead(received.AsSpan(done, wanted)));
                    break;
                case 2:
                    taken = reader.ComesSoon() ? reader.Read(received.AsSpan(done, wanted), long.MaxValue) : 0;
                    break;
                default:
                    // As a reader of frames does: never more than what is certain to come.
                    byte* bytes = reader.Peek(wanted, long.MaxValue, out int there);
                    taken = random.Next(there + 1);
                    new ReadOnlySpan<byte>(bytes, taken).CopyTo(received.AsSpan(done));
                    reader.Advance(taken);
                    break;
            }

            done += taken;
        }
    }

    // Around what fits a line, a cell of held room, the ring; and anything.
    private static int Size(Random random, int capacity, int most)
    {
        int about = random.Next(8) switch
        {
            < 3 => random.Next(1, 200),
            3 => capacity / 8,
            4 => capacity / 4,
            5 => capacity / 2,
            6 => capacity,
            _ => random.Next(1, (2 * capacity) + 1),
        };
        return Math.Clamp(about + random.Next(-40, 41), 1, most);
    }

    /// <summary>One ring, in this process's memory, with its bells.</summary>
    private sealed class Ring : IDisposable
    {
        private readonly RingWords* _words = (RingWords*)NativeMemory.AlignedAlloc(RingWords.Size, 128);
        private readonly byte* _bytes;
        private readonly List<IDisposable> _bells = [];

        public Ring(int capacity)
        {
            *_words = default;
            _bytes = (byte*)NativeMemory.Alloc((nuint)capacity);
            (Doorbell arrivals, Doorbell consumer) = Pair();
            (Doorbell room, Doorbell producer) = Pair();
            Writer = new RingWriter(_words, _bytes, capacity, consumer, room, "the consumer");
            Reader = new RingReader(_words, _bytes, capacity, arrivals, producer, "the producer");
        }

        public RingWriter Writer { get; }

        public RingReader Reader { get; }

        public void Dispose()
        {
            _bells.ForEach(static bell => bell.Dispose());
            NativeMemory.AlignedFree(_words);
            NativeMemory.Free(_bytes);
        }

        private (Doorbell Ours, Doorbell Theirs) Pair()
        {
            string path = Path.Combine(Path.GetTempPath(), $"cudarpc-{Guid.NewGuid():n}");
            var address = new UnixDomainSocketEndPoint(path);
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(address);
            listener.Listen();
            var theirs = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            theirs.Connect(address);
            var pair = (new Doorbell(listener.Accept(), "a test"), new Doorbell(theirs, "a test"));
            File.Delete(path);
            _bells.AddRange([pair.Item1, pair.Item2]);
            return pair;
        }
    }
}
