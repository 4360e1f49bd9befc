using System.Text;

namespace CudaRpc.Native.Tests;

/// <summary>The answer that CUDA runtimes compare with their own, and the digest it is made with.</summary>
public sealed class IntegrityAnswerTests
{
    private static readonly IntegrityAnswer.Device[] s_devices =
    [
        new([.. Enumerable.Range(0, 16).Select(value => (byte)value)], 0, 1, 0),
        new([.. Enumerable.Range(16, 16).Select(value => (byte)value)], 0, 2, 0),
    ];

    // RFC 1319, appendix A.5.
    [Theory]
    [InlineData("", "8350e5a3e24c153df2275c9f80692773")]
    [InlineData("a", "32ec01ec4a6dac72c0ab96fb34c0b5d1")]
    [InlineData("abc", "da853b0d3f88d99b30283a69e6ded6bb")]
    [InlineData("message digest", "ab4f496bfb2a530b219ff33031fe06b0")]
    [InlineData("abcdefghijklmnopqrstuvwxyz", "4e8ddff3650292ab5a4108c3aa47940b")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "da33def2a42df13975352846c30338cd")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345678901234567890", "d5976f79d83d3a0dc9806c3c66f3efd8")]
    public void Md2_MessageOfTheRfc_HasItsDigest(string message, string digest) =>
        Assert.Equal(digest, Convert.ToHexStringLower(Md2.Hash(Encoding.ASCII.GetBytes(message))));

    [Theory]
    [InlineData(0, "86fded513d7568c8c4dd97343e8e8c9f")]
    [InlineData(1, "74cf50aba248ed09218888a6519f66a1")]
    [InlineData(2, "a2f8fdc85c7a1acb38bdd87a7802bd13")]
    public void Of_Devices_IsWhatRuntimesExpect(int devices, string answer)
    {
        var asker = new IntegrityAnswer.Asker(13010, 13012, 1000, 0x11223344, 0x1000, 0x2000, 0x3000, 1700000000);
        Assert.Equal(answer, Convert.ToHexStringLower(IntegrityAnswer.Of(asker, s_devices.AsSpan(0, devices))));
    }

    [Theory]
    [InlineData(12040u, "5c67cb031c184133e8d14c1faa83d38e")]
    [InlineData(12041u, "5c67cb031c184118e8d14c1faa83d38e")]
    public void Of_FirstQuestions_AreConstants(uint version, string answer) =>
        Assert.Equal(answer, Convert.ToHexStringLower(IntegrityAnswer.Of(default(IntegrityAnswer.Asker) with { Version = version }, s_devices)));
}
