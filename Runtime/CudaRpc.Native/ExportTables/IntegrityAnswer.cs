using System.Buffers.Binary;

namespace CudaRpc.Native;

/// <summary>
/// The answer that each CUDA runtime of a process asks its driver for when it starts, three times, and compares with its own: HMAC-MD2 over
/// where the driver is and what devices it shows. Implemented for interoperability; without it a runtime refuses every call.
/// </summary>
internal static class IntegrityAnswer
{
    private const int HeadSize = 48;
    private const int DeviceSize = 28;

    private static ReadOnlySpan<byte> Key =>
        [0x14, 0x6a, 0xdd, 0xae, 0x53, 0xa9, 0xa7, 0x52, 0xaa, 0x08, 0x41, 0x36, 0x0b, 0xf5, 0x5a, 0x9f];

    /// <summary>The 16 bytes of the answer, in memory order.</summary>
    public static byte[] Of(in Asker asker, ReadOnlySpan<Device> devices) => (asker.Version % 10) switch
    {
        0 => Constant(0x3341181C03CB675C),
        1 => Constant(0x1841181C03CB675C),
        _ => Authenticate(Message(asker, devices)),
    };

    private static byte[] Constant(ulong first)
    {
        byte[] answer = new byte[Md2.Size];
        BinaryPrimitives.WriteUInt64LittleEndian(answer, first);
        BinaryPrimitives.WriteUInt64LittleEndian(answer.AsSpan(8), 0x8ED383AA1F4CD1E8);
        return answer;
    }

    private static byte[] Message(in Asker asker, ReadOnlySpan<Device> devices)
    {
        byte[] message = new byte[HeadSize + (devices.Length * DeviceSize)];
        BinaryPrimitives.WriteInt32LittleEndian(message, asker.DriverVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), asker.Version);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(8), asker.Process);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(12), asker.Thread);
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(16), asker.CudartInterface);
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(24), asker.IntegrityCheck);
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(32), asker.CheckFunction);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(40), asker.UnixSeconds);
        Span<byte> rest = message.AsSpan(HeadSize);
        foreach (Device device in devices)
        {
            device.Uuid.CopyTo(rest);
            BinaryPrimitives.WriteInt32LittleEndian(rest[16..], device.PciDomain);
            BinaryPrimitives.WriteInt32LittleEndian(rest[20..], device.PciBus);
            BinaryPrimitives.WriteInt32LittleEndian(rest[24..], device.PciDevice);
            rest = rest[DeviceSize..];
        }
        return message;
    }

    // RFC 2104; the key is exactly one block.
    private static byte[] Authenticate(byte[] message) => Md2.Hash([.. Masked(0x5c), .. Md2.Hash([.. Masked(0x36), .. message])]);

    private static byte[] Masked(byte mask)
    {
        byte[] masked = Key.ToArray();
        for (int i = 0; i < masked.Length; i++) masked[i] ^= mask;
        return masked;
    }

    /// <summary>Who asks, when, and where the tables are that it got.</summary>
    /// <param name="DriverVersion">What cuDriverGetVersion answers.</param>
    /// <param name="Version">The runtime's version, plus 0, 1 or 2.</param>
    /// <param name="Process">Its process id.</param>
    /// <param name="Thread">Low half of the asking thread's pthread_self().</param>
    /// <param name="CudartInterface">Address of the table CUDART_INTERFACE.</param>
    /// <param name="IntegrityCheck">Address of the table INTEGRITY_CHECK.</param>
    /// <param name="CheckFunction">Address of the function in that table.</param>
    /// <param name="UnixSeconds">The time the runtime gives.</param>
    internal readonly record struct Asker(
        int DriverVersion, uint Version, int Process, uint Thread, nint CudartInterface, nint IntegrityCheck, nint CheckFunction,
        ulong UnixSeconds);

    /// <summary>A visible device: 16 bytes of UUID and its PCI address, as the device queries answer them.</summary>
    internal readonly record struct Device(byte[] Uuid, int PciDomain, int PciBus, int PciDevice);
}
