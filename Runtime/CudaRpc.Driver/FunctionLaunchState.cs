namespace CudaRpc.Driver;

/// <summary>
/// What a program of CUDA 3 says about a function before it launches it: block shape, shared memory, parameters one by one. It stays until
/// it is said anew. The object is its own lock.
/// </summary>
internal sealed unsafe class FunctionLaunchState
{
    // The launches of CUDA 3 never took more.
    private const int MaximumParameterBytes = 4096;

    private const nint BufferPointer = 1;
    private const nint BufferSize = 2;

    private readonly byte[] _parameters = new byte[MaximumParameterBytes];
    private int _parameterBytes;
    private (uint X, uint Y, uint Z) _block;
    private uint _sharedBytes;

    public CUresult SetBlock(int x, int y, int z)
    {
        if (x <= 0 || y <= 0 || z <= 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        lock (this)
        {
            _block = ((uint)x, (uint)y, (uint)z);
        }

        return CUresult.CUDA_SUCCESS;
    }

    public CUresult SetSharedBytes(uint bytes)
    {
        lock (this)
        {
            _sharedBytes = bytes;
        }

        return CUresult.CUDA_SUCCESS;
    }

    public CUresult SetParameterBytes(uint bytes)
    {
        if (bytes > MaximumParameterBytes)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        lock (this)
        {
            _parameterBytes = (int)bytes;
        }

        return CUresult.CUDA_SUCCESS;
    }

    /// <summary>Parameters from <paramref name="offset"/> on; the program promises that <paramref name="value"/> has that many bytes.</summary>
    public CUresult SetParameter(int offset, void* value, uint bytes)
    {
        if (offset < 0 || bytes > MaximumParameterBytes || offset > MaximumParameterBytes - (int)bytes || (value == null && bytes > 0))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        lock (this)
        {
            // SAFETY: the range lies within the array, and the program vouches for its own memory.
            new ReadOnlySpan<byte>(value, (int)bytes).CopyTo(_parameters.AsSpan(offset));
        }

        return CUresult.CUDA_SUCCESS;
    }

    /// <summary>Launches a grid of <paramref name="width"/> times <paramref name="height"/> blocks. Without a block shape there is nothing to launch.</summary>
    public CUresult Launch(CudaDriver driver, CUfunction function, int width, int height, CUstream stream)
    {
        byte* packed = stackalloc byte[MaximumParameterBytes];
        nuint bytes;
        (uint X, uint Y, uint Z) block;
        uint sharedBytes;
        lock (this)
        {
            // SAFETY: the buffer is as long as the array.
            _parameters.AsSpan(0, _parameterBytes).CopyTo(new Span<byte>(packed, MaximumParameterBytes));
            (bytes, block, sharedBytes) = ((nuint)_parameterBytes, _block, _sharedBytes);
        }

        if (width <= 0 || height <= 0 || block.X == 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        nint* extra = stackalloc nint[] { BufferPointer, (nint)packed, BufferSize, (nint)(&bytes), 0 };
        return driver.cuLaunchKernel(
            function, (uint)width, (uint)height, 1, block.X, block.Y, block.Z, sharedBytes, stream, null, (void**)extra);
    }
}
