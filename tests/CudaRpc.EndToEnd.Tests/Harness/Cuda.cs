using System.Runtime.CompilerServices;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>Driver calls as tests write them: what must succeed does, and what is asked for is returned.</summary>
internal static unsafe class Cuda
{
    public static void Ok(CUresult result, [CallerArgumentExpression(nameof(result))] string call = "") =>
        Assert.True(result == CUresult.CUDA_SUCCESS, $"{call}: {result}");

    public static CUcontext CreateContext(this CudaDriver driver, int device = 0)
    {
        CUcontext context;
        Ok(driver.cuCtxCreate_v2(&context, 0, device));
        return context;
    }

    public static CUcontext Retain(this CudaDriver driver, int device = 0)
    {
        CUcontext context;
        Ok(driver.cuDevicePrimaryCtxRetain(&context, device));
        Ok(driver.cuCtxSetCurrent(context));
        return context;
    }

    public static CUcontext CurrentContext(this CudaDriver driver)
    {
        CUcontext context;
        Ok(driver.cuCtxGetCurrent(&context));
        return context;
    }

    public static CUdeviceptr Allocate(this CudaDriver driver, int bytes)
    {
        CUdeviceptr address;
        Ok(driver.cuMemAlloc_v2(&address, (nuint)bytes));
        return address;
    }

    public static CUresult TryAllocate(this CudaDriver driver, nuint bytes)
    {
        CUdeviceptr address;
        return driver.cuMemAlloc_v2(&address, bytes);
    }

    public static void Write(this CudaDriver driver, CUdeviceptr target, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* source = bytes)
        {
            Ok(driver.cuMemcpyHtoD_v2(target, source, (nuint)bytes.Length));
        }
    }

    public static byte[] Read(this CudaDriver driver, CUdeviceptr source, int bytes)
    {
        byte[] target = new byte[bytes];
        fixed (byte* start = target)
        {
            Ok(driver.cuMemcpyDtoH_v2(start, source, (nuint)bytes));
        }

        return target;
    }

    public static CUstream CreateStream(this CudaDriver driver)
    {
        CUstream stream;
        Ok(driver.cuStreamCreate(&stream, 0));
        return stream;
    }

    public static CUevent CreateEvent(this CudaDriver driver)
    {
        CUevent created;
        Ok(driver.cuEventCreate(&created, 0));
        return created;
    }

    public static CUmodule Load(this CudaDriver driver, string ptx)
    {
        CUmodule module;
        fixed (byte* image = Text(ptx))
        {
            Ok(driver.cuModuleLoadData(&module, image));
        }

        return module;
    }

    public static CUfunction Function(this CudaDriver driver, CUmodule module, string name)
    {
        CUfunction function;
        fixed (byte* text = Text(name))
        {
            Ok(driver.cuModuleGetFunction(&function, module, text));
        }

        return function;
    }

    /// <summary>A launch of one thread with ready packed parameters.</summary>
    public static CUresult Launch(this CudaDriver driver, CUfunction function, ReadOnlySpan<byte> packed, CUstream stream = default)
    {
        fixed (byte* buffer = packed)
        {
            nuint length = (nuint)packed.Length;
            nint* extra = stackalloc nint[] { 1, (nint)buffer, 2, (nint)(&length), 0 };
            return driver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, null, (void**)extra);
        }
    }

    public static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text + "\0");
}
