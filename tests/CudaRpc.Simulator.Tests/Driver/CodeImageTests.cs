using System.Buffers.Binary;
using CudaRpc.Simulator.Images;

namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class CodeImageTests
{
    private const string Text =
        ".version 7.0\n.target sm_70\n.address_size 64\n// a comment long enough to be worth compressing, compressing, compressing\n";

    [Fact]
    public void Text_IsTakenAsItIs()
    {
        Assert.Equal(CUDA_SUCCESS, CodeImage.Read(Bench.Text(Text), 90, out string found));
        Assert.Equal(Text, found);
    }

    [Fact]
    public void FatBinary_GivesItsText()
    {
        Assert.Equal(Text, Read(new FatBinaryBuilder().Ptx(70, Text).Build()));
        Assert.Equal(Text, Read(new FatBinaryBuilder().Lz4Ptx(70, Text).Build()));
        Assert.Equal(Text, Read(new FatBinaryBuilder().ZstdPtx(70, Text).Build()));
    }

    [Fact]
    public void Wrapper_IsFollowed()
    {
        Assert.Equal(Text, Read(new FatBinaryBuilder().Cubin(70).Lz4Ptx(70, Text).BuildWrapped()));
    }

    [Fact]
    public void FatBinary_WithSeveral_GivesTheNewestThatSuits()
    {
        FatBinaryBuilder builder = new FatBinaryBuilder().Ptx(70, "70").Ptx(90, "90a", isSpecific: true).Ptx(90, "90").Ptx(80, "80");

        Assert.Equal("90", Read(builder.Ptx(100, "100").Build()));
    }

    [Fact]
    public void ArchitectureSpecificPtx_OfAnotherArchitecture_DoesNotSuit()
    {
        Assert.Equal("70", Read(new FatBinaryBuilder().Ptx(80, "80a", isSpecific: true).Ptx(70, "70").Build()));
        Assert.Equal("90a", Read(new FatBinaryBuilder().Ptx(90, "90a", isSpecific: true).Ptx(70, "70").Build()));
    }

    [Fact]
    public void FatBinary_WithoutPtxForTheDevice_HasNoBinaryAndSaysWhatItHas()
    {
        byte* image = new FatBinaryBuilder().Cubin(80).Cubin(90).Ptx(120, Text).Build();

        Assert.Equal(CUDA_ERROR_NO_BINARY_FOR_GPU, CodeImage.Read(image, 90, out string message));
        Assert.Contains("Cubin 80, Cubin 90, Ptx 120", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cubin_HasNoBinaryForTheSimulator()
    {
        Assert.Equal(CUDA_ERROR_NO_BINARY_FOR_GPU, CodeImage.Read(Bench.Text("\u007fELF"), 90, out string message));
        Assert.Contains("PTX only", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("this is no program")]
    [InlineData("!<arch>\n")]
    public void AnythingElse_IsNoImage(string content)
    {
        Assert.Equal(CUDA_ERROR_INVALID_IMAGE, CodeImage.Read(Bench.Text(content), 90, out _));
    }

    [Theory]
    [InlineData(6, 2)] // header size below its own
    [InlineData(20, 1)] // entry header size
    [InlineData(31, 0x7f)] // payload size
    [InlineData(32, 0xff)] // compressed size
    public void DamagedFatBinary_IsNoImage(int offset, byte value)
    {
        byte* image = new FatBinaryBuilder().Lz4Ptx(70, Text).Build(file => file[offset] = value);

        Assert.Equal(CUDA_ERROR_INVALID_IMAGE, CodeImage.Read(image, 90, out _));
    }

    [Fact]
    public void FatBinary_CutInsideAnEntry_IsNoImage()
    {
        byte* image = new FatBinaryBuilder().Ptx(70, Text).Build(
            static file => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(8), (ulong)file.Length - FatBinary.HeaderBytes - 1));

        Assert.Equal(CUDA_ERROR_INVALID_IMAGE, CodeImage.Read(image, 90, out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CompressedText_WithDamagedBytes_IsNoImageOrOtherText(bool isLz4)
    {
        for (int offset = FatBinary.HeaderBytes + 64; offset < 200; offset++)
        {
            var builder = new FatBinaryBuilder();
            builder = isLz4 ? builder.Lz4Ptx(70, Text) : builder.ZstdPtx(70, Text);
            int at = offset;
            byte* image = builder.Build(file => file[Math.Min(at, file.Length - 1)] ^= 0xA5);

            Assert.Contains(CodeImage.Read(image, 90, out _), new[] { CUDA_SUCCESS, CUDA_ERROR_INVALID_IMAGE });
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CompressedText_ThatClaimsToBeHuge_IsNoImage(bool isLz4)
    {
        var builder = new FatBinaryBuilder();
        builder = isLz4 ? builder.Lz4Ptx(70, Text) : builder.ZstdPtx(70, Text);
        byte* image = builder.Build(
            static file => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(FatBinary.HeaderBytes + 56), ulong.MaxValue));

        Assert.Equal(CUDA_ERROR_INVALID_IMAGE, CodeImage.Read(image, 90, out _));
    }

    private static string Read(byte* image)
    {
        Assert.Equal(CUDA_SUCCESS, CodeImage.Read(image, 90, out string text));
        return text;
    }
}
