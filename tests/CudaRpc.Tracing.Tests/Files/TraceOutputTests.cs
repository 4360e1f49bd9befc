using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Tracing.Tests.Files;

/// <summary>A trace keeps to its own file.</summary>
public sealed partial class TraceOutputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cudarpc-trace-").FullName;

    private string FileName => Path.Combine(_folder, "a.cudatrace");

    [Fact]
    public void Descriptor_ThatBecameAnotherFiles_IsLeftAlone()
    {
        const int Calls = 10_000;
        string others = Path.Combine(_folder, "others");
        using SafeFileHandle other = File.OpenHandle(others, FileMode.CreateNew, FileAccess.ReadWrite);
        var output = TraceOutput.Create(FileName);
        int number = Descriptor(FileName);
        Assert.Equal(number, dup2((int)other.DangerousGetHandle(), number));

        var writer = new TraceChunkWriter(output);
        writer.SetThread(new TraceThread(1, 2, "main"));
        for (int call = 0; call < Calls; call++)
        {
            long begin = call * 1000;
            writer.Write(new TraceCall { Thread = 0, Function = 0, Begin = begin, End = begin + 500, Class = TraceClass.Posted },
                "cuLaunchKernel", 0, 0);
        }

        writer.Close();
        output.Dispose();

        Assert.Equal(0, new FileInfo(others).Length);
        Assert.Equal(number, Descriptor(others, but: (int)other.DangerousGetHandle()));
        Trace trace = TraceFile.Read(FileName);
        Assert.Empty(trace.Problems);
        Assert.Equal(Calls, trace.Calls.Count);
        Assert.Equal(0, close(number));
    }

    [Fact]
    public void Pipe_InPlaceOfAFile_IsRefusedAndStays()
    {
        Assert.Equal(0, mkfifo(FileName, 0x180));
        IOException written = Assert.Throws<IOException>(() => TraceFile.Write(FileName, MadeUp.Trace(1, seed: 1)));
        IOException joined = Assert.Throws<IOException>(() => TraceOutput.Join(FileName));
        Assert.All([written, joined], static failure => Assert.Contains("a device or a pipe", failure.Message));
        Assert.Equal([FileName], Directory.GetFiles(_folder));
        Assert.Equal(default, FileStatus.Of(FileName) with { Device = 0, Node = 0 });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static int Descriptor(string path, int but = -1) => Directory.GetFiles("/proc/self/fd")
        .Where(link => new FileInfo(link).LinkTarget == path).Select(static link => int.Parse(Path.GetFileName(link), null))
        .Single(number => number != but);

    [LibraryImport("libc")]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc")]
    private static partial int close(int number);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);
}
