using System.Text;
using CudaRpc.Driver;
using CudaRpc.Images;

namespace CudaRpc;

/// <summary>Code and global variables that have been loaded into a context.</summary>
public sealed unsafe class CudaModule : CudaResource
{
    private const int LogLength = 8192;
    private readonly CUmodule _handle;

    private CudaModule(CudaContext context, CUmodule handle)
        : base(context) => _handle = handle;

    /// <summary>The module as the driver API names it.</summary>
    /// <exception cref="ObjectDisposedException">The module has been unloaded.</exception>
    public CUmodule Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>Looks a kernel up. It lives as long as the module.</summary>
    /// <param name="name">The name in the module: for C++ without <c>extern "C"</c> the mangled one.</param>
    /// <exception cref="CudaException">The module has no such kernel: <see cref="CUresult.CUDA_ERROR_NOT_FOUND"/>.</exception>
    public CudaKernel GetKernel(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        CudaDriver driver = Enter();
        CUfunction function;
        fixed (byte* symbol = Terminated(name))
        {
            driver.ThrowIfFailed(driver.cuModuleGetFunction(&function, _handle, symbol), $"kernel '{name}'");
        }
        return new CudaKernel(this, name, function);
    }

    /// <summary>A global variable of the module. It lives as long as the module.</summary>
    /// <param name="name">The name in the module.</param>
    /// <exception cref="InvalidOperationException">The variable's size is not a multiple of <typeparamref name="T"/>'s.</exception>
    /// <exception cref="CudaException">The module has no such variable: <see cref="CUresult.CUDA_ERROR_NOT_FOUND"/>.</exception>
    public DeviceMemory<T> GetGlobal<T>(string name) where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        CudaDriver driver = Enter();
        CUdeviceptr address;
        nuint bytes;
        fixed (byte* symbol = Terminated(name))
        {
            driver.ThrowIfFailed(driver.cuModuleGetGlobal_v2(&address, &bytes, _handle, symbol), $"global '{name}'");
        }
        if (bytes % (nuint)sizeof(T) != 0)
            throw new InvalidOperationException($"Global '{name}' has {bytes} bytes, not a multiple of {typeof(T)}'s {sizeof(T)}.");
        return new DeviceMemory<T>(Context, this, address, checked((long)(bytes / (nuint)sizeof(T))));
    }

    internal static CudaModule Load(CudaContext context, ReadOnlySpan<byte> image)
    {
        // The driver is given no length: it reads text up to a NUL, and the others as far as they say.
        if (!ImageFormat.IsComplete(image))
        {
            byte[] terminated = new byte[image.Length + 1];
            image.CopyTo(terminated);
            image = terminated;
            if (!ImageFormat.IsComplete(image))
                throw new ArgumentException("The image is cut short, or only points to one.", nameof(image));
        }
        byte* log = stackalloc byte[LogLength];
        log[0] = 0;
        CUjit_option* options = stackalloc[] { CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES };
        void** values = stackalloc void*[] { log, (void*)LogLength };
        CudaDriver driver = context.Enter();
        CUmodule module;
        fixed (byte* data = image)
        {
            CUresult result = driver.cuModuleLoadDataEx(&module, data, 2, options, values);
            if (result != CUresult.CUDA_SUCCESS)
            {
                var text = new ReadOnlySpan<byte>(log, LogLength);
                int end = text.IndexOf((byte)0);
                string said = Encoding.UTF8.GetString(text[..Math.Max(end, 0)]);
                driver.ThrowIfFailed(result, said, nameof(driver.cuModuleLoadDataEx));
            }
        }
        return new CudaModule(context, module);
    }

    internal override void Free(CudaDriver driver) => driver.cuModuleUnload(_handle);

    private static byte[] Terminated(string name) => Encoding.UTF8.GetBytes(name + '\0');
}
