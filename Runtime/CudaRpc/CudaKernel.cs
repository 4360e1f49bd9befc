using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>A kernel of a module.</summary>
/// <remarks>Safe to use from any thread; lives as long as its module.</remarks>
public sealed unsafe partial class CudaKernel
{
    private readonly KernelParameter[]? _parameters;

    internal CudaKernel(CudaModule module, string name, CUfunction handle)
    {
        Module = module;
        Name = name;
        Handle = handle;
        _parameters = ReadParameters(module.Enter(), handle);
    }

    /// <summary>The module the kernel is in.</summary>
    public CudaModule Module { get; }

    /// <summary>The name in the module.</summary>
    public string Name { get; }

    /// <summary>The kernel as the driver API names it.</summary>
    public CUfunction Handle { get; }

    /// <summary>The parameters, in order; null if the driver is older than CUDA 12.4 and cannot tell.</summary>
    public IReadOnlyList<KernelParameter>? Parameters => _parameters;

    /// <summary>One property of the kernel, in the unit that the attribute's name says.</summary>
    /// <exception cref="CudaException">The driver does not know the attribute.</exception>
    public int GetAttribute(CUfunction_attribute attribute)
    {
        int value;
        CudaDriver driver = Module.Enter();
        driver.ThrowIfFailed(driver.cuFuncGetAttribute(&value, attribute, Handle));
        return value;
    }

    /// <summary>
    /// Changes one property of the kernel, such as <see cref="CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES"/>.
    /// </summary>
    /// <exception cref="CudaException">The attribute cannot be changed, or the device cannot do it.</exception>
    public void SetAttribute(CUfunction_attribute attribute, int value)
    {
        CudaDriver driver = Module.Enter();
        driver.ThrowIfFailed(driver.cuFuncSetAttribute(Handle, attribute, value));
    }

    /// <summary>How many blocks fit on a multiprocessor at the same time.</summary>
    /// <param name="blockSize">Threads in a block.</param>
    /// <param name="sharedMemory">Dynamic shared memory of a block, in bytes.</param>
    /// <exception cref="CudaException">An argument is invalid.</exception>
    public int GetMaxActiveBlocks(int blockSize, int sharedMemory = 0)
    {
        int blocks;
        CudaDriver driver = Module.Enter();
        driver.ThrowIfFailed(
            driver.cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, Handle, blockSize, (nuint)sharedMemory));
        return blocks;
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static KernelParameter[]? ReadParameters(CudaDriver driver, CUfunction function)
    {
        List<KernelParameter> parameters = [];
        while (true)
        {
            nuint offset, size;
            CUresult result = driver.cuFuncGetParamInfo(function, (nuint)parameters.Count, &offset, &size);
            switch (result)
            {
                case CUresult.CUDA_SUCCESS:
                    parameters.Add(new KernelParameter((int)offset, (int)size));
                    break;
                case CUresult.CUDA_ERROR_INVALID_VALUE:
                    return [.. parameters];
                case CUresult.CUDA_ERROR_NOT_SUPPORTED:
                    return null;
                default:
                    driver.ThrowIfFailed(result, call: nameof(driver.cuFuncGetParamInfo));
                    break;
            }
        }
    }
}
