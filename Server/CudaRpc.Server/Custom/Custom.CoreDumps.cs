using CudaRpc.Driver;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    private const nuint MaximumSetting = 4096;

    public static void cuCoredumpGetAttribute(CudaDriver driver, ref ServerCall call) => GetSetting(driver, ref call, global: false);

    public static void cuCoredumpGetAttributeGlobal(CudaDriver driver, ref ServerCall call) => GetSetting(driver, ref call, global: true);

    public static void cuCoredumpSetAttribute(CudaDriver driver, ref ServerCall call) => SetSetting(driver, ref call, global: false);

    public static void cuCoredumpSetAttributeGlobal(CudaDriver driver, ref ServerCall call) => SetSetting(driver, ref call, global: true);

    private static void GetSetting(CudaDriver driver, ref ServerCall call, bool global)
    {
        var attribute = (CUcoredumpSettings)call.ReadInt32();
        nuint room = call.ReadNUInt();
        if (room > MaximumSetting)
        {
            call.Malformed($"a setting of {room} bytes");
        }

        byte* value = room == 0 ? null : call.Scratch<byte>(room);
        if (!call.Begin())
        {
            return;
        }

        nuint size = room;
        CUresult status = global
            ? driver.cuCoredumpGetAttributeGlobal(attribute, value, &size)
            : driver.cuCoredumpGetAttribute(attribute, value, &size);
        if (call.Reply(status))
        {
            call.Write(size);
            call.WriteArray(value, nuint.Min(size, room));
        }
    }

    // Where the server's machine writes is not for its clients to say, and what holds for all contexts of a driver that sessions share is not
    // for one of them.
    private static void SetSetting(CudaDriver driver, ref ServerCall call, bool global)
    {
        var attribute = (CUcoredumpSettings)call.ReadInt32();
        byte* value = call.ReadArray<byte>(out nuint size);
        if (!call.Begin())
        {
            return;
        }

        if (attribute is CUcoredumpSettings.CU_COREDUMP_FILE or CUcoredumpSettings.CU_COREDUMP_PIPE || (global && driver is not IDisposable))
        {
            call.Reply(CUresult.CUDA_ERROR_NOT_PERMITTED);
            return;
        }

        // A driver may read a whole int, or a text up to its end, whatever the size says.
        byte* padded = stackalloc byte[(int)MaximumSetting + sizeof(long)];
        new Span<byte>(padded, (int)MaximumSetting + sizeof(long)).Clear();
        Buffer.MemoryCopy(value, padded, MaximumSetting, nuint.Min(size, MaximumSetting));
        call.Reply(global
            ? driver.cuCoredumpSetAttributeGlobal(attribute, padded, &size)
            : driver.cuCoredumpSetAttribute(attribute, padded, &size));
    }
}
