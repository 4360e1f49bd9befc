using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    // The addresses are the device's; the driver checks them as those of any kernel's.
    public static void cuMemBatchDecompressAsync(CudaDriver driver, ref ServerCall call)
    {
        CUmemDecompressParams* parameters = call.ReadArray<CUmemDecompressParams>(out nuint count);
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        if (call.Begin())
        {
            nuint failed;
            call.Reply(driver.cuMemBatchDecompressAsync(parameters, count, 0, &failed, stream));
        }
    }
}
