using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;
using CudaRpc.Server.Commands;

namespace CudaRpc.Native.Tests;

/// <summary><c>cudarpc run</c>, <c>doctor</c> and <c>bench</c>, as processes.</summary>
public sealed class CommandTests : IDisposable
{
    private static readonly byte[] s_kernel = [.. ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry k() { ret; }\0"u8];

    private readonly LocalServer _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Run_AProgram_GivesItTheServersDevice()
    {
        string program = Build("copies");
        string url = _server.Listen("unix");

        Outcome outcome = Cudarpc("run", "--server", url, "--shim", Shim.Directory, "--", program);

        Assert.Equal("", outcome.Errors);
        Assert.Equal(["400 copies on a named device"], outcome.Lines);
        Assert.Equal(0, outcome.ExitCode);
    }

    [Fact]
    public void Run_AProgram_PassesItsArgumentsAndExitCodeOn()
    {
        Outcome outcome = Cudarpc("run", "--server", "sim:", "--shim", Shim.Directory, "--", "sh", "-c", "echo \"$1|$2\"; exit 7", "sh", "--flag", "a b");

        Assert.Equal("--flag|a b\n", outcome.Output);
        Assert.Equal(7, outcome.ExitCode);
    }

    [Fact]
    public void Run_AProgramThatIsKilledBySigpipe_IsKilled()
    {
        // .NET ignores the signal, which a program started by it must not.
        Outcome outcome = Cudarpc("run", "--server", "sim:", "--shim", Shim.Directory, "--", "sh", "-c", "kill -PIPE $$; echo alive");

        Assert.Equal("", outcome.Output);
        Assert.NotEqual(0, outcome.ExitCode);
    }

    [Fact]
    public void Run_AProgram_LeavesNothingOfTheRuntimesBehind()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_server.Folder, "tmp")).FullName;
        string[] command = [Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll"), "run", "--server", "sim:", "--shim", Shim.Directory];

        Outcome outcome = Shim.Start(new ProcessStartInfo("dotnet", [.. command, "--", "ls", "-A", folder]) { Environment = { ["TMPDIR"] = folder } });

        Assert.Equal(new Outcome(0, "", ""), outcome);
    }

    [Fact]
    public void Run_AMissingProgram_SaysSoAsAShellDoes()
    {
        Outcome missing = Cudarpc("run", "--server", "sim:", "--shim", Shim.Directory, "--", "no-such-program");
        Outcome data = Cudarpc("run", "--server", "sim:", "--shim", Shim.Directory, "--", "/etc/passwd");

        Assert.Equal((127, "cudarpc run: no-such-program: No such file or directory\n"), (missing.ExitCode, missing.Errors));
        Assert.Equal((126, "cudarpc run: /etc/passwd: Permission denied\n"), (data.ExitCode, data.Errors));
    }

    [Fact]
    public void Run_WithAnUnknownOption_RefusesIt()
    {
        Outcome outcome = Cudarpc("run", "--bogus", "--server", "sim:", "--shim", Shim.Directory, "--", "true");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("--bogus is no option", outcome.Errors);
    }

    [Fact]
    public void Run_AMissingProgramWithAWrongServer_NamesBoth()
    {
        Outcome outcome = Cudarpc("run", "--server", "http://x", "--shim", Shim.Directory, "--", "/nonexistent");

        Assert.Equal(127, outcome.ExitCode);
        Assert.Contains("/nonexistent: No such file or directory", outcome.Errors);
        Assert.Contains("is not the URL of a CUDA server", outcome.Errors);
    }

    [Theory]
    [InlineData("native:", "native: is this machine's own driver")]
    [InlineData("http://x", "is not the URL of a CUDA server")]
    public void Run_WithAWrongServer_SaysWhy(string server, string expected)
    {
        Outcome outcome = Cudarpc("run", "--server", server, "--", "true");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(expected, outcome.Errors);
    }

    [Fact]
    public void Run_WithoutAShim_SaysWhereItLooked()
    {
        Outcome outcome = Cudarpc("run", "--server", "sim:", "--shim", "/nonexistent", "--", "true");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("no libcuda.so.1 in /nonexistent", outcome.Errors);
    }

    [Fact]
    public void RunEnvironment_WithASearchPath_KeepsItBehindTheShim()
    {
        Dictionary<string, string> environment = RunCommand.Environment(
            new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = "/a:/b", ["HOME"] = "/h", ["CUDARPC_SERVER"] = "sim:" }, "/shim", "unix:///s");

        Assert.Equal("/shim:/a:/b", environment["LD_LIBRARY_PATH"]);
        Assert.Equal("unix:///s", environment["CUDARPC_SERVER"]);
        Assert.Equal("/h", environment["HOME"]);
        Assert.Equal("/shim/libcuda.so.1", environment["NUMBA_CUDA_DRIVER"]);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("shm")]
    public void Doctor_OfAServerAndAProgram_FindsNothingWrong(string transport)
    {
        string url = _server.Listen(transport);

        Outcome outcome = Cudarpc("doctor", "--server", url, "--shim", Shim.Directory, Build("copies"));

        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Errors);
        Assert.Contains("device 0: CudaRpc Simulated GPU", outcome.Output);
        Assert.Contains($"libcuda.so.1 is {Shim.Directory}/libcuda.so.1", outcome.Output);
    }

    [Fact]
    public void Doctor_WithoutAServer_FailsAndSaysWhatToLookAt()
    {
        Outcome outcome = Cudarpc("doctor", "--server", $"unix://{_server.Folder}/nobody", "--shim", Shim.Directory);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("does `cudarpc serve` run there", outcome.Output);
    }

    [Theory]
    [InlineData("no-such-program", "there is no such file")]
    [InlineData("/etc/passwd", "is no machine code")]
    [InlineData("/bin/sh", "it has no kernels inside")]
    [InlineData("/bin", "it is a folder")]
    public void Doctor_OfOtherFiles_SaysWhatTheyAre(string program, string expected) =>
        Assert.Contains(expected, Cudarpc("doctor", "--server", "sim:", "--shim", Shim.Directory, program).Output);

    [Fact]
    public void Doctor_OfHalfAProgram_SaysThatItIsDamaged()
    {
        string half = Path.Combine(_server.Folder, "half");
        byte[] program = File.ReadAllBytes(Build("copies"));
        File.WriteAllBytes(half, program[..(program.Length / 2)]);

        Outcome outcome = Cudarpc("doctor", "--server", "sim:", "--shim", Shim.Directory, half);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("FAIL  it is damaged: its file ends before", outcome.Output);
    }

    [Fact]
    public void Doctor_OfAProgramWithAMissingLibrary_NamesIt()
    {
        string library = Path.Combine(_server.Folder, "libcublas.so.99");
        string source = Path.Combine(_server.Folder, "empty.c");
        File.WriteAllText(source, "int f(void); int main(void) { return f(); }\n");
        File.WriteAllText(Path.Combine(_server.Folder, "f.c"), "int f(void) { return 0; }\n");
        Shim.Tool("gcc", "-shared", "-fPIC", "-Wl,-soname,libcublas.so.99", Path.Combine(_server.Folder, "f.c"), "-o", library);
        string program = Path.Combine(_server.Folder, "needs");
        Shim.Tool("gcc", source, library, "-o", program);
        File.Delete(library);

        Outcome outcome = Cudarpc("doctor", "--server", "sim:", "--shim", Shim.Directory, program);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("FAIL  libcublas.so.99 is not found", outcome.Output);
    }

    [Theory]
    [InlineData(1, 70, true, "PTX for 7.0 and later; loads")]
    [InlineData(1, 120, false, "none of it is for this device")]
    [InlineData(2, 90, false, "machine code for 9.0; does not load")]
    [InlineData(2, 90, false, "a simulated GPU executes PTX only")]
    public void Doctor_OfAProgramWithKernels_SaysWhetherTheyLoad(ushort kind, int architecture, bool loads, string expected)
    {
        Outcome outcome = DoctorOfKernels(FatBinary(kind, architecture, s_kernel));

        Assert.Contains(expected, outcome.Output);
        Assert.Equal(loads ? 0 : 1, outcome.ExitCode);
    }

    // As nvcc links each program: that of its runtime, which holds nothing, stands before the program's own.
    [Fact]
    public void Doctor_OfAProgramWithAnEmptyFatBinary_LooksAtTheOthers()
    {
        Outcome outcome = DoctorOfKernels([.. FatBinary(0, 0, []), .. FatBinary(1, 70, s_kernel)]);

        Assert.Contains("kernels 1: PTX for 7.0 and later; loads", outcome.Output);
        Assert.DoesNotContain("empty", outcome.Output);
        Assert.Equal(0, outcome.ExitCode);
    }

    // With machine code for several GPUs nvcc links one that has an object for each, and no function in any.
    [Theory]
    [InlineData("int data;", "kernels 1: PTX for 7.0 and later; loads", 0)]
    [InlineData("void kernel(void) {}", "kernels 1: machine code for 9.0; does not load", 1)]
    public void Doctor_OfMachineCode_LooksAtWhatHasFunctions(string code, string expected, int exitCode)
    {
        string source = Path.Combine(_server.Folder, "object.c"), file = Path.Combine(_server.Folder, "object.o");
        File.WriteAllText(source, code);
        Shim.Tool("gcc", "-c", "-ffunction-sections", source, "-o", file);

        Outcome outcome = DoctorOfKernels([.. FatBinary(2, 90, File.ReadAllBytes(file)), .. FatBinary(1, 70, s_kernel)]);

        Assert.Contains(expected, outcome.Output);
        Assert.Equal(exitCode, outcome.ExitCode);
    }

    [Fact]
    public void Doctor_OfAProgramWithNothingButAnEmptyFatBinary_SaysSo()
    {
        Outcome outcome = DoctorOfKernels(FatBinary(0, 0, []));

        Assert.Contains("note  its section for kernels (.nv_fatbin) is empty", outcome.Output);
        Assert.Equal(0, outcome.ExitCode);
    }

    [Fact]
    public void Bench_InProcess_ReportsEverything_AndDrawsIt()
    {
        string chart = Path.Combine(_server.Folder, "chart.svg");

        Outcome outcome = Cudarpc("bench", "--quick", "--json", "--chart", chart, "--server", "sim:");

        Assert.Equal(0, outcome.ExitCode);
        JsonElement figures = JsonDocument.Parse(outcome.Output).RootElement.GetProperty("servers")[0];
        Assert.True(figures.GetProperty("synchronous").GetProperty("call").GetProperty("median").GetInt64() > 0);
        // Where nothing is sent there is nothing to compare with.
        Assert.Equal(JsonValueKind.Null, figures.GetProperty("synchronous").GetProperty("medianRatio").ValueKind);
        Assert.True(figures.GetProperty("posted").GetProperty("perSecond").GetDouble() > 0);
        Assert.All(figures.GetProperty("copies").EnumerateArray(), static copy => Assert.True(copy.GetProperty("toDevice").GetDouble() > 0));
        Assert.Equal("svg", XDocument.Load(chart).Root!.Name.LocalName);
    }

    [Fact]
    public void Bench_OfNoServer_MeasuresEachTransportThroughAServerOfItsOwn()
    {
        Outcome outcome = Cudarpc("bench", "--quick", "--json");

        Assert.Equal(0, outcome.ExitCode);
        JsonElement[] servers = [.. JsonDocument.Parse(outcome.Output).RootElement.GetProperty("servers").EnumerateArray()];
        Assert.Equal(["shm", "unix", "tcp"], servers.Select(static server => server.GetProperty("url").GetString()!.Split(':')[0]));
        Assert.All(servers, static server =>
        {
            Assert.True(server.GetProperty("synchronous").GetProperty("bytesSent").GetInt64() > 0);
            Assert.Equal(0, server.GetProperty("posted").GetProperty("allocatedBytes").GetDouble());
            Assert.Equal([1, 2, 4, 8], server.GetProperty("threads").EnumerateArray().Select(static one => one.GetProperty("threads").GetInt32()));
            Assert.Equal([1, 2, 4, 8], server.GetProperty("sessions").EnumerateArray().Select(static one => one.GetProperty("sessions").GetInt32()));
            Assert.All(server.GetProperty("sessions").EnumerateArray(), static one => Assert.True(one.GetProperty("perSecond").GetDouble() > 0));
        });
    }

    [Theory]
    [InlineData("there is no socket", "--server", "unix:///nobody.sock")]
    [InlineData("Could not find a part of the path", "--server", "sim:", "--chart", "/nowhere/chart.svg")]
    [InlineData("there is no /nowhere.so", "--server", "unix:///nobody.sock", "--shim", "/nowhere.so")]
    [InlineData("--shim takes exactly one --server", "--shim", "/nowhere.so")]
    public void Bench_OfWhatIsNotThere_SaysSo(string expected, params string[] arguments)
    {
        Outcome outcome = Cudarpc(["bench", .. arguments]);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(expected, outcome.Errors);
    }

    private Outcome DoctorOfKernels(byte[] fatBinaries)
    {
        string section = Path.Combine(_server.Folder, "fatbin");
        File.WriteAllBytes(section, fatBinaries);
        string source = Path.Combine(_server.Folder, "kernels.c");
        File.WriteAllText(source, $"__asm__(\".section .nv_fatbin,\\\"a\\\"\\n.incbin \\\"{section}\\\"\\n.text\"); int main(void) {{ return 0; }}\n");
        string program = Path.Combine(_server.Folder, "kernels");
        Shim.Tool("gcc", source, "-o", program);
        return Cudarpc("doctor", "--server", "sim:", "--shim", Shim.Directory, program);
    }

    // One without a payload is nothing but its header.
    private static byte[] FatBinary(ushort kind, int architecture, ReadOnlySpan<byte> payload)
    {
        const int Entry = 64;
        byte[] bytes = new byte[payload.IsEmpty ? 16 : 16 + Entry + ((payload.Length + 7) & ~7)];
        using var writer = new BinaryWriter(new MemoryStream(bytes));
        writer.Write(0xBA55ED50);
        writer.Write((ushort)1);
        writer.Write((ushort)16);
        writer.Write((ulong)(bytes.Length - 16));
        if (payload.IsEmpty)
        {
            return bytes;
        }

        writer.Write(kind);
        writer.Write((ushort)0x0101);
        writer.Write(Entry);
        writer.Write((ulong)(bytes.Length - 16 - Entry));
        writer.Seek(16 + 28, SeekOrigin.Begin);
        writer.Write(architecture);
        payload.CopyTo(bytes.AsSpan(16 + Entry));
        return bytes;
    }

    private static string Build(string program) => Shim.Compile(program);

    private static Outcome Cudarpc(params string[] arguments) =>
        Shim.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll"), .. arguments]));
}
