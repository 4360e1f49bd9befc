using CudaRpc.Driver;

namespace CudaRpc;

public sealed unsafe partial class CudaContext
{
    /// <summary>Allocates memory on the device. Its contents are undefined.</summary>
    /// <param name="length">Elements, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is below 1.</exception>
    /// <exception cref="CudaException">The device has not enough memory.</exception>
    public DeviceMemory<T> Allocate<T>(long length) where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        CUdeviceptr address;
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuMemAlloc_v2(&address, checked((nuint)length * (nuint)sizeof(T))));
        return new DeviceMemory<T>(this, address, length);
    }

    /// <summary>Allocates memory on the device and fills it with a copy of <paramref name="contents"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="contents"/> is empty.</exception>
    /// <exception cref="CudaException">The device has not enough memory.</exception>
    public DeviceMemory<T> Allocate<T>(ReadOnlySpan<T> contents) where T : unmanaged
    {
        DeviceMemory<T> memory = Allocate<T>(contents.Length);
        try
        {
            memory.CopyFrom(contents);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="Allocate{T}(ReadOnlySpan{T})"/>
    public DeviceMemory<T> Allocate<T>(T[] contents) where T : unmanaged => Allocate((ReadOnlySpan<T>)contents);

    /// <summary>Allocates host memory that copies run fastest from and to.</summary>
    /// <param name="length">Elements, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is below 1.</exception>
    /// <exception cref="CudaException">There is not enough memory, or the driver does not support it.</exception>
    public PinnedMemory<T> AllocatePinned<T>(int length) where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        void* address;
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuMemHostAlloc(&address, checked((nuint)length * (nuint)sizeof(T)), 0));
        return new PinnedMemory<T>(this, (T*)address, length);
    }

    /// <summary>Loads a module from PTX source text. Blocks until it is compiled.</summary>
    /// <exception cref="CudaException">The text is not valid PTX, or needs another device; the message has the compiler's log.</exception>
    public CudaModule LoadModule(string ptx)
    {
        ArgumentNullException.ThrowIfNull(ptx);
        return CudaModule.Load(this, System.Text.Encoding.UTF8.GetBytes(ptx));
    }

    /// <summary>Loads a module from an image: PTX text, a cubin or a fatbin. Blocks until it is loaded.</summary>
    /// <exception cref="ArgumentException">The image is shorter than it says itself.</exception>
    /// <exception cref="CudaException">The image is invalid or not for the device; the message has the compiler's log.</exception>
    public CudaModule LoadModule(ReadOnlySpan<byte> image) => CudaModule.Load(this, image);

    /// <summary>Loads a module from a file of this machine: PTX text, a cubin or a fatbin. Blocks until it is loaded.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ArgumentException">The image is shorter than it says itself.</exception>
    /// <exception cref="CudaException">The image is invalid or not for the device; the message has the compiler's log.</exception>
    public CudaModule LoadModuleFile(string path) => CudaModule.Load(this, File.ReadAllBytes(path));

    /// <summary>Creates a stream.</summary>
    /// <param name="nonBlocking">The stream is not ordered with the default stream.</param>
    /// <param name="priority">Lower numbers run first; 0 is the default. Out of range values are clamped by the device.</param>
    /// <exception cref="CudaException">The context has failed.</exception>
    public CudaStream CreateStream(bool nonBlocking = false, int priority = 0)
    {
        CUstream_flags flags = nonBlocking ? CUstream_flags.CU_STREAM_NON_BLOCKING : CUstream_flags.CU_STREAM_DEFAULT;
        CUstream stream;
        CudaDriver driver = Enter();
        if (priority == 0) driver.ThrowIfFailed(driver.cuStreamCreate(&stream, (uint)flags));
        else driver.ThrowIfFailed(driver.cuStreamCreateWithPriority(&stream, (uint)flags, priority));
        return new CudaStream(this, stream);
    }

    /// <summary>Creates an event.</summary>
    /// <param name="timing">The event can be used to measure time. One that cannot is cheaper.</param>
    /// <exception cref="CudaException">The context has failed.</exception>
    public CudaEvent CreateEvent(bool timing = true)
    {
        CUevent_flags flags = timing ? CUevent_flags.CU_EVENT_DEFAULT : CUevent_flags.CU_EVENT_DISABLE_TIMING;
        CUevent handle;
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuEventCreate(&handle, (uint)flags));
        return new CudaEvent(this, handle);
    }
}
