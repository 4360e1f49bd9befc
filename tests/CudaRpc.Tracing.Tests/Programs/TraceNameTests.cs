using System.Diagnostics;

namespace CudaRpc.Tracing.Tests.Programs;

/// <summary>What the file is and whose, where <c>cudarpc trace</c> writes.</summary>
public sealed class TraceNameTests : IDisposable
{
    private static readonly string[] s_simulated = ["--server", "sim:"];

    private readonly Traced _traced = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Link_IsWrittenThrough(bool leadsToATrace)
    {
        string target = Path.Combine(_traced.Folder, "elsewhere.cudatrace");
        if (leadsToATrace)
        {
            TraceFile.Write(target,
                new Trace(new TraceHeader { Command = [], Server = "", Began = DateTimeOffset.UtcNow }, [], [], [], []));
        }

        File.CreateSymbolicLink(_traced.TraceName, target);
        (int code, _, string errors) = _traced.Trace(s_simulated, [_traced.Compile("loop")]);

        Assert.True(code == 7, errors);
        Assert.Equal(target, new FileInfo(_traced.TraceName).LinkTarget);
        Assert.NotEmpty(TraceFile.Read(target).Calls);
    }

    [Fact]
    public void Run_IntoAFileThatIsBeingRecorded_IsRefusedAndTheOtherGoesOn()
    {
        string program = _traced.Compile("loop");
        (int Code, string Output, string Errors) second = (0, "", "");
        (int code, _, _) = _traced.Trace(s_simulated, [program, "wait"], line =>
        {
            second = _traced.Trace(s_simulated, [program]);
            Process.GetProcessById(int.Parse(line, null)).Kill();
        });

        Assert.Equal((1, ""), (second.Code, second.Output));
        Assert.StartsWith($"cudarpc trace: another run is being recorded in {_traced.TraceName}", second.Errors);
        Assert.Equal(128 + 9, code);
        Trace trace = _traced.Read();
        Assert.Equal("wait", trace.Header.Command[^1]);
        Assert.Single(trace.Threads);
    }

    [Fact]
    public void Run_AfterAnother_TakesItsPlace()
    {
        string program = _traced.Compile("loop");
        _traced.Trace(s_simulated, [program, "leave"]);
        Assert.Equal(7, _traced.Trace(s_simulated, [program]).Code);
        Assert.Equal([program], _traced.Read().Header.Command);
    }

    [Fact]
    public void Driver_ThatIsOurOwnLibrary_IsRefused()
    {
        // Under another name, too.
        string copy = Path.Combine(_traced.Folder, "libother.so");
        File.Copy(Path.Combine(Traced.Shim, "libcuda.so.1"), copy);
        foreach (string driver in (string[])[Path.Combine(Traced.Shim, "libcuda.so.1"), copy])
        {
            (int code, string output, string errors) = _traced.Trace(["--server", $"native:{driver}"], ["echo", "running"]);
            Assert.Equal((1, ""), (code, output));
            Assert.Equal($"cudarpc trace: {driver} is CudaRpc's own library, which asks a server, and no driver\n", errors);
        }
    }

    [Fact]
    public void LocalDriver_ThatIsOurOwnLibraryOnly_IsNone()
    {
        (int code, _, string errors) = _traced.Shell($"LD_LIBRARY_PATH={Traced.Shim} {_traced.CommandLine("--local")} -- echo running");
        Assert.True(code == 1 || File.Exists("/usr/lib/x86_64-linux-gnu/libcuda.so.1"), errors);
        Assert.DoesNotContain("internal error", errors);
    }

    [Theory]
    [InlineData("--libcuda {0}/libcuda.so.1")]
    [InlineData("")]
    public void ServedDriver_ThatIsOurOwnLibrary_IsRefused(string library)
    {
        string serve = $"dotnet {Traced.Command} serve --driver native {string.Format(null, library, Traced.Shim)}";
        (int code, _, string errors) = _traced.Shell($"LD_LIBRARY_PATH={Traced.Shim} CUDARPC_SERVER=unix:///nobody {serve}");
        Assert.Equal(1, code);
        Assert.Contains("is CudaRpc's own library, which asks a server, and no driver", errors);
    }

    public void Dispose() => _traced.Dispose();
}
