using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using CudaRpc.Server.Commands;
using CudaRpc.Tracing;
using Xunit;

namespace CudaRpc.Model.Tests;

// They redirect the console, which is one for all.
[Collection("Console")]
public sealed class ModelCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cudarpc-model").FullName;
    private readonly string _trace;

    public ModelCommandTests()
    {
        _trace = Path.Combine(_folder, "trace");
        var program = new TraceMaker();
        int thread = program.Thread();
        for (int step = 0; step < 10; step++)
        {
            program.Post(thread, think: 900).Synchronize(thread).Wait(thread, function: "cuMemcpyHtoD_v2", bytesOut: 100_000, cost: 50, blocking: true);
        }

        TraceFile.Write(_trace, program.Make());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Model_OneNetwork_SaysTimeAndCauses()
    {
        JsonElement report = Json("--rtt", "200us", "--bandwidth", "1Gbps");

        JsonElement prediction = report.GetProperty("network").GetProperty("prediction");
        Assert.Equal(200, report.GetProperty("network").GetProperty("rttUs").GetDouble());
        Assert.InRange(prediction.GetProperty("latency").GetInt64(), 3_900_000, 4_200_000);
        Assert.InRange(prediction.GetProperty("bytesOut").GetInt64(), 7_500_000, 8_500_000);
        Assert.True(prediction.GetProperty("formula").GetInt64() > report.GetProperty("recorded").GetInt64());
    }

    [Fact]
    public void Model_OneNetworkForPeople_HasTheClosedFormulaBeside()
    {
        (int exit, string output, string error) = Run("--rtt", "200us");

        Assert.True(exit == 0, error);
        Assert.Contains("closed formula", output, StringComparison.Ordinal);
        Assert.Contains("over a free network", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Model_NamesThatActOnATerminal_AreCleaned()
    {
        Trace trace = TraceFile.Read(_trace);
        TraceFile.Write(_trace, trace with
        {
            Header = trace.Header with { Command = ["a\u001b[2Jb"] },
            Functions = [.. trace.Functions.Select(static name => name + "\u001b[2J")],
        });
        string chart = Path.Combine(_folder, "grid.svg");

        (int exit, string output, string error) = Run("--rtt", "200us", "--sweep", "0us,100us x 1Gbps", "--require", "5%", "--chart", chart);

        Assert.True(exit == 0, error);
        Assert.DoesNotContain('\u001b', output);
        Assert.NotNull(XDocument.Load(chart).Root);
    }

    [Theory]
    [InlineData("--csv")]
    [InlineData("--chart")]
    public void Model_OutputThatIsTheTrace_IsRefusedAndItStays(string option)
    {
        byte[] before = File.ReadAllBytes(_trace);

        (int exit, _, string error) = Run("--sweep", "0us x 1Gbps", option, _trace);

        Assert.Equal(1, exit);
        Assert.Contains("is the trace itself", error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_trace));
    }

    [Theory]
    [InlineData("--csv")]
    [InlineData("--chart")]
    public void Model_OutputWhereThereIsNothingToSay_StaysAsItWas(string option)
    {
        string output = Path.Combine(_folder, "grid");
        File.WriteAllText(output, "earlier");
        File.WriteAllText(_trace, "no trace");

        Assert.Equal(1, Run("--sweep", "0us x 1Gbps", option, output).Exit);

        Assert.Equal("earlier", File.ReadAllText(output));
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void Calibrate_WhereThereIsNoServer_LeavesTheCostsThatAreThere()
    {
        string costs = Path.Combine(_folder, "costs.json");
        File.WriteAllText(costs, "earlier");

        Assert.Equal(1, RunBare("--calibrate", "--server", "unix:///nobody.sock", "-o", costs).Exit);

        Assert.Equal("earlier", File.ReadAllText(costs));
    }

    [Fact]
    public void Validate_UnknownWorkload_NamesThoseThereAre()
    {
        (int exit, _, string error) = RunBare("--validate", "--workload", "bursts,burst");

        Assert.Equal(1, exit);
        Assert.Contains("--workload takes any of bursts,", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Model_Sweep_WritesTableCsvAndChart()
    {
        string csv = Path.Combine(_folder, "grid.csv"), chart = Path.Combine(_folder, "grid.svg");

        JsonElement report = Json("--sweep", "0us,100us,1ms x 1Gbps,10Gbps", "--csv", csv, "--chart", chart);

        Assert.Equal(6, report.GetProperty("sweep").GetArrayLength());
        string[] lines = File.ReadAllLines(csv);
        Assert.Equal(7, lines.Length);
        Assert.All(lines.Skip(1), line => Assert.True(double.Parse(line.Split(',')[2], CultureInfo.InvariantCulture) > 0));
        Assert.Equal("svg", XDocument.Load(chart).Root!.Name.LocalName);
    }

    [Fact]
    public void Model_Require_NamesLongestRoundTripsAndLeastBandwidth()
    {
        JsonElement frontier = Json("--require", "5%").GetProperty("require");

        Assert.True(frontier.GetProperty("isMet").GetBoolean());
        Assert.True(frontier.GetProperty("leastBandwidthGbps").GetDouble() > 0);
        Assert.Equal(7, frontier.GetProperty("rows").GetArrayLength());
        Assert.Contains("latency of", frontier.GetProperty("rows")[6].GetProperty("binding").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Model_WithoutPosting_TakesLonger()
    {
        long with = Json("--rtt", "1ms").GetProperty("network").GetProperty("prediction").GetProperty("time").GetInt64();
        long without = Json("--rtt", "1ms", "--without", "posting,minted").GetProperty("network").GetProperty("prediction").GetProperty("time").GetInt64();

        // The launches of 10 steps.
        Assert.InRange(without - with, 9_000_000, 11_000_000);
    }

    [Theory]
    [InlineData("rtt=-5us", "--rtt", "-5us")]
    [InlineData("bandwidth=0Gbps", "--rtt", "1us", "--bandwidth", "0Gbps")]
    [InlineData("bandwidth=fast", "--bandwidth", "fast")]
    [InlineData("rtt=1year", "--rtt", "1year")]
    [InlineData("which network", "")]
    [InlineData("no grid", "--sweep", "10us")]
    [InlineData("no grid", "--sweep", "10us x 1Gbps x 2")]
    [InlineData("no grid", "--sweep", ", x ,")]
    [InlineData("'0%'", "--require", "0%")]
    [InlineData("'-5%'", "--require", "-5%")]
    [InlineData("'5%%'", "--require", "5%%")]
    [InlineData("--jitter goes with --rtt", "--jitter", "5us", "--sweep")]
    [InlineData("-o does not go with a prediction", "--rtt", "1us", "-o", "x")]
    [InlineData("--markdown does not go with a prediction", "--rtt", "1us", "--markdown", "x")]
    [InlineData("does not go with --calibrate", "--calibrate", "--server", "sim:")]
    [InlineData("does not go with --validate", "--validate")]
    [InlineData("'much'", "--without", "much", "--rtt", "1us")]
    [InlineData("go with --sweep", "--rtt", "1us", "--csv", "x")]
    [InlineData("does not hold the costs", "--rtt", "1us", "--costs", "/proc/self/cmdline")]
    public void Model_WrongArguments_SayWhatIsWrongInOneLine(string expected, params string[] arguments)
    {
        (int exit, _, string error) = Run([.. arguments.Where(argument => argument.Length > 0)]);

        Assert.NotEqual(0, exit);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public void Model_TraceCutOffBeforeItsCalls_SaysWhatIsMissing()
    {
        using (FileStream file = File.OpenWrite(_trace))
        {
            file.SetLength(TraceFormat.HeaderSize);
        }

        (int exit, string output, string error) = Run("--rtt", "20us");

        Assert.Equal(1, exit);
        Assert.Empty(output);
        Assert.Contains("truncated", error, StringComparison.Ordinal);
        Assert.Contains("no calls", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Model_FileThatIsNoTrace_SaysSo()
    {
        File.WriteAllText(_trace, "something else");

        (int exit, _, string error) = Run("--rtt", "20us");

        Assert.Equal(1, exit);
        Assert.StartsWith("cudarpc model: ", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    private JsonElement Json(params string[] arguments)
    {
        (int exit, string output, string error) = Run([.. arguments, "--json"]);
        Assert.True(exit == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }

    private (int Exit, string Output, string Error) Run(params string[] arguments) => RunBare([_trace, .. arguments]);

    private static (int Exit, string Output, string Error) RunBare(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        (TextWriter oldOutput, TextWriter oldError) = (Console.Out, Console.Error);
        try
        {
            Console.SetOut(output);
            Console.SetError(error);
            int exit = ModelCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
            return (exit, output.ToString(), error.ToString());
        }
        finally
        {
            Console.SetOut(oldOutput);
            Console.SetError(oldError);
        }
    }
}
