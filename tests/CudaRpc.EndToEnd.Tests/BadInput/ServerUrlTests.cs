using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.BadInput;

public sealed class ServerUrlTests
{
    [Theory]
    [InlineData("", "known schemes")]
    [InlineData("localhost:14834", "known schemes")]
    [InlineData("http://localhost:14834", "known schemes")]
    [InlineData("tcp:/localhost", "known schemes")]
    [InlineData("sim", "known schemes")]
    [InlineData("sim://", "known schemes")]
    [InlineData("sim:?devices=0", "1 to 16")]
    [InlineData("sim:?devices=17", "1 to 16")]
    [InlineData("sim:?devices=two", "1 to 16")]
    [InlineData("sim:?device-time=", "T4, A100, H100")]
    [InlineData("sim:?device-time=Voodoo", "T4, A100, H100")]
    [InlineData("sim:?colour=red", "device-time=PROFILE")]
    [InlineData("sim:?devices=2&devices=3", "at most once")]
    [InlineData("tcp://", "names no host")]
    [InlineData("tcp://:14834", "names no host")]
    [InlineData("tcp://a b:1", "names no host")]
    [InlineData("tcp://user@host:1", "names no host")]
    [InlineData("tcp://host/path", "names no host")]
    [InlineData("tcp://[]:1", "names no host")]
    [InlineData("tcp://host:", "is no port")]
    [InlineData("tcp://host:abc", "'abc' is no port")]
    [InlineData("tcp://host:-1", "'-1' is no port")]
    [InlineData("tcp://host:65536", "'65536' is no port")]
    [InlineData("tcp://::1:14834", "in brackets")]
    [InlineData("unix://relative/path", "absolute path")]
    [InlineData("unix:/run/cudarpc.sock", "known schemes")]
    [InlineData("shm://name", "absolute path, as in shm:///")]
    [InlineData("shm:", "known schemes")]
    public void Parse_WhatIsNoUrl_SaysWhatIsWrong(string text, string why)
    {
        var failure = Assert.Throws<FormatException>(() => ServerUrl.Parse(text));

        Assert.Contains($"'{text}'", failure.Message, StringComparison.Ordinal);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        Assert.False(ServerUrl.TryParse(text, out _));
    }

    [Fact]
    public void Parse_SocketPathThatIsTooLong_SaysSo()
    {
        string text = "unix:///" + new string('x', 108);

        Assert.Contains("107", Assert.Throws<FormatException>(() => ServerUrl.Parse(text)).Message, StringComparison.Ordinal);
        Assert.Equal(107, ServerUrl.Parse(text[..^2]).Path.Length);
    }

    [Theory]
    [InlineData("tcp://host", "tcp", "host", 14834, "", "tcp://host:14834")]
    [InlineData("tcp://10.0.0.1:1/", "tcp", "10.0.0.1", 1, "", "tcp://10.0.0.1:1")]
    [InlineData("tcp://[::1]", "tcp", "::1", 14834, "", "tcp://[::1]:14834")]
    [InlineData("tcp://[fe80::1]:7", "tcp", "fe80::1", 7, "", "tcp://[fe80::1]:7")]
    [InlineData("unix:///run/a b.sock", "unix", "", 0, "/run/a b.sock", "unix:///run/a b.sock")]
    [InlineData("shm:///run/cudarpc.shm", "shm", "", 0, "/run/cudarpc.shm", "shm:///run/cudarpc.shm")]
    [InlineData("sim:", "sim", "", 0, "", "sim:")]
    [InlineData("sim:?devices=2", "sim", "", 0, "", "sim:?devices=2")]
    [InlineData("sim:?device-time=a100&devices=2", "sim", "", 0, "", "sim:?devices=2&device-time=A100")]
    [InlineData("sim:?device-time=T4", "sim", "", 0, "", "sim:?device-time=T4")]
    [InlineData("native:", "native", "", 0, "", "native:")]
    public void Parse_Url_ReadsItsParts(string text, string scheme, string host, int port, string path, string canonical)
    {
        ServerUrl url = ServerUrl.Parse(text);

        Assert.Equal((scheme, host, port, path), (url.Scheme, url.Host, url.Port, url.Path));
        Assert.Equal(canonical, url.ToString());
        Assert.Equal(url, ServerUrl.Parse(canonical));
    }
}
