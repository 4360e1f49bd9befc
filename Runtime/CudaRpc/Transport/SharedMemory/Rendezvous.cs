using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// How two ends that met at a Unix socket come to share memory: the server makes everything and sends it, in one message that waits for
/// nobody: 8 bytes "CUDASHM" and a version, the capacity of a ring (u64), and two descriptors, the memory and the socket for room.
/// </summary>
/// <remarks>
/// The client begins with the same 8 bytes. A server of memory takes them for bells; one of <c>unix://</c> sees that they are not its
/// protocol and closes, so nobody waits for a timeout where the two are mixed up.
/// </remarks>
internal static unsafe partial class Rendezvous
{
    private const int OfferSize = 16;
    private const int UnixFamily = 1; // AF_UNIX
    private const int StreamCloseOnExec = 1 | 0x80000; // SOCK_STREAM | SOCK_CLOEXEC
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int Rights = 1; // SCM_RIGHTS
    private const int CloseOnExec = 0x40000000; // MSG_CMSG_CLOEXEC

    private static ReadOnlySpan<byte> Preface => "CUDASHM\u0002"u8;

    /// <summary>The server's end of a socket that a client has connected to. Takes the socket over if it succeeds; does not wait.</summary>
    /// <exception cref="IOException">There is no memory, or there are no descriptors, or the client has left.</exception>
    public static Connection Offer(Socket socket, string peer)
    {
        SharedSegment? segment = null;
        Socket? room = null;
        try
        {
            segment = SharedSegment.Create(out SafeFileHandle file);
            using (file)
            {
                (room, SafeSocketHandle theirs) = Pair();
                using (theirs)
                {
                    Send(socket, segment, file, theirs);
                }
            }

            return new SharedMemoryConnection(segment, socket, room, isServer: true, peer);
        }
        catch
        {
            segment?.Dispose();
            room?.Dispose();
            throw;
        }
    }

    /// <summary>The client's end of a socket that it has connected. Takes the socket over if it succeeds.</summary>
    /// <exception cref="IOException">
    /// Nothing is offered before <paramref name="deadline"/>, or something else than memory for two rings.
    /// </exception>
    public static Connection Take(Socket socket, string peer, long deadline)
    {
        try
        {
            socket.Send(Preface);
            if (!socket.Poll(TimeSpan.FromMilliseconds(Math.Max(0, deadline - Environment.TickCount64)), SelectMode.SelectRead))
            {
                throw new IOException($"{peer} did not answer in time");
            }

            (ulong capacity, SafeFileHandle file, SafeSocketHandle descriptor) = Receive(socket, peer);
            SharedSegment? segment = null;
            try
            {
                segment = SharedSegment.Map(file, capacity, peer);
                return new SharedMemoryConnection(segment, socket, new Socket(descriptor), isServer: false, peer);
            }
            catch
            {
                segment?.Dispose();
                descriptor.Dispose();
                throw;
            }
            finally
            {
                file.Dispose();
            }
        }
        catch (SocketException failure)
        {
            throw new IOException($"{peer} offers no shared memory: {failure.Message}", failure);
        }
    }

    private static void Send(Socket socket, SharedSegment segment, SafeFileHandle file, SafeSocketHandle room)
    {
        Span<byte> offer = stackalloc byte[OfferSize];
        Preface.CopyTo(offer);
        BinaryPrimitives.WriteUInt64LittleEndian(offer[Preface.Length..], (ulong)segment.RingCapacity);
        fixed (byte* bytes = offer)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = OfferSize };
            // SAFETY: the descriptors are the caller's until this returns; the kernel gives the peer its own.
            var rights = new DescriptorMessage
            {
                Length = (nuint)sizeof(DescriptorMessage), Level = SocketLevel, Type = Rights,
                Memory = (int)file.DangerousGetHandle(), Room = (int)room.DangerousGetHandle(),
            };
            var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1, Control = &rights, ControlLength = rights.Length };
            if (Libc.sendmsg(socket.SafeHandle, &message, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL) != OfferSize)
            {
                throw new IOException($"no offer to a client: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    private static (ulong Capacity, SafeFileHandle File, SafeSocketHandle Room) Receive(Socket socket, string peer)
    {
        Span<byte> offer = stackalloc byte[OfferSize];
        var rights = new DescriptorMessage { Memory = -1, Room = -1 };
        nint received;
        fixed (byte* bytes = offer)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = OfferSize };
            var message = new Libc.MessageHeader
            {
                Vectors = &vector, VectorCount = 1, Control = &rights, ControlLength = (nuint)sizeof(DescriptorMessage),
            };
            // SAFETY: buffers on the stack, of the lengths given. There is no room for more descriptors, so the kernel makes no more.
            received = Libc.recvmsg(socket.SafeHandle, &message, Libc.MSG_DONTWAIT | CloseOnExec);
        }

        var file = new SafeFileHandle(rights.Memory, ownsHandle: true);
        var room = new SafeSocketHandle(rights.Room, ownsHandle: true);
        if (received != OfferSize || file.IsInvalid || room.IsInvalid || !offer[..Preface.Length].SequenceEqual(Preface))
        {
            file.Dispose();
            room.Dispose();
            throw new IOException($"{peer} offers no shared memory; is that a server for unix://, or one of another version?");
        }

        return (BinaryPrimitives.ReadUInt64LittleEndian(offer[Preface.Length..]), file, room);
    }

    private static (Socket Ours, SafeSocketHandle Theirs) Pair()
    {
        int* pair = stackalloc int[2];
        // SAFETY: room for the two numbers, which nobody else knows yet.
        if (socketpair(UnixFamily, StreamCloseOnExec, 0, pair) != 0)
        {
            throw new IOException($"no sockets: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return (new Socket(new SafeSocketHandle(pair[0], ownsHandle: true)), new SafeSocketHandle(pair[1], ownsHandle: true));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int family, int type, int protocol, int* pair);

    /// <summary>struct cmsghdr on LP64 Linux, with two descriptors behind it.</summary>
    private struct DescriptorMessage
    {
        public nuint Length;
        public int Level;
        public int Type;
        public int Memory;
        public int Room;
    }
}
