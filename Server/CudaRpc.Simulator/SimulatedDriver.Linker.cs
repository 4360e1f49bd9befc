using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Simulator.Images;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <summary>The option values take answers until the linker is destroyed: they must live as long.</summary>
    public override CUresult cuLinkCreate_v2(uint numOptions, CUjit_option* options, void** optionValues, CUlinkState* stateOut)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (stateOut == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (JitOptions.Read(options, optionValues, numOptions, out _) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        nint handle = _handles.Add(new DriverLink(options, optionValues, numOptions));
        return handle == 0 ? CUDA_ERROR_OUT_OF_MEMORY : Give(stateOut, new CUlinkState(handle));
    }

    /// <summary>PTX is checked now, as the real driver compiles it now; that the parts fit together, by <see cref="cuLinkComplete"/>.</summary>
    public override CUresult cuLinkAddData_v2(
        CUlinkState state, CUjitInputType type, void* data, nuint size, byte* name, uint numOptions, CUjit_option* options, void** optionValues)
    {
        if (Find(state.Value, out DriverLink link) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (data == null || size is 0 or > int.MaxValue || type >= CUjitInputType.CU_JIT_NUM_INPUT_TYPES)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (JitOptions.Read(options, optionValues, numOptions, out JitOptions jit) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        // SAFETY: the program promises that many bytes.
        CUresult result = Add(link, type, new ReadOnlySpan<byte>(data, (int)size), name, out string message);
        jit.Answer(message);
        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuLinkAddFile_v2(
        CUlinkState state, CUjitInputType type, byte* path, uint numOptions, CUjit_option* options, void** optionValues)
    {
        if (Find(state.Value, out DriverLink _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (ReadFile(path, out byte[] file) is not CUDA_SUCCESS and var unreadable)
        {
            return unreadable;
        }
        fixed (byte* data = file)
        {
            return cuLinkAddData_v2(state, type, data, (nuint)file.Length - 1, path, numOptions, options, optionValues);
        }
    }

    /// <summary>The image stays valid until the linker is destroyed. A finished linker takes nothing more.</summary>
    public override CUresult cuLinkComplete(CUlinkState state, void** cubinOut, nuint* sizeOut)
    {
        if (Find(state.Value, out DriverLink link) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (cubinOut == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        lock (link.Lock)
        {
            if (link.Image is null && Finish(link) is not CUDA_SUCCESS and var failed)
            {
                return failed;
            }
            *cubinOut = Unsafe.AsPointer(ref link.Image![0]);
            if (sizeOut != null)
            {
                *sizeOut = (nuint)link.Image.Length;
            }
            return CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public override CUresult cuLinkDestroy(CUlinkState state)
    {
        if (Find(state.Value, out DriverLink _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return _handles.Remove<DriverLink>(state.Value, out _) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
    }

    private CUresult Add(DriverLink link, CUjitInputType type, ReadOnlySpan<byte> data, byte* name, out string message)
    {
        lock (link.Lock)
        {
            if (link.Image is not null)
            {
                message = "the linker is finished";
                return CUDA_ERROR_INVALID_VALUE;
            }
            string title = name == null ? "" : Marshal.PtrToStringUTF8((nint)name)!;
            title = title.Length != 0 ? title : string.Create(CultureInfo.InvariantCulture, $"input {link.Sources.Count + 1}");
            var sources = new List<PtxSource>();
            CUresult result = LinkInput.Read(type, data, title, DeviceAttributes.Architecture, sources, out message);
            for (int i = 0; result == CUDA_SUCCESS && i < sources.Count; i++)
            {
                result = CheckSyntax(sources[i], out message);
            }
            if (result == CUDA_SUCCESS)
            {
                link.Sources.AddRange(sources);
                return CUDA_SUCCESS;
            }
            link.Errors.Add(message);
            _log($"{title} was not linked ({CudaErrors.Name(result)}): {message}");
            return result;
        }
    }

    private static CUresult CheckSyntax(PtxSource source, out string message)
    {
        message = "";
        try
        {
            _ = Parser.Parse(source.Text);
            return CUDA_SUCCESS;
        }
        catch (PtxException exception)
        {
            message = $"{source.Name}, {exception.Message}";
            return CUDA_ERROR_INVALID_PTX;
        }
    }

    private CUresult Finish(DriverLink link)
    {
        if (link.Sources.Count == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        CUresult result = Parse(link.Sources, out PtxModule module, out string message);
        if (result == CUDA_SUCCESS)
        {
            link.Information.Add($"linked {module.Kernels.Count} kernels and {module.Globals.Count} variables");
            link.Finish(PtxContainer.Write(link.Sources));
            return CUDA_SUCCESS;
        }
        link.Errors.Add(message);
        _log($"the linker failed ({CudaErrors.Name(result)}): {message}");
        return result;
    }
}
