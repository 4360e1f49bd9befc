using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests;

// Modules, functions, launches, streams, events. Every function has the same parameters, whatever its name.
internal unsafe partial class FakeDriver
{
    public const string MissingFunction = "missing";
    public const int MaxThreadsPerBlock = 512;
    public const int LaunchBytes = 24;

    private readonly byte[] _launched = new byte[LaunchBytes];

    /// <summary>Offset and size of each parameter of every function: a pointer, an int, a byte, a double.</summary>
    public static IReadOnlyList<(int Offset, int Size)> Parameters { get; } = [(0, 8), (8, 4), (12, 1), (16, 8)];

    /// <summary>Packed parameters of the last launch, and their number of bytes.</summary>
    public ReadOnlySpan<byte> Launched => _launched.AsSpan(0, LaunchedBytes);

    public int LaunchedBytes { get; private set; }

    /// <summary>Bytes of the image loaded last.</summary>
    public byte[] Image { get; private set; } = [];

    public override CUresult cuModuleLoadDataEx(CUmodule* module, void* image, uint numOptions, CUjit_option* options, void** optionValues)
    {
        Image = MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)image).ToArray();
        for (uint index = 0; index < numOptions; index++)
        {
            if (options[index] == CUjit_option.CU_JIT_ERROR_LOG_BUFFER)
            {
                "what the compiler says\0"u8.CopyTo(new Span<byte>(optionValues[index], 64));
            }
        }

        return Create(nameof(cuModuleLoadDataEx), FakeKind.Module, (nint*)module);
    }

    public override CUresult cuModuleUnload(CUmodule hmod) => Destroy(nameof(cuModuleUnload), FakeKind.Module, hmod.Value);

    public override CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, byte* name) =>
        Named(nameof(cuModuleGetFunction), FakeKind.Module, hmod.Value, name, FakeKind.Function, (nint*)hfunc);

    public override CUresult cuLibraryLoadData(
        CUlibrary* library, void* code, CUjit_option* jitOptions, void** jitOptionsValues, uint numJitOptions,
        CUlibraryOption* libraryOptions, void** libraryOptionValues, uint numLibraryOptions) =>
        Create(nameof(cuLibraryLoadData), FakeKind.Library, (nint*)library);

    public override CUresult cuLibraryUnload(CUlibrary library) => Destroy(nameof(cuLibraryUnload), FakeKind.Library, library.Value);

    public override CUresult cuLibraryGetKernel(CUkernel* pKernel, CUlibrary library, byte* name) =>
        Named(nameof(cuLibraryGetKernel), FakeKind.Library, library.Value, name, FakeKind.Kernel, (nint*)pKernel);

    public override CUresult cuKernelGetFunction(CUfunction* pFunc, CUkernel kernel) =>
        Create(nameof(cuKernelGetFunction), FakeKind.Function, (nint*)pFunc, kernel.Value);

    public override CUresult cuFuncGetParamInfo(CUfunction func, nuint paramIndex, nuint* paramOffset, nuint* paramSize) =>
        Parameter(paramIndex, paramOffset, paramSize);

    public override CUresult cuKernelGetParamInfo(CUkernel kernel, nuint paramIndex, nuint* paramOffset, nuint* paramSize) =>
        Parameter(paramIndex, paramOffset, paramSize);

    public override CUresult cuFuncGetAttribute(int* pi, CUfunction_attribute attrib, CUfunction hfunc)
    {
        *pi = MaxThreadsPerBlock;
        return attrib == CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE;
    }

    public override CUresult cuLaunchKernel(
        CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ,
        uint sharedMemBytes, CUstream hStream, void** kernelParams, void** extra) =>
        Launch(nameof(cuLaunchKernel), (nint*)extra);

    public override CUresult cuLaunchKernelEx(CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra) =>
        Launch(nameof(cuLaunchKernelEx), (nint*)extra);

    public override CUresult cuStreamCreate(CUstream* phStream, uint Flags) => Create(nameof(cuStreamCreate), FakeKind.Stream, (nint*)phStream);

    public override CUresult cuStreamDestroy_v2(CUstream hStream) => Destroy(nameof(cuStreamDestroy_v2), FakeKind.Stream, hStream.Value);

    public override CUresult cuStreamQuery(CUstream hStream) => Enter(nameof(cuStreamQuery));

    public override CUresult cuStreamSynchronize(CUstream hStream) => Enter(nameof(cuStreamSynchronize));

    public override CUresult cuEventCreate(CUevent* phEvent, uint Flags) => Create(nameof(cuEventCreate), FakeKind.Event, (nint*)phEvent);

    public override CUresult cuEventDestroy_v2(CUevent hEvent) => Destroy(nameof(cuEventDestroy_v2), FakeKind.Event, hEvent.Value);

    public override CUresult cuEventRecord(CUevent hEvent, CUstream hStream) => Enter(nameof(cuEventRecord));

    public override CUresult cuEventSynchronize(CUevent hEvent) => Enter(nameof(cuEventSynchronize));

    public override CUresult cuEventElapsedTime_v2(float* pMilliseconds, CUevent hStart, CUevent hEnd)
    {
        *pMilliseconds = 1.5f;
        return Enter(nameof(cuEventElapsedTime_v2));
    }

    private static CUresult Parameter(nuint index, nuint* offset, nuint* size)
    {
        if (index >= (nuint)Parameters.Count)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        (*offset, *size) = ((nuint)Parameters[(int)index].Offset, (nuint)Parameters[(int)index].Size);
        return CUresult.CUDA_SUCCESS;
    }

    private CUresult Named(string call, FakeKind parentKind, nint parent, byte* name, FakeKind kind, nint* handle)
    {
        if (!Is(parent, parentKind))
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        return Marshal.PtrToStringUTF8((nint)name) == MissingFunction ? CUresult.CUDA_ERROR_NOT_FOUND : Create(call, kind, handle, parent);
    }

    private CUresult Launch(string name, nint* extra)
    {
        CUresult status = Enter(name);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        // CU_LAUNCH_PARAM_BUFFER_POINTER, CU_LAUNCH_PARAM_BUFFER_SIZE, CU_LAUNCH_PARAM_END, in the order in which the server writes them.
        if (extra[0] != 1 || extra[2] != 2 || extra[4] != 0 || *(nuint*)extra[3] > LaunchBytes)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var packed = new ReadOnlySpan<byte>((void*)extra[1], (int)*(nuint*)extra[3]);
        packed.CopyTo(_launched);
        LaunchedBytes = packed.Length;
        return status;
    }
}
