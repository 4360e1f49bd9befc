using System.Runtime.CompilerServices;
using CudaRpc.Driver;

namespace CudaRpc;

public sealed unsafe partial class DeviceMemory<T>
{
    /// <summary>Sets every byte to zero.</summary>
    /// <param name="stream">Null is the default stream. The call does not wait for the device.</param>
    /// <exception cref="CudaException">Work before it has failed.</exception>
    public void Clear(CudaStream? stream = null)
    {
        CudaDriver driver = Enter();
        if (Length == 0) return;
        driver.ThrowIfFailed(driver.cuMemsetD8Async(Start, 0, Bytes(Length), CudaStream.HandleIn(Context.Session, stream)));
    }

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    /// <param name="value">The value.</param>
    /// <param name="stream">Null is the default stream. The call does not wait for the device.</param>
    /// <exception cref="CudaException">Work before it has failed.</exception>
    public void Fill(T value, CudaStream? stream = null)
    {
        CudaDriver driver = Enter();
        if (Length == 0) return;
        CUstream handle = CudaStream.HandleIn(Context.Session, stream);
        switch (sizeof(T))
        {
            case 1:
                driver.ThrowIfFailed(driver.cuMemsetD8Async(Start, Unsafe.BitCast<T, byte>(value), (nuint)Length, handle));
                break;
            case 2:
                driver.ThrowIfFailed(driver.cuMemsetD16Async(Start, Unsafe.BitCast<T, ushort>(value), (nuint)Length, handle));
                break;
            case 4:
                driver.ThrowIfFailed(driver.cuMemsetD32Async(Start, Unsafe.BitCast<T, uint>(value), (nuint)Length, handle));
                break;
            default:
                FillByDoubling(driver, value, handle);
                break;
        }
    }

    /// <summary>There is no set for other element sizes: one element is written, and what is filled is copied behind itself.</summary>
    private void FillByDoubling(CudaDriver driver, T value, CUstream stream)
    {
        // A pageable source has been read when the call returns, so a local variable will do.
        driver.ThrowIfFailed(driver.cuMemcpyHtoDAsync_v2(Start, &value, (nuint)sizeof(T), stream));
        for (long filled = 1; filled < Length; filled *= 2)
        {
            nuint bytes = Bytes(Math.Min(filled, Length - filled));
            driver.ThrowIfFailed(driver.cuMemcpyDtoDAsync_v2(Start + (ulong)Bytes(filled), Start, bytes, stream));
        }
    }
}
