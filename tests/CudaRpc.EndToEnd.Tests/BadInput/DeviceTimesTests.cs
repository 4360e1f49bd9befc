using CudaRpc.Server.Commands;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.EndToEnd.Tests.BadInput;

public sealed class DeviceTimesTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");

    [Fact]
    public void File_ChangesWhatItNames()
    {
        DeviceProfile profile = Read("""{ "base": "T4", "memoryGigabytes": 100, "kernels": [{ "kernel": "add", "nanoseconds": 5 }] }""");

        Assert.Equal((100, 40, 2), (profile.MemoryGigabytes, profile.Multiprocessors, profile.Kernels.Count));
    }

    [Theory]
    [InlineData("{", "no device profile")]
    [InlineData("null", "no device profile")]
    [InlineData("""{ "memory": 1 }""", "memory")]
    [InlineData("""{ "base": "Voodoo" }""", "Voodoo")]
    [InlineData("""{ "memoryGigabytes": -1 }""", "rates")]
    [InlineData("""{ "multiprocessors": 0 }""", "multiprocessors")]
    [InlineData("""{ "copyLatency": -5 }""", "latencies")]
    [InlineData("""{ "kernels": [{ "kernel": "add" }] }""", "either nanoseconds or a parameter")]
    [InlineData("""{ "kernels": [{ "kernel": "add", "nanoseconds": -1 }] }""", "takes 0 to")]
    [InlineData("""{ "kernels": [{ "nanoseconds": 1 }] }""", "kernel")]
    public void File_ThatIsWrong_IsRefusedWithTheReason(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Name_OfNoProfile_IsRefusedWithThoseThereAre() =>
        Assert.Contains("T4, A100, H100", Assert.Throws<FormatException>(static () => DeviceTimes.Read("Voodoo")).Message, StringComparison.Ordinal);

    [Fact]
    public void File_ThatIsNotThere_IsRefused() => Assert.Throws<FileNotFoundException>(() => DeviceTimes.Read(_file));

    public void Dispose() => File.Delete(_file);

    private DeviceProfile Read(string text)
    {
        File.WriteAllText(_file, text);
        return DeviceTimes.Read(_file);
    }
}
