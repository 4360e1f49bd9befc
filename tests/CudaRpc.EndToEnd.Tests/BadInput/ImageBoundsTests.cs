using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.Api;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>Images that lead out of the program's memory: a pointer is all the driver gets.</summary>
public sealed unsafe partial class ImageBoundsTests : IDisposable
{
    private const int Page = 4096;
    private static readonly byte[] s_magic = [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    private readonly SimulatedServer _server = new();

    // One page, and behind it one that nobody may touch.
    private readonly byte* _page = mmap(null, 2 * Page, 3, 0x22, -1, 0);

    public ImageBoundsTests() => Assert.Equal(0, mprotect(_page + Page, Page, 0));

    public void Dispose()
    {
        _server.Dispose();
        munmap(_page, 2 * Page);
    }

    [Fact]
    public void Load_WithMoreOptionsThanThereAre_LooksAtNone()
    {
        var options = (CUjit_option*)(_page + Page - sizeof(CUjit_option));
        void* value = null;
        CUmodule module;
        fixed (byte* image = ".version 7.0\n.target sm_50\n.address_size 64\n\0"u8)
        {
            Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, _server.Driver.cuModuleLoadDataEx(&module, image, uint.MaxValue, options, &value));
        }
    }

    [Fact]
    public void Load_OfAMagicAtTheMemorysEnd_IsRefused() => Refused(AtEnd(s_magic));

    [Fact]
    public void Load_OfATextWithoutAnEnd_IsRefused() => Refused(AtEnd(".version 7.0"u8));

    [Theory]
    [InlineData(100, 65535)]
    [InlineData(0x7fffffff, 3)]
    [InlineData(0x7ffffffe, 3)]
    [InlineData(0x4000000000000000, 3)]
    [InlineData(0x7ffffffffffffff0, 3)]
    public void Load_OfACubinWithAFarSectionTable_IsRefused(long sections, int count)
    {
        byte[] header = Cubin();
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), sections);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(60), (ushort)count);

        Refused(AtEnd(header));
    }

    [Fact]
    public void Load_OfACubinThatEndsBehindTheMemory_IsRefused()
    {
        byte[] image = [.. Cubin(), .. new byte[64]];
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(40), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(60), 1);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(64 + 4), 1);
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(64 + 32), 1 << 20);

        Refused(AtEnd(image));
    }

    [Fact]
    public void Load_OfAFatBinaryThatEndsBehindTheMemory_IsRefused()
    {
        byte[] image = FatBinaries.Build(FatBinaries.Ptx(70, ".version 7.0"));
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(8), 1 << 20);

        Refused(AtEnd(image));
    }

    [Fact]
    public void Load_OfAWrapperOfItself_IsRefused()
    {
        byte[] wrapper = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(wrapper, 0x466243b1);
        BinaryPrimitives.WriteUInt32LittleEndian(wrapper.AsSpan(4), 1);
        byte* start = _page + Page - wrapper.Length;
        BinaryPrimitives.WriteUInt64LittleEndian(wrapper.AsSpan(8), (ulong)start);

        Refused(AtEnd(wrapper));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Load_OfAWrapperOfNoAddress_IsRefused(int version)
    {
        byte[] wrapper = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(wrapper, 0x466243b1);
        BinaryPrimitives.WriteInt32LittleEndian(wrapper.AsSpan(4), version);
        BinaryPrimitives.WriteUInt64LittleEndian(wrapper.AsSpan(8), 0x500000000000);
        BinaryPrimitives.WriteUInt64LittleEndian(wrapper.AsSpan(16), 0x500000000000);

        Refused(AtEnd(wrapper));
    }

    [Fact]
    public void Load_OfAnImageThatIsRefusedHere_WritesNothingIntoTheLog()
    {
        byte* log = stackalloc byte[100];
        CUjit_option* options = stackalloc[] { CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES };
        void** values = stackalloc void*[] { log, (void*)100 };
        CUmodule module;

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_IMAGE, _server.Driver.cuModuleLoadDataEx(&module, AtEnd(s_magic), 2, options, values));

        Assert.Equal(0, (nint)values[1]);
    }

    private static byte[] Cubin()
    {
        byte[] header = new byte[64];
        s_magic.CopyTo(header, 0);
        (header[4], header[5], header[6]) = (2, 1, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(18), 190);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(52), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(58), 64);
        return header;
    }

    private void Refused(byte* image)
    {
        CUmodule module;
        CUlibrary library;
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_IMAGE, _server.Driver.cuModuleLoadData(&module, image));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_IMAGE, _server.Driver.cuLibraryLoadData(&library, image, null, null, 0, null, null, 0));

        // The simulator takes every ELF file for machine code.
        using var gpu = new SimulatedGpu();
        using var simulated = new SimulatedDriver(gpu);
        Cuda.Ok(simulated.cuInit(0));
        simulated.CreateContext();
        Assert.Contains(
            simulated.cuModuleLoadData(&module, image), new[] { CUresult.CUDA_ERROR_INVALID_IMAGE, CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU });
    }

    private byte* AtEnd(ReadOnlySpan<byte> bytes)
    {
        byte* start = _page + Page - bytes.Length;
        bytes.CopyTo(new Span<byte>(start, bytes.Length));
        return start;
    }

    [LibraryImport("libc")]
    private static partial byte* mmap(byte* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc")]
    private static partial int mprotect(byte* address, nuint length, int protection);

    [LibraryImport("libc")]
    private static partial int munmap(byte* address, nuint length);
}
