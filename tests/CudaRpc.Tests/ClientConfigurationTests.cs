namespace CudaRpc.Tests;

public sealed class ClientConfigurationTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("cudarpc-").FullName;
    private readonly Dictionary<string, string> _variables = [];

    public ClientConfigurationTests() => _variables["HOME"] = _home;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void Read_Variable_IsTheServer()
    {
        _variables["CUDARPC_SERVER"] = "tcp://gpu:1";
        Assert.Equal(new ClientConfiguration("tcp://gpu:1", "CUDARPC_SERVER", TimeSpan.FromSeconds(5)), Read());
    }

    [Fact]
    public void Read_FileInHome_IsUsed()
    {
        WriteHome("# comment", "", "  server=unix:///a=b ", "connect-timeout = 0.5");
        Assert.Equal(
            new ClientConfiguration("unix:///a=b", $"{_home}/.config/cudarpc/config:3", TimeSpan.FromSeconds(0.5)), Read());
    }

    [Fact]
    public void Read_VariableAndFile_VariableWins()
    {
        WriteHome("server = tcp://file:1", "connect-timeout = 7");
        _variables["CUDARPC_SERVER"] = "sim:";
        ClientConfiguration configuration = Read();
        Assert.Equal(("sim:", TimeSpan.FromSeconds(7)), (configuration.Server, configuration.ConnectTimeout));
        _variables["CUDARPC_CONNECT_TIMEOUT"] = "2";
        Assert.Equal(TimeSpan.FromSeconds(2), Read().ConnectTimeout);
    }

    [Fact]
    public void ReadTimeout_WithoutAServer_IsTheVariablesOrTheFilesOrFiveSeconds()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), ClientConfiguration.ReadTimeout(_variables.GetValueOrDefault));
        WriteHome("connect-timeout = 7");
        Assert.Equal(TimeSpan.FromSeconds(7), ClientConfiguration.ReadTimeout(_variables.GetValueOrDefault));
        _variables["CUDARPC_CONNECT_TIMEOUT"] = "2";
        Assert.Equal(TimeSpan.FromSeconds(2), ClientConfiguration.ReadTimeout(_variables.GetValueOrDefault));
    }

    [Fact]
    public void Read_NamedFile_WinsOverHome()
    {
        WriteHome("server = tcp://home:1");
        string named = Path.Combine(_home, "named");
        File.WriteAllText(named, "server = tcp://named:1\n");
        _variables["CUDARPC_CONFIG"] = named;
        Assert.Equal("tcp://named:1", Read().Server);
    }

    [Fact]
    public void Read_Nothing_SaysWhatToDo()
    {
        string message = Failure();
        Assert.Contains("CUDARPC_SERVER", message, StringComparison.Ordinal);
        Assert.Contains("~/.config/cudarpc/config", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NamedFileMissing_NamesIt()
    {
        _variables["CUDARPC_CONFIG"] = "/nonexistent/config";
        Assert.Contains("/nonexistent/config", Failure(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sever = tcp://a:1", ":1: ")]
    [InlineData("tcp://a:1", ":1: ")]
    [InlineData("server = a\nconnect-timeout = soon", ":2: 'soon'")]
    [InlineData("server = a\nconnect-timeout = -1", ":2: '-1'")]
    public void Read_BadFile_NamesFileAndLine(string text, string expected)
    {
        WriteHome(text);
        Assert.Contains(_home + "/.config/cudarpc/config" + expected, Failure(), StringComparison.Ordinal);
    }

    private ClientConfiguration Read() => ClientConfiguration.Read(_variables.GetValueOrDefault);

    private string Failure() => Assert.Throws<InvalidOperationException>(Read).Message;

    private void WriteHome(params string[] lines)
    {
        string file = Path.Combine(_home, ".config/cudarpc/config");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllLines(file, lines);
    }
}
