using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Tests;

/// <summary>One device, real memory, a kernel whose parameters the test chooses. Remembers what was called.</summary>
internal sealed unsafe partial class FakeDriver : CudaDriver, IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<string> _calls = [];
    private readonly Dictionary<string, CUresult> _failures = [];
    private long _nextHandle = 0x1000;

    [ThreadStatic]
    private static CUcontext t_current;

    /// <summary>Sizes of the parameters of every kernel; null for a driver that cannot tell.</summary>
    public int[]? ParameterSizes { get; set; } = [];

    /// <summary>Reset: work in streams does not finish.</summary>
    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    public bool Recording { get; set; } = true;

    public bool IsDisposed { get; private set; }

    /// <summary>The bytes of each argument of the last launch.</summary>
    public List<byte[]> LaunchedArguments { get; } = [];

    public string? DeferredFailure { get; init; }

    /// <summary>The image of the last module, up to its NUL.</summary>
    public string? LoadedText { get; private set; }

    public string CompilerLog { get; set; } = "";

    public string[] Calls
    {
        get
        {
            lock (_lock) return [.. _calls];
        }
    }

    public void Fail(string function, CUresult result)
    {
        lock (_lock) _failures[function] = result;
    }

    public void ForgetCalls()
    {
        lock (_lock) _calls.Clear();
    }

    public void Dispose() => IsDisposed = true;

    public override string? TakeDeferredFailure() => DeferredFailure;

    public override CUresult cuInit(uint Flags) => Called(nameof(cuInit));

    public override CUresult cuDriverGetVersion(int* driverVersion)
    {
        *driverVersion = 12040;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceGetCount(int* count)
    {
        *count = 1;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceGet(int* device, int ordinal)
    {
        *device = ordinal;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceGetName(byte* name, int len, int dev)
    {
        "Fake GPU\0"u8.CopyTo(new Span<byte>(name, len));
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceGetUuid_v2(CUuuid* uuid, int dev)
    {
        for (byte i = 0; i < 16; i++) ((byte*)uuid)[i] = i;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceTotalMem_v2(nuint* bytes, int dev)
    {
        *bytes = 1 << 30;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, int dev)
    {
        *pi = attrib switch
        {
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR => 9,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR => 0,
            _ => -1,
        };
        return *pi < 0 ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuCtxCreate_v2(CUcontext* pctx, uint flags, int dev)
    {
        *pctx = t_current = new CUcontext(Mint());
        return Called(nameof(cuCtxCreate_v2));
    }

    public override CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, int dev)
    {
        *pctx = new CUcontext(0x42);
        return Called(nameof(cuDevicePrimaryCtxRetain));
    }

    public override CUresult cuDevicePrimaryCtxRelease_v2(int dev) => Called(nameof(cuDevicePrimaryCtxRelease_v2));

    public override CUresult cuCtxDestroy_v2(CUcontext ctx) => Called(nameof(cuCtxDestroy_v2));

    public override CUresult cuCtxGetCurrent(CUcontext* pctx)
    {
        *pctx = t_current;
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuCtxSetCurrent(CUcontext ctx)
    {
        t_current = ctx;
        return Called(nameof(cuCtxSetCurrent));
    }

    public override CUresult cuCtxSynchronize() => Called(nameof(cuCtxSynchronize));

    public override CUresult cuModuleLoadDataEx(
        CUmodule* module, void* image, uint numOptions, CUjit_option* options, void** optionValues)
    {
        *module = new CUmodule(Mint());
        LoadedText = Marshal.PtrToStringUTF8((nint)image);
        for (uint i = 0; i < numOptions; i++)
        {
            if (options[i] != CUjit_option.CU_JIT_ERROR_LOG_BUFFER) continue;
            System.Text.Encoding.UTF8.GetBytes(CompilerLog + '\0').CopyTo(new Span<byte>(optionValues[i], 256));
        }
        return Called(nameof(cuModuleLoadDataEx));
    }

    public override CUresult cuModuleUnload(CUmodule hmod) => Called(nameof(cuModuleUnload));

    public override CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, byte* name)
    {
        *hfunc = new CUfunction(Mint());
        return Called(nameof(cuModuleGetFunction));
    }

    public override CUresult cuModuleGetGlobal_v2(CUdeviceptr* dptr, nuint* bytes, CUmodule hmod, byte* name)
    {
        *dptr = new CUdeviceptr(0x5000);
        *bytes = 24;
        return Called(nameof(cuModuleGetGlobal_v2));
    }

    public override CUresult cuFuncGetParamInfo(CUfunction func, nuint paramIndex, nuint* paramOffset, nuint* paramSize)
    {
        if (ParameterSizes is null) return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        if (paramIndex >= (nuint)ParameterSizes.Length) return CUresult.CUDA_ERROR_INVALID_VALUE;
        nuint offset = 0;
        for (nuint i = 0; i <= paramIndex; i++)
        {
            nuint size = (nuint)ParameterSizes[i];
            offset = (offset + size - 1) / size * size;
            *paramOffset = offset;
            *paramSize = size;
            offset += size;
        }
        return CUresult.CUDA_SUCCESS;
    }

    public override CUresult cuLaunchKernel(
        CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ,
        uint sharedMemBytes, CUstream hStream, void** kernelParams, void** extra) => Launched(kernelParams, nameof(cuLaunchKernel));

    public override CUresult cuLaunchCooperativeKernel(
        CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ,
        uint sharedMemBytes, CUstream hStream, void** kernelParams) => Launched(kernelParams, nameof(cuLaunchCooperativeKernel));

    public override CUresult cuStreamCreate(CUstream* phStream, uint Flags)
    {
        *phStream = new CUstream(Mint());
        return Called(nameof(cuStreamCreate));
    }

    public override CUresult cuStreamCreateWithPriority(CUstream* phStream, uint flags, int priority)
    {
        *phStream = new CUstream(Mint());
        return Called(nameof(cuStreamCreateWithPriority));
    }

    public override CUresult cuStreamDestroy_v2(CUstream hStream) => Called(nameof(cuStreamDestroy_v2));

    public override CUresult cuStreamQuery(CUstream hStream) =>
        Gate.IsSet ? Called(nameof(cuStreamQuery)) : CUresult.CUDA_ERROR_NOT_READY;

    public override CUresult cuStreamSynchronize(CUstream hStream) => Called(nameof(cuStreamSynchronize));

    public override CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, uint Flags) => Called(nameof(cuStreamWaitEvent));

    public override CUresult cuEventCreate(CUevent* phEvent, uint Flags)
    {
        *phEvent = new CUevent(Mint());
        return Called(nameof(cuEventCreate));
    }

    public override CUresult cuEventDestroy_v2(CUevent hEvent) => Called(nameof(cuEventDestroy_v2));

    public override CUresult cuEventRecord(CUevent hEvent, CUstream hStream) => Called(nameof(cuEventRecord));

    public override CUresult cuEventQuery(CUevent hEvent) =>
        Gate.IsSet ? Called(nameof(cuEventQuery)) : CUresult.CUDA_ERROR_NOT_READY;

    public override CUresult cuEventSynchronize(CUevent hEvent)
    {
        Gate.Wait(TimeSpan.FromSeconds(30));
        return Called(nameof(cuEventSynchronize));
    }

    public override CUresult cuEventElapsedTime(float* pMilliseconds, CUevent hStart, CUevent hEnd)
    {
        *pMilliseconds = 1.5f;
        return Called(nameof(cuEventElapsedTime));
    }

    private nint Mint() => (nint)Interlocked.Increment(ref _nextHandle);

    private CUresult Launched(void** kernelParams, string function)
    {
        if (!Recording) return CUresult.CUDA_SUCCESS;
        LaunchedArguments.Clear();
        for (int i = 0; i < ParameterSizes!.Length; i++)
            LaunchedArguments.Add(new ReadOnlySpan<byte>(kernelParams[i], ParameterSizes[i]).ToArray());
        return Called(function);
    }

    private CUresult Called(string function)
    {
        if (!Recording) return CUresult.CUDA_SUCCESS;
        lock (_lock)
        {
            _calls.Add(function);
            return _failures.GetValueOrDefault(function, CUresult.CUDA_SUCCESS);
        }
    }
}
