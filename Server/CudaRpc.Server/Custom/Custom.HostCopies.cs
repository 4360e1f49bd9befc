using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// Asynchronous copies that nobody waits for: the bytes go to and come from the client when the stream gets there.
internal static unsafe partial class Custom
{
    private static CUresult PushToHost(CudaDriver driver, ref ServerCall call, long region, CUdeviceptr source, ulong bytes, CUstream stream)
    {
        if (call.Session.Host.Rent(driver, call.ContextOf(stream), region, (nuint)bytes) is not HostStaging staging)
        {
            call.Session.Host.Drop(region);
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }

        CUresult status = driver.cuMemcpyDtoHAsync_v2(staging.Bytes, source, (nuint)bytes, stream);
        if (status != CUresult.CUDA_SUCCESS)
        {
            call.Session.Host.GiveBack(staging);
            call.Session.Host.Drop(region);
            return status;
        }

        // Should this fail, the copy may still be under way: the memory stays taken until its context ends.
        return driver.cuLaunchHostFunc(stream, &Push, staging.UserData);
    }

    private static CUresult PullToDevice(CudaDriver driver, ref ServerCall call, long region, CUdeviceptr destination, ulong bytes, CUstream stream)
    {
        if (call.Session.Host.Rent(driver, call.ContextOf(stream), region, (nuint)bytes) is not HostStaging staging)
        {
            call.Session.Host.Drop(region);
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }

        CUresult status = driver.cuLaunchHostFunc(stream, &Pull, staging.UserData);
        if (status != CUresult.CUDA_SUCCESS)
        {
            call.Session.Host.GiveBack(staging);
            call.Session.Host.Drop(region);
            return status;
        }

        status = driver.cuMemcpyHtoDAsync_v2(destination, staging.Bytes, (nuint)bytes, stream);
        CUresult given = driver.cuLaunchHostFunc(stream, &GiveBack, staging.UserData);
        return status != CUresult.CUDA_SUCCESS ? status : given;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Push(void* userData)
    {
        HostStaging staging = HostStaging.Of(userData);
        staging.Channel.Push(staging);
    }

    // Where the client is gone the session is ending, and nobody will see what is copied.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Pull(void* userData)
    {
        HostStaging staging = HostStaging.Of(userData);
        staging.Channel.Pull(staging.Region, 0, staging.Bytes, staging.Length, isLast: true);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void GiveBack(void* userData)
    {
        HostStaging staging = HostStaging.Of(userData);
        staging.Channel.GiveBack(staging);
    }
}
