using System.Diagnostics;
using System.Text.Json;
using CudaRpc.Server.Commands;
using CudaRpc.Tracing;

namespace CudaRpc.Tracing.Tests.Show;

public sealed class TraceCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cudarpc-trace-");
    private readonly string _file;

    public TraceCommandTests()
    {
        _file = Path.Combine(_folder.FullName, "run.trace");
        TraceFile.Write(_file, TraceBuilder.Repeat(2_000, static step => step.Launch().Waits("cuCtxSynchronize")).Build());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Show_Trace_PrintsTablesAndWritesThePage()
    {
        string page = Path.Combine(_folder.FullName, "report.html");

        (int exit, string output, string error) = Run("show", _file, "--html", page, "--top", "1");

        Assert.Equal((0, ""), (exit, error));
        Assert.Contains("4,000 calls, 2,000 round trips", output, StringComparison.Ordinal);
        Assert.Contains("synchronise-per-launch: 2,000 calls", output, StringComparison.Ordinal);
        Assert.Contains("</html>", File.ReadAllText(page), StringComparison.Ordinal);
    }

    [Fact]
    public void Show_Json_IsTheReport()
    {
        JsonElement report = JsonDocument.Parse(Run("show", _file, "--json").Output).RootElement;

        Assert.Equal(4_000, report.GetProperty("run").GetProperty("calls").GetInt64());
        Assert.Equal("Blocking", report.GetProperty("functions")[0].GetProperty("class").GetString());
        Assert.Equal(10, report.GetProperty("stalls").GetArrayLength());
    }

    [Theory]
    [InlineData("chrome", "{\"displayTimeUnit\":\"ns\"")]
    [InlineData("csv", "call,process,thread,")]
    public void Export_ToFileAndToOutput_IsTheSame(string format, string begin)
    {
        string file = Path.Combine(_folder.FullName, "export");

        (int exit, string output, string error) = Run("export", _file, "--format", format);
        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(0, Run("export", _file, "--format", format, "-o", file).Exit);

        Assert.StartsWith(begin, output, StringComparison.Ordinal);
        Assert.Equal(output, File.ReadAllText(file));
    }

    [Theory]
    [InlineData("show")]
    [InlineData("export")]
    public void Truncated_ShowsWhatIsThereAndSaysSo(string command)
    {
        using (FileStream file = File.OpenWrite(_file))
        {
            file.SetLength(file.Length / 2);
        }

        (int exit, string output, string error) = Run(command, _file);

        Assert.Equal(0, exit);
        Assert.Contains("truncated", command == "show" ? output : error, StringComparison.Ordinal);
        Assert.Contains("cuLaunchKernel", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("show", "")]
    [InlineData("show", "this is a letter, not a trace")]
    [InlineData("export", "")]
    public void Foreign_IsOneLineAndFails(string command, string content)
    {
        File.WriteAllText(_file, content);

        Fails($"is no trace of cudarpc", command, _file);
    }

    [Theory]
    [InlineData("show")]
    [InlineData("export")]
    public void NoSuchFile_IsOneLineAndFails(string command) =>
        Fails("/missing.trace'", command, Path.Combine(_folder.FullName, "missing.trace"));

    [Theory]
    [InlineData("show", "--html")]
    [InlineData("export", "-o")]
    public void OutputThatCannotBeWritten_IsOneLineAndFails(string command, string option)
    {
        Fails("/nowhere/file'", command, _file, option, Path.Combine(_folder.FullName, "nowhere", "file"));
        Fails("denied", command, _file, option, _folder.FullName);
        Fails("No space left", command, _file, option, "/dev/full");
    }

    [Theory]
    [InlineData("show", "")]
    [InlineData("export", "")]
    public void NoName_Fails(string command, string name)
    {
        (int exit, _, string error) = Run(command, name);

        Assert.Equal(1, exit);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("show", "--html")]
    [InlineData("export", "-o")]
    public void Output_ThatIsTheTrace_IsRefusedAndItStays(string command, string option)
    {
        byte[] before = File.ReadAllBytes(_file);
        Fails("is the trace itself", command, _file, option, _file);
        Assert.Equal(before, File.ReadAllBytes(_file));
    }

    [Fact]
    public void Export_UnknownFormat_Fails()
    {
        (int exit, _, string error) = Run("export", _file, "--format", "pdf");

        Assert.Equal(1, exit);
        Assert.Contains("pdf", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_ThatDoesNotFit_LeavesWhatWasThere()
    {
        string file = Path.Combine(_folder.FullName, "output");
        File.WriteAllText(file, "before");

        Assert.Throws<IOException>(() => OutputFile.Write(file, static stream =>
        {
            stream.Write(new byte[100_000]);
            throw new IOException("No space left on device");
        }));

        Assert.Equal("before", File.ReadAllText(file));
        Assert.Equal(2, _folder.GetFiles().Length);
    }

    [Fact]
    public void Output_ThatReplacesAFile_HasItsPermissions()
    {
        string file = Path.Combine(_folder.FullName, "output");
        File.WriteAllText(file, "before");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        OutputFile.Write(file, static stream => stream.WriteByte(1));

        Assert.Equal([1], File.ReadAllBytes(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Theory]
    [InlineData("show", "--html")]
    [InlineData("export", "-o")]
    public void Output_ThatIsALink_IsWrittenThrough(string command, string option)
    {
        string link = Path.Combine(_folder.FullName, "link"), target = Path.Combine(_folder.FullName, "target");
        File.CreateSymbolicLink(link, target);

        Assert.Equal(0, Run(command, _file, option, link).Exit);

        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Assert.NotEqual(0, new FileInfo(target).Length);
        Assert.Equal(3, _folder.GetFiles().Length);
    }

    [Fact]
    public void Cost_OfRecording_IsMeasuredForBothClients()
    {
        (int exit, string output, string error) = Run("cost", "--turns", "2", "--json", "--shim", Programs.Traced.Shim);

        Assert.Equal((0, ""), (exit, error));
        JsonElement[] clients = [.. JsonDocument.Parse(output).RootElement.EnumerateArray()];
        Assert.Equal([".NET", "shim"], clients.Select(static client => client.GetProperty("client").GetString()));
        Assert.All(clients, static client => Assert.True(client.GetProperty("with").GetProperty("min").GetInt64() > 0));
    }

    private static void Fails(string message, string command, params string[] arguments)
    {
        (int exit, string output, string error) = Run([command, .. arguments]);

        Assert.Equal((1, ""), (exit, output));
        Assert.StartsWith($"cudarpc trace {command}: ", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Equal(error.Length - 1, error.IndexOf('\n'));
    }

    private static (int Exit, string Output, string Error) Run(params string[] arguments)
    {
        string command = Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll");
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [command, "trace", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
