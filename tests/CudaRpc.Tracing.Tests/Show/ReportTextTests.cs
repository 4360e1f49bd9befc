using CudaRpc.Server.Tracing;
using CudaRpc.Tracing;
using Spectre.Console;

namespace CudaRpc.Tracing.Tests.Show;

public sealed class ReportTextTests
{
    [Fact]
    public void Text_Run_TellsFiguresFindingsAndStalls()
    {
        string text = Text(TraceBuilder.Repeat(4, static step => step.Launch().Waits("cuMemcpyDtoH_v2").Asks("cuStreamQuery", 600))
            .Build());

        Assert.Contains("./program --fast\ntcp://gpu:14834, Simulated GPU, round trip 10.0 us, 2026-11-28 10:00:00 UTC\n", text,
            StringComparison.Ordinal);
        Assert.Contains("1 process, 1 thread\n12 calls, 8 round trips, 1.20 kB to the server, 320 B from it\n", text,
            StringComparison.Ordinal);
        Assert.Matches(@"\nnetwork +80\.0 us +\d+\.\d %", text);
        Assert.Matches(@"\ncuMemcpyDtoH_v2 +blocking +4 +120 us +59\.4 % +30\.0 us +30\.0 us +device +400 B +160 B", text);
        Assert.Contains("\npolling: 4 calls, 4 round trips, 80.0 us, ", text, StringComparison.Ordinal);
        Assert.Contains("\nsmall-copy-to-host: 4 calls", text, StringComparison.Ordinal);
        Assert.Matches(@"\ncuMemcpyDtoH_v2 +main \(70\) +1\.50 us 30\.0 us +device ", text);
    }

    [Fact]
    public void Text_MoreFunctionsThanAsked_SaysHowManyAreLeft()
    {
        var builder = new TraceBuilder();
        for (int function = 0; function < 5; function++)
        {
            builder.Call($"cu{function}", TraceClass.Local);
        }

        Assert.Contains("and 2 more (--top)", Text(builder.Build(), top: 3), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_DamagedTraceWithoutCalls_TellsTheProblem()
    {
        var builder = new TraceBuilder();
        builder.Problems.Add("the file ends in the middle");

        string text = Text(builder.Build());

        Assert.StartsWith("note: the file ends in the middle\n", text, StringComparison.Ordinal);
        Assert.Contains("0 calls", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_HostileNames_AreNeitherMarkupNorControls()
    {
        var builder = new TraceBuilder((1, 2, "[red]x[/]\u001b[2J\nnext"))
        {
            Header = new TraceBuilder().Header with { Command = ["[bold]", "\u202Eevil"], Server = "[/]", Device = "\a" },
        };

        string text = Text(builder.Call("[blink]cu\t", TraceClass.Synchronous).Build());

        Assert.Contains("[bold] \uFFFDevil\n[/], \uFFFD,", text, StringComparison.Ordinal);
        Assert.Contains("[red]x[/]\uFFFD[2J\uFFFDnext (2)", text, StringComparison.Ordinal);
        Assert.Contains("[blink]cu\uFFFD", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void Text_FiguresAtTheirBounds_AreShown()
    {
        const long Most = 1L << 60;
        var builder = new TraceBuilder([.. Enumerable.Range(0, 20).Select(static thread => (thread, thread, ""))]);
        for (int thread = 0; thread < 20; thread++)
        {
            builder.Call("cuCtxSynchronize", (TraceClass)(thread % 4), Most, thread, pause: 0, with: static call => call with
            {
                BytesOut = Most, BytesIn = Most, BytesSaved = Most, RoundTrips = int.MaxValue, DeviceBegin = 0, DeviceEnd = Most,
                    ServerBegin = 1, ServerEnd = Most,
            });
        }

        Trace trace = builder.Build();
        string text = Text(trace);

        Assert.Contains("20 calls", text, StringComparison.Ordinal);
        Assert.Contains("9223372037 GB to the server", text, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"-\d", text[text.IndexOf("20 calls", StringComparison.Ordinal)..]);
        Assert.EndsWith("</html>\n", ReportPage.Write(trace, TraceAnalysis.Of(trace), 10), StringComparison.Ordinal);
    }

    private static string Text(Trace trace, int top = 10)
    {
        using var text = new StringWriter { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors,
                Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 220;
        ReportText.Write(console, TraceAnalysis.Of(trace, top), top);
        return text.ToString();
    }
}
