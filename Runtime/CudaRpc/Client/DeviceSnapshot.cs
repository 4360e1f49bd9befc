using System.Text;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using MessagePack;

namespace CudaRpc.Client;

/// <summary>
/// Everything about the server's devices that cannot change while it runs, sent once with the handshake, so that a program's
/// hundreds of device queries cost no round trip. <see cref="InitStatus"/> is what cuInit answered there.
/// </summary>
internal sealed record DeviceSnapshot(CUresult InitStatus, int DriverVersion, IReadOnlyList<DeviceFacts> Devices)
{
    public static DeviceSnapshot Empty { get; } = new(CUresult.CUDA_ERROR_NO_DEVICE, 0, []);

    /// <summary>Asks <paramref name="driver"/>, which must answer on this thread.</summary>
    public static unsafe DeviceSnapshot Take(CudaDriver driver)
    {
        int version = 0;
        int count = 0;
        CUresult status = driver.cuInit(0);
        driver.cuDriverGetVersion(&version);
        if (status == CUresult.CUDA_SUCCESS)
        {
            status = driver.cuDeviceGetCount(&count);
        }

        var devices = new List<DeviceFacts>();
        for (int ordinal = 0; ordinal < Math.Min(count, ProtocolLimits.Devices); ordinal++)
        {
            devices.Add(DeviceFacts.Take(driver, ordinal));
        }

        return new DeviceSnapshot(status, version, devices);
    }

    public void Write(ref MessagePackWriter writer)
    {
        writer.Write((uint)InitStatus);
        writer.Write(DriverVersion);
        writer.Write(Devices.Count);
        foreach (DeviceFacts device in Devices)
        {
            device.Write(ref writer);
        }
    }

    public static DeviceSnapshot Read(ref MessagePackReader reader)
    {
        var status = (CUresult)reader.ReadUInt32();
        int version = reader.ReadInt32();
        int count = reader.ReadInt32();
        if (count is < 0 or > ProtocolLimits.Devices)
        {
            ProtocolException.Throw($"{count} devices");
        }

        var devices = new DeviceFacts[count];
        for (int ordinal = 0; ordinal < count; ordinal++)
        {
            devices[ordinal] = DeviceFacts.Read(ref reader);
        }

        return new DeviceSnapshot(status, version, devices);
    }
}

/// <summary>
/// One device: name, UUID (16 bytes), LUID (8 bytes, empty where the platform has none) and node mask, memory in bytes, PCI id, and
/// every attribute the driver answers, indexed by CUdevice_attribute.
/// </summary>
internal sealed record DeviceFacts(
    string Name, byte[] Uuid, byte[] Luid, uint NodeMask, ulong TotalBytes, string PciBusId, int?[] Attributes)
{
    private const int NameSize = 256;
    private const int PciBusIdSize = 64;

    // Attributes beyond the newest we know are asked too: an older client may serve a newer program's enum.
    private const int AttributeCount = 256;

    public static unsafe DeviceFacts Take(CudaDriver driver, int ordinal)
    {
        int device;
        driver.cuDeviceGet(&device, ordinal);
        byte* text = stackalloc byte[NameSize];
        string name = driver.cuDeviceGetName(text, NameSize, device) == CUresult.CUDA_SUCCESS ? Text(text, NameSize) : "";
        string pci = driver.cuDeviceGetPCIBusId(text, PciBusIdSize, device) == CUresult.CUDA_SUCCESS ? Text(text, PciBusIdSize) : "";
        byte[] uuid = new byte[16];
        byte[] luid = new byte[8];
        uint nodeMask = 0;
        nuint bytes = 0;
        fixed (byte* uuidBytes = uuid)
        fixed (byte* luidBytes = luid)
        {
            driver.cuDeviceGetUuid_v2((CUuuid*)uuidBytes, device);
            if (driver.cuDeviceGetLuid(luidBytes, &nodeMask, device) != CUresult.CUDA_SUCCESS)
            {
                luid = [];
            }
        }

        driver.cuDeviceTotalMem_v2(&bytes, device);
        var attributes = new int?[AttributeCount];
        for (int attribute = 1; attribute < AttributeCount; attribute++)
        {
            int value;
            if (driver.cuDeviceGetAttribute(&value, (CUdevice_attribute)attribute, device) == CUresult.CUDA_SUCCESS)
            {
                attributes[attribute] = value;
            }
        }

        return new DeviceFacts(name, uuid, luid, nodeMask, bytes, pci, attributes);
    }

    /// <summary>An attribute that bounds something; no bound where the driver does not tell.</summary>
    public uint Limit(CUdevice_attribute attribute) => (uint)(Attributes[(int)attribute] ?? int.MaxValue);

    public void Write(ref MessagePackWriter writer)
    {
        writer.Write(Name);
        writer.Write(Uuid);
        writer.Write(Luid);
        writer.Write(NodeMask);
        writer.Write(TotalBytes);
        writer.Write(PciBusId);
        writer.Write(Attributes.Count(value => value is not null));
        for (int attribute = 0; attribute < Attributes.Length; attribute++)
        {
            if (Attributes[attribute] is int value)
            {
                writer.Write(attribute);
                writer.Write(value);
            }
        }
    }

    public static DeviceFacts Read(ref MessagePackReader reader)
    {
        string name = Handshake.ReadText(ref reader, NameSize);
        byte[] uuid = Handshake.ReadBytes(ref reader, 16);
        byte[] luid = Handshake.ReadBytes(ref reader, 8);
        uint nodeMask = reader.ReadUInt32();
        ulong bytes = reader.ReadUInt64();
        string pci = Handshake.ReadText(ref reader, PciBusIdSize);
        int count = reader.ReadInt32();
        var attributes = new int?[AttributeCount];
        for (int index = 0; index < count; index++)
        {
            int attribute = reader.ReadInt32();
            int value = reader.ReadInt32();
            if ((uint)attribute >= AttributeCount || uuid.Length != 16 || luid.Length is not (0 or 8))
            {
                ProtocolException.Throw($"device facts with attribute {attribute}, a UUID of {uuid.Length} and a LUID of {luid.Length} bytes");
            }

            attributes[attribute] = value;
        }

        return new DeviceFacts(name, uuid, luid, nodeMask, bytes, pci, attributes);
    }

    private static unsafe string Text(byte* text, int size)
    {
        var bytes = new ReadOnlySpan<byte>(text, size);
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
