using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Native;

/// <summary>INTEGRITY_CHECK: collects what <see cref="IntegrityAnswer"/> is made of. All of it is known locally.</summary>
internal static unsafe partial class IntegrityCheck
{
    private const int Function = 1;

    /// <summary>The table.</summary>
    public static readonly nint* Table = ExportTable.Sized(
        3, (Function, (nint)(delegate* unmanaged[Cdecl]<uint, ulong, byte*, CUresult>)&Answer));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult Answer(uint version, ulong unixSeconds, byte* answer)
    {
        try
        {
            if (Entry.Driver is not { } driver) return Entry.NoDriver;
            var asker = new IntegrityAnswer.Asker(
                Entry.Version, version, Environment.ProcessId, (uint)pthread_self(), (nint)CudartInterface.Table, (nint)Table,
                Table[Function], unixSeconds);
            IntegrityAnswer.Of(asker, Devices(driver)).CopyTo(new Span<byte>(answer, Md2.Size));
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return Entry.Failed(failure, "INTEGRITY_CHECK[1]");
        }
    }

    private static IntegrityAnswer.Device[] Devices(CudaDriver driver)
    {
        int count;
        driver.ThrowIfFailed(driver.cuDeviceGetCount(&count));
        var devices = new IntegrityAnswer.Device[count];
        for (int ordinal = 0; ordinal < count; ordinal++)
        {
            int device;
            driver.ThrowIfFailed(driver.cuDeviceGet(&device, ordinal));
            byte[] uuid = new byte[16];
            fixed (byte* bytes = uuid) driver.ThrowIfFailed(driver.cuDeviceGetUuid_v2((CUuuid*)bytes, device));
            devices[ordinal] = new IntegrityAnswer.Device(
                uuid,
                Attribute(driver, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID, device),
                Attribute(driver, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_BUS_ID, device),
                Attribute(driver, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID, device));
        }
        return devices;
    }

    private static int Attribute(CudaDriver driver, CUdevice_attribute attribute, int device)
    {
        int value;
        driver.ThrowIfFailed(driver.cuDeviceGetAttribute(&value, attribute, device));
        return value;
    }

    [LibraryImport("libc")]
    private static partial nuint pthread_self();
}
