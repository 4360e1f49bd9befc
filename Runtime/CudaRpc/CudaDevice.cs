using System.Text;
using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>A CUDA device of a session.</summary>
/// <remarks>Safe to use from any thread. A remote session answers all members without asking the server.</remarks>
public sealed unsafe class CudaDevice
{
    private readonly CudaSession _session;

    internal CudaDevice(CudaSession session, int ordinal)
    {
        _session = session;
        Ordinal = ordinal;
        CudaDriver driver = session.Driver;

        int handle;
        driver.ThrowIfFailed(driver.cuDeviceGet(&handle, ordinal));
        Handle = handle;

        const int NameLength = 256;
        byte* name = stackalloc byte[NameLength];
        driver.ThrowIfFailed(driver.cuDeviceGetName(name, NameLength, handle));
        var text = new ReadOnlySpan<byte>(name, NameLength);
        int end = text.IndexOf((byte)0);
        Name = Encoding.UTF8.GetString(end < 0 ? text : text[..end]);

        CUuuid uuid;
        driver.ThrowIfFailed(driver.cuDeviceGetUuid_v2(&uuid, handle));
        Uuid = new Guid(new ReadOnlySpan<byte>(&uuid, sizeof(CUuuid)), bigEndian: true);

        nuint bytes;
        driver.ThrowIfFailed(driver.cuDeviceTotalMem_v2(&bytes, handle));
        TotalMemory = checked((long)bytes);
    }

    /// <summary>The device's number in the session, from 0.</summary>
    public int Ordinal { get; }

    /// <summary>The device as the driver API names it.</summary>
    public int Handle { get; }

    /// <summary>The product's name.</summary>
    public string Name { get; }

    /// <summary>The device's identity; NVIDIA's tools print it as <c>GPU-</c> and these digits.</summary>
    public Guid Uuid { get; }

    /// <summary>Memory of the device, in bytes.</summary>
    public long TotalMemory { get; }

    /// <summary>What the device can do, such as 9.0.</summary>
    public Version ComputeCapability => new(
        GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
        GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));

    /// <summary>One property of the device, in the unit that the attribute's name says.</summary>
    /// <exception cref="CudaException">The driver does not know the attribute.</exception>
    public int GetAttribute(CUdevice_attribute attribute)
    {
        _session.ThrowIfDisposed();
        int value;
        CudaDriver driver = _session.Driver;
        driver.ThrowIfFailed(driver.cuDeviceGetAttribute(&value, attribute, Handle));
        return value;
    }

    /// <summary>Creates a context of its own, and makes it current on this thread. Disposing it releases everything in it.</summary>
    /// <exception cref="CudaException">The device has no room for one, or the flags are invalid.</exception>
    public CudaContext CreateContext(CUctx_flags flags = CUctx_flags.CU_CTX_SCHED_AUTO)
    {
        _session.ThrowIfDisposed();
        CUcontext context;
        CudaDriver driver = _session.Driver;
        driver.ThrowIfFailed(driver.cuCtxCreate_v2(&context, (uint)flags, Handle));
        return new CudaContext(_session, this, context, isPrimary: false);
    }

    /// <summary>
    /// Retains the device's primary context, which is shared with every other user of the device in the process (or, on a server, in the
    /// session). Disposing what is returned gives this one reference back and frees what was made through it.
    /// </summary>
    /// <exception cref="CudaException">The device has no room for a context.</exception>
    public CudaContext RetainPrimaryContext()
    {
        _session.ThrowIfDisposed();
        CUcontext context;
        CudaDriver driver = _session.Driver;
        driver.ThrowIfFailed(driver.cuDevicePrimaryCtxRetain(&context, Handle));
        return new CudaContext(_session, this, context, isPrimary: true);
    }

    /// <summary>The ordinal and the name.</summary>
    public override string ToString() => $"{Ordinal}: {Name}";
}
