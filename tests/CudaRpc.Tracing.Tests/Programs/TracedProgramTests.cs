using System.Diagnostics;
using CudaRpc.Server;
using CudaRpc.Simulator;
using CudaRpc.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CudaRpc.Tracing.Tests.Programs;

/// <summary>Programs that know nothing of us, recorded: how they may end, and what they may start.</summary>
public sealed class TracedProgramTests : IDisposable
{
    private static readonly string[] s_simulated = ["--server", "sim:"];

    private readonly Traced _traced = new();

    [Fact]
    public void Program_ThatReturns_IsRecordedAndItsExitCodeKept()
    {
        (int code, _, string errors) = _traced.Trace(s_simulated, [_traced.Compile("loop")]);
        Trace trace = _traced.Read();

        Assert.Equal(7, code);
        Assert.Equal(100, Count(trace, "cuMemsetD8Async"));
        Assert.Contains($"{trace.Calls.Count} calls in {_traced.TraceName}", errors);
        Assert.Contains($"cudarpc trace show {_traced.TraceName}", errors);
        Assert.Equal([Path.Combine(_traced.Folder, "loop")], trace.Header.Command);
        Assert.Equal("sim:", trace.Header.Server);
        Assert.NotEmpty(trace.Header.Device);
        Assert.Equal("loop", Assert.Single(trace.Threads).Name);
    }

    [Theory]
    [InlineData("crash", 128 + 11)]
    [InlineData("abort", 128 + 6)]
    [InlineData("leave", 3)]
    public void Program_ThatEndsBadly_KeepsWhatItDid(string how, int expected)
    {
        (int code, _, _) = _traced.Trace(s_simulated, [_traced.Compile("loop"), how]);
        Assert.Equal((expected, 100), (code, Count(_traced.Read(), "cuMemsetD8Async")));
    }

    [Fact]
    public void Program_ThatIsKilled_KeepsWhatItDid()
    {
        (int code, _, _) = _traced.Trace(
            s_simulated, [_traced.Compile("loop"), "wait"], static line => Process.GetProcessById(int.Parse(line, null)).Kill());
        Trace trace = _traced.Read();
        Assert.Equal(128 + 9, code);
        Assert.Equal((100, 1), (Count(trace, "cuMemsetD8Async"), Count(trace, "cuCtxSynchronize")));
    }

    [Fact]
    public void Signal_ToTheCommand_ReachesTheProgram()
    {
        (int code, _, _) = _traced.Trace(s_simulated, [_traced.Compile("loop"), "wait"], static line =>
        {
            string parent = File.ReadAllText($"/proc/{line}/stat").Split(") ")[1].Split(' ')[1];
            Process.Start("kill", ["-TERM", parent]).WaitForExit();
        });
        Assert.Equal(128 + 15, code);
    }

    [Fact]
    public void Fork_Child_RecordsNothingAndDisturbsNothing()
    {
        (int code, _, string errors) = _traced.Trace(s_simulated, [_traced.Compile("loop"), "fork"]);
        Trace trace = _traced.Read();
        Assert.Equal((5, 200), (code, Count(trace, "cuMemsetD8Async")));
        Assert.Single(trace.Threads);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Exec_Child_IsInTheSameTrace()
    {
        (int code, _, _) = _traced.Trace(s_simulated, [_traced.Compile("loop"), "exec"]);
        Trace trace = _traced.Read();
        Assert.Equal(7, code);
        Assert.Equal(300, Count(trace, "cuMemsetD8Async"));
        Assert.Equal(2, trace.Threads.Select(static thread => thread.Process).Distinct().Count());
    }

    [Fact]
    public void Processes_AtTheSameTime_AreInOneTrace()
    {
        string program = _traced.Compile("loop");
        _traced.Trace(s_simulated, ["sh", "-c", $"for i in 1 2 3 4; do {program} threads & done; wait"]);
        Trace trace = _traced.Read();
        Assert.Equal(4 * 5 * 100, Count(trace, "cuMemsetD8Async"));
        Assert.Equal(4, trace.Threads.Select(static thread => thread.Process).Distinct().Count());
        AssertNoOverlap(trace);
    }

    [Fact]
    public void Threads_OfOneProcess_AreApart()
    {
        _traced.Trace(s_simulated, [_traced.Compile("loop"), "threads"]);
        Trace trace = _traced.Read();
        Assert.Equal(500, Count(trace, "cuMemsetD8Async"));
        AssertNoOverlap(trace);
    }

    [Fact]
    public void ServersTimes_OfAProgramThatReturns_AreAllThere()
    {
        using var gpu = new SimulatedGpu();
        using var server = new CudaServer(() => new SimulatedDriver(gpu), new ServerLimits(), NullLogger.Instance);
        string url = server.Listen(ServerUrl.Parse($"unix://{_traced.Folder}/socket")).ToString();
        _traced.Trace(["--server", url, "--device-times"], [_traced.Compile("loop")]);
        Trace trace = _traced.Read();

        Assert.Equal(url, trace.Header.Server);
        Assert.True(trace.Header.RoundTrip > 0);
        Assert.All(
            trace.Calls.Where(static call => call.Class != TraceClass.Local), call =>
                Assert.True(call.ServerBegin >= 0, trace.NameOf(call)));
        Assert.All(trace.Calls.Where(call => trace.NameOf(call) == "cuMemsetD8Async"), static call => Assert.True(call.DeviceBegin >= 0));
    }

    [Fact]
    public void OwnDriver_ByItsPath_IsRecorded()
    {
        string driver = _traced.Compile("fake.so", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1");
        (int code, _, string errors) = _traced.Trace(["--server", $"native:{driver}"], [_traced.Compile("loop")]);
        Trace trace = _traced.Read();

        Assert.True(code == 7, errors);
        Assert.Equal("A Device That Is Not There", trace.Header.Device);
        Assert.Equal(100, Count(trace, "cuMemsetD8Async"));
        Assert.All(
            trace.Calls.Where(call => trace.NameOf(call) == "cuMemsetD8Async"),
            static call => Assert.True(call is { Class: TraceClass.Posted, BytesOut: > 32 }));
        Assert.Equal(TraceClass.Blocking, Assert.Single(trace.Calls, call => trace.NameOf(call) == "cuCtxSynchronize").Class);
    }

    [Fact]
    public void Program_WithoutCuda_IsToldSo()
    {
        (int code, _, string errors) = _traced.Trace(s_simulated, ["sh", "-c", "exit 4"]);
        Assert.Equal(4, code);
        Assert.Contains("made no driver call", errors);
    }

    [Fact]
    public void Program_ThatNamesNoInterpreter_IsAShellsScript()
    {
        string script = Path.Combine(_traced.Folder, "script");
        File.WriteAllText(script, "exit $1");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.Equal(6, _traced.Trace(s_simulated, [script, "6"]).Code);
    }

    [Fact]
    public void Program_WhoseInterpreterIsNotThere_IsNotFound()
    {
        string script = Path.Combine(_traced.Folder, "script");
        File.WriteAllText(script, "#!/no/interpreter");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        (int code, _, string errors) = _traced.Trace(s_simulated, [script]);
        Assert.Equal((127, $"cudarpc trace: {script}: No such file or directory\n"), (code, errors));
        Assert.False(File.Exists(_traced.TraceName));
    }

    [Fact]
    public void OwnDriver_WhereThereIsNone_IsToldBeforeTheProgramRuns()
    {
        (int code, string output, string errors) = _traced.Trace(["--server", "native:/no/libcuda.so.1"], ["echo", "running"]);
        Assert.Equal((1, "", "cudarpc trace: there is no CUDA driver /no/libcuda.so.1\n"), (code, output, errors));
    }

    [Fact]
    public void OwnDriver_ThatIsNoLibrary_IsToldBeforeTheProgramRuns()
    {
        (int code, string output, string errors) = _traced.Trace(["--server", "native:/bin/ls"], ["echo", "running"]);
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("cudarpc trace: there is no CUDA driver /bin/ls: ", Assert.Single(errors.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_InAProgramsPlace_CannotBeRun()
    {
        (int code, _, string errors) = _traced.Trace(s_simulated, [_traced.Folder]);
        Assert.Equal((126, $"cudarpc trace: {_traced.Folder}: Permission denied\n"), (code, errors));
    }

    [Fact]
    public void Program_WhoseServerIsNotThere_IsNotBlamedForIt()
    {
        (_, _, string errors) = _traced.Trace(["--server", "unix:///nobody.sock"], [_traced.Compile("loop")]);
        Assert.Contains("cannot use the CUDA server unix:///nobody.sock", errors);
        Assert.Contains("where libcuda.so.1 found no server it has said so above", errors);
    }

    [Fact]
    public void File_ThatCannotBeWritten_IsToldBeforeTheProgramRuns()
    {
        (int code, string output, string errors) = _traced.Trace(s_simulated, ["echo", "running"], output: "/proc/none.cudatrace");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("cudarpc trace: the trace /proc/none.cudatrace cannot be written", errors);
        Assert.DoesNotContain("/proc/none.cudatrace.", errors);
    }

    [Fact]
    public void File_ThatIsAFolder_IsToldBeforeTheProgramRuns()
    {
        (int code, _, string errors) = _traced.Trace(s_simulated, ["true"], output: _traced.Folder);
        Assert.Equal((1, $"cudarpc trace: {_traced.Folder} is a folder; name a file\n"), (code, errors));
    }

    [Fact]
    public void File_ThatIsNoTrace_IsLeftAlone()
    {
        File.WriteAllText(_traced.TraceName, "a letter");
        (int code, _, string errors) = _traced.Trace(s_simulated, ["true"]);
        Assert.Equal(1, code);
        Assert.Contains("is no trace", errors);
        Assert.Equal("a letter", File.ReadAllText(_traced.TraceName));
    }

    [Fact]
    public void File_WithoutAName_IsToldInOneLine()
    {
        (int code, _, string errors) = _traced.Trace(s_simulated, ["true"], output: "");
        Assert.Equal(1, code);
        Assert.Equal("cudarpc trace: -o cannot be empty; `cudarpc trace --help` tells what there is\n", errors);
    }

    [Fact]
    public void Variable_WithoutTheCommand_RecordsToo()
    {
        (int code, _, string errors) = _traced.RunWith(
            _traced.Compile("loop"), ("CUDARPC_SERVER", "sim:"), ("CUDARPC_TRACE", _traced.TraceName));
        Assert.Equal((7, ""), (code, errors));
        Trace trace = _traced.Read();
        Assert.Equal(100, Count(trace, "cuMemsetD8Async"));
        Assert.Equal([Path.Combine(_traced.Folder, "loop")], trace.Header.Command);
    }

    [Fact]
    public void Variable_WithAFileThatCannotBeWritten_CostsOnlyTheTrace()
    {
        (int code, _, string errors) = _traced.RunWith(
            _traced.Compile("loop"), ("CUDARPC_SERVER", "sim:"), ("CUDARPC_TRACE", "/proc/none"));
        Assert.Equal(7, code);
        Assert.Contains("/proc/none", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(64, true)]
    public void FileSizeLimit_CostsOnlyTheTrace(int blocks, bool begins)
    {
        string program = _traced.Compile("loop");
        (int code, _, string errors) = _traced.Shell(
            $"ulimit -f {blocks}; CUDARPC_SERVER=sim: CUDARPC_TRACE={_traced.TraceName} LD_LIBRARY_PATH={Traced.Shim} exec {program}");

        // Not the 153 of a program that SIGXFSZ has ended.
        Assert.Equal(7, code);
        Assert.Equal(begins, File.Exists(_traced.TraceName));
        if (begins)
        {
            Assert.Contains("no room for the file to grow", Assert.Single(TraceFile.Read(_traced.TraceName).Problems));
        }
        else
        {
            Assert.Contains("ulimit -f", errors);
        }
    }

    [Fact]
    public void FileSizeLimit_BeforeTheFirstCall_IsNotTakenForAProgramWithoutCuda()
    {
        // The runtime itself wants files of gigabytes, unless it is told not to map code twice.
        (int code, _, string errors) = _traced.Shell(
            $"ulimit -f 64; DOTNET_EnableWriteXorExecute=0 {_traced.CommandLine("--server sim:")} -- {_traced.Compile("loop")}");

        Assert.Equal(7, code);
        Assert.Contains("more not recorded for lack of room", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    public void Dispose() => _traced.Dispose();

    private static int Count(Trace trace, string function) => trace.Calls.Count(call => trace.NameOf(call) == function);

    private static void AssertNoOverlap(Trace trace)
    {
        foreach (IGrouping<int, TraceCall> thread in trace.Calls.GroupBy(static call => call.Thread))
        {
            TraceCall[] calls = [.. thread];
            Assert.All(calls.Zip(calls.Skip(1)), static pair => Assert.True(pair.First.End <= pair.Second.Begin));
        }
    }
}
