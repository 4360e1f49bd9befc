using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace CudaRpc.Server.Commands.Bench;

/// <summary>The program <c>cudarpc-raw</c>: the same bytes over the same kind of connection, in C, with nothing of ours between.</summary>
internal sealed class RawProgram(string path)
{
    private const string Name = "cudarpc-raw";

    /// <summary>The program beside this one, or in the checkout; null where it was not built.</summary>
    public static RawProgram? Find()
    {
        string[] places = [Path.Combine(AppContext.BaseDirectory, Name), Path.Combine("artifacts", "cudarpc", Name)];
        return Array.Find(places, File.Exists) is string found ? new RawProgram(found) : null;
    }

    /// <summary>Round trips of <paramref name="request"/> bytes there and <paramref name="reply"/> back.</summary>
    public Timing PingPong(string transport, long request, long reply, int count) => Run("pingpong", transport, Text(request), Text(reply), Text(count));

    /// <summary>Copies of <paramref name="size"/> bytes, each answered, or asked for, by a few; of memory where the transport is shared memory.</summary>
    public Timing Stream(string transport, bool up, long size, int count) =>
        transport == "shm" ? Run("memcpy", Text(size), Text(count)) : Run("stream", transport, up ? "up" : "down", Text(size), Text(count));

    private Timing Run(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true })!;
        string line = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize(line, BenchJson.Default.Timing)!
            : throw new InvalidOperationException($"{Name} {string.Join(' ', arguments)} failed with exit code {process.ExitCode}");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
