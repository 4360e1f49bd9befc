using System.Diagnostics;

namespace CudaRpc.Tracing.Tests.Programs;

/// <summary>Ctrl-C in a terminal: SIGINT to the command and its program together.</summary>
public sealed class InterruptTests : IDisposable
{
    private readonly Traced _traced = new();

    [Fact]
    public void Interrupt_ToTheGroup_EndsTheProgramAndKeepsTheTrace()
    {
        string program = _traced.Compile("loop");
        // A group of its own, as a shell with job control makes one.
        (_, string output, string errors) = _traced.Shell(
            $"setsid -w {_traced.CommandLine("--server sim:")} -- {program} wait; echo code $?",
            static line => Process.Start("kill", ["-INT", "--", $"-{GroupOf(line)}"]).WaitForExit());

        Assert.Contains("code 130", output);
        Assert.Contains("next: cudarpc trace show", errors);
        AssertRecorded();
    }

    [Fact]
    public void Interrupt_AtATerminal_LeavesItUsable()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "no script(1), which makes a terminal");
        string program = _traced.Compile("loop"), keys = Path.Combine(_traced.Folder, "keys");
        // The trap: dash would end by the signal before it says the code.
        string command = $"{_traced.CommandLine("--server sim:")} -- {program} wait";
        string inside = $"trap : INT; stty -a > before; {command}; echo code $?; stty -a > after";
        // The terminal makes the signal of what comes through the pipe, for whoever is in front.
        (_, string output, _) = _traced.Shell(
            $"mkfifo {keys}; cat {keys} | script -qec '{inside}' /dev/null",
            _ => File.WriteAllText(keys, "\u0003"));

        Assert.Contains("code 130", output);
        Assert.Equal(Setting("before"), Setting("after"));
        AssertRecorded();
    }

    public void Dispose() => _traced.Dispose();

    private string Setting(string when) => File.ReadAllText(Path.Combine(_traced.Folder, when));

    private void AssertRecorded()
    {
        Trace trace = _traced.Read();
        Assert.Equal(100, trace.Calls.Count(call => trace.NameOf(call) == "cuMemsetD8Async"));
    }

    private static string GroupOf(string process) => File.ReadAllText($"/proc/{process}/stat").Split(") ")[1].Split(' ')[2];
}
