using System.Buffers.Binary;

namespace CudaRpc.Tracing.Tests.Files;

/// <summary>What is written to a trace file comes back.</summary>
public sealed class TraceFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cudarpc-trace-").FullName;

    private string FileName => Path.Combine(_folder, "a.cudatrace");

    [Fact]
    public void Read_WrittenTrace_IsEqual()
    {
        Trace trace = MadeUp.Trace(calls: 20_000, seed: 1);
        TraceFile.Write(FileName, trace);
        Trace read = TraceFile.Read(FileName);

        Assert.Empty(read.Problems);
        Assert.Equal(trace.Header with { Command = [] }, read.Header with { Command = [] });
        Assert.Equal(trace.Header.Command, read.Header.Command);
        Assert.Equal(trace.Calls.Select(call => Named(trace, call)), read.Calls.Select(call => Named(read, call)));
    }

    [Fact]
    public void Write_LaunchBoundTrace_TakesFewBytesPerCall()
    {
        TraceFile.Write(FileName, MadeUp.Launches(100_000));
        Assert.InRange(new FileInfo(FileName).Length, 1, 100_000 * 20);
    }

    [Fact]
    public void Write_OverAnotherFile_ReplacesIt()
    {
        File.WriteAllText(FileName, "something else");
        TraceFile.Write(FileName, MadeUp.Trace(10, seed: 2));
        Assert.Equal(10, TraceFile.Read(FileName).Calls.Count);
        Assert.Equal([FileName], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Write_WhereNothingCanBeWritten_NamesTheFile()
    {
        string path = Path.Combine(_folder, "missing/a.cudatrace");
        Assert.Contains(path, Assert.Throws<IOException>(() => TraceFile.Write(path, MadeUp.Trace(1, seed: 1))).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("CUDA")]
    [InlineData("a text that is no trace")]
    public void Read_ForeignFile_IsFormatException(string content)
    {
        File.WriteAllText(FileName, content);
        Assert.Contains("is no trace", Assert.Throws<FormatException>(() => TraceFile.Read(FileName)).Message);
    }

    [Fact]
    public void Read_OtherVersion_NamesBoth()
    {
        TraceFile.Write(FileName, MadeUp.Trace(1, seed: 1));
        byte[] bytes = File.ReadAllBytes(FileName);
        bytes[8] = 7;
        File.WriteAllBytes(FileName, bytes);
        string message = Assert.Throws<FormatException>(() => TraceFile.Read(FileName)).Message;
        Assert.Contains("format 7", message);
        Assert.Contains("format 2", message);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(10)]
    [InlineData(4095)]
    public void Read_FileWithOnlyItsFirstBytes_IsFormatException(int bytes)
    {
        TraceFile.Write(FileName, MadeUp.Trace(1, seed: 1));
        File.WriteAllBytes(FileName, File.ReadAllBytes(FileName)[..bytes]);
        Assert.Contains("cut off within its first page", Assert.Throws<FormatException>(() => TraceFile.Read(FileName)).Message);
    }

    [Fact]
    public void Read_FileWithOnlyItsFirstPage_IsAnEmptyTraceWithAProblem()
    {
        TraceFile.Write(FileName, MadeUp.Trace(1, seed: 1));
        File.WriteAllBytes(FileName, File.ReadAllBytes(FileName)[..4096]);
        Trace read = TraceFile.Read(FileName);
        Assert.Empty(read.Calls);
        Assert.Contains("truncated", Assert.Single(read.Problems));
    }

    [Fact]
    public void Read_FileCutInAChunk_KeepsWhatIsBefore()
    {
        Trace trace = MadeUp.Trace(20_000, seed: 3);
        TraceFile.Write(FileName, trace);
        byte[] bytes = File.ReadAllBytes(FileName);
        File.WriteAllBytes(FileName, bytes[..(4096 + (64 << 10) + 30_000)]);
        Trace read = TraceFile.Read(FileName);

        Assert.InRange(read.Calls.Count, 1000, 19_000);
        HashSet<(long, long)> written = [.. trace.Calls.Select(call => (call.Begin, call.End))];
        Assert.All(read.Calls, call => Assert.Contains((call.Begin, call.End), written));
        Assert.Equal(2, read.Problems.Count);
    }

    [Fact]
    public void Read_FileWithAnEndlessTailOfZeros_IsNotReadToItsEnd()
    {
        Trace trace = MadeUp.Trace(20_000, seed: 3);
        TraceFile.Write(FileName, trace);
        using (FileStream file = File.OpenWrite(FileName))
        {
            // A hole: reading all of it would take days.
            file.SetLength(8L << 40);
        }

        Trace read = TraceFile.Read(FileName);
        Assert.Empty(read.Problems);
        Assert.Equal(trace.Calls.Count, read.Calls.Count);
    }

    [Fact]
    public void Read_ChunksThatTheFirstPageDoesNotKnow_AreThere()
    {
        Trace trace = MadeUp.Trace(20_000, seed: 3);
        TraceFile.Write(FileName, trace);
        byte[] bytes = File.ReadAllBytes(FileName);
        bytes[64] = 1;
        File.WriteAllBytes(FileName, bytes);
        Assert.Equal(trace.Calls.Count, TraceFile.Read(FileName).Calls.Count);
    }

    [Fact]
    public void Read_DamagedChunk_KeepsTheOthers()
    {
        TraceFile.Write(FileName, MadeUp.Trace(20_000, seed: 4));
        byte[] bytes = File.ReadAllBytes(FileName);
        bytes[4096 + (64 << 10) + 5000] ^= 0x10;
        File.WriteAllBytes(FileName, bytes);
        Trace read = TraceFile.Read(FileName);

        Assert.InRange(read.Calls.Count, 1000, 19_999);
        Assert.Contains("checksum", Assert.Single(read.Problems));
    }

    [Fact]
    public void Read_ChunkThatIsNotFinished_HasItsWholeRecords()
    {
        using TraceOutput output = TraceOutput.Create(FileName);
        var writer = new TraceChunkWriter(output);
        writer.SetThread(new TraceThread(1, 2, "main"));
        writer.Write(new TraceCall { Thread = 0, Function = 5, Begin = 10, End = 20, Class = TraceClass.Local }, "cuInit", 0, 0);
        Trace read = TraceFile.Read(FileName);

        Assert.Empty(read.Problems);
        Assert.Equal((10, 20), (read.Calls[0].Begin, read.Calls[0].End));
        Assert.Equal("cuInit", read.NameOf(Assert.Single(read.Calls)));
        writer.Close();
    }

    [Fact]
    public void Read_DamagedBytes_NeverFailsOtherwiseThanSaid()
    {
        TraceFile.Write(FileName, MadeUp.Trace(3000, seed: 5));
        AddEveryOtherRecord();
        AddPosts();
        byte[] whole = File.ReadAllBytes(FileName);
        var random = new Random(6);
        for (int round = 0; round < 400; round++)
        {
            byte[] bytes = whole[..(random.Next(4) == 0 ? random.Next(whole.Length) : whole.Length)];
            for (int flip = random.Next(20); flip > 0 && bytes.Length > 0; flip--)
            {
                int near = random.Next(3) switch { 0 => 128, 1 => Math.Min(bytes.Length, 4300), _ => bytes.Length };
                bytes[random.Next(Math.Min(near, bytes.Length))] ^= (byte)(1 << random.Next(8));
            }

            // Without checksums the records themselves have to be held against what can be.
            for (int chunk = 4096; round % 2 == 0 && chunk + 12 <= bytes.Length; chunk += 64 << 10)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(chunk + 8), 0);
            }

            AssertReads(bytes);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Bunch_OfAServer_IsJoinedWithItsCalls()
    {
        AddEveryOtherRecord();
        Trace read = TraceFile.Read(FileName);
        TraceCall call = Assert.Single(read.Calls);
        // Begin 500 and 20 on, by a clock that is 1000 behind.
        Assert.Equal((1500, 1520, -1), (call.ServerBegin, call.ServerEnd, call.DeviceBegin));
        Assert.Contains("77", Assert.Single(read.Problems));
    }

    // What a recording process adds to a file, apart from what Write does.
    private void AddEveryOtherRecord()
    {
        using TraceOutput output = TraceOutput.Join(FileName);
        var writer = new TraceChunkWriter(output);
        writer.SetThread(new TraceThread(3, 4, "other"));
        writer.SetSession(9);
        writer.Write(new TraceCall { Thread = 0, Function = 1, Begin = 1, End = 2, Class = TraceClass.Posted }, "cuLaunchKernel", 3, 3);
        // Signed numbers are doubled: 3 is 6; 500 is 1000, E8 07.
        writer.WriteBunch(1000, [TraceTag.OfServer, 6, 0xE8, 0x07, 20]);
        writer.WriteLost(77);
        writer.Close();
    }

    private void AddPosts()
    {
        using TraceOutput output = TraceOutput.Join(FileName);
        var writer = new TraceChunkWriter(output);
        writer.SetThread(new TraceThread(3, 4, "other"));
        for (int post = 0; post < 500; post++)
        {
            writer.WritePost(post % 3, $"cu{post % 3}", post * 200L, (ulong)post, post % 7, (TraceMarks)(post % 2), post % 5, post % 4);
        }

        writer.Close();
    }

    private void AssertReads(byte[] bytes)
    {
        File.WriteAllBytes(FileName, bytes);
        try
        {
            Trace read = TraceFile.Read(FileName);
            Assert.InRange(read.Calls.Count, 0, bytes.Length / 2);
            Assert.All(read.Calls, call =>
            {
                Assert.True(call.End >= call.Begin && call.Begin >= 0);
                Assert.NotNull(read.NameOf(call));
                Assert.NotNull(read.Threads[call.Thread]);
            });
        }
        catch (FormatException)
        {
            // What the reader may say to bytes that are no trace.
        }
    }

    private static (string, TraceThread, TraceCall) Named(Trace trace, in TraceCall call) =>
        (trace.NameOf(call), trace.Threads[call.Thread], call with { Function = 0, Thread = 0 });
}
