using CudaRpc.Simulator.Ptx;
using CudaRpc.Simulator.Ptx.Compilation;

namespace CudaRpc.Simulator.Tests.Ptx;

public sealed class InstructionTableTests
{
    public static TheoryData<string> Opcodes => [.. InstructionTable.Rows.SelectMany(row => row.Opcodes)];

    [Fact]
    public void Documentation_ListsWhatIsExecuted()
    {
        string[] expected =
        [
            .. InstructionTable.Rows.Select(row => $"| {row.Subject} | {string.Join(", ", row.Opcodes.Select(opcode => $"`{opcode}`"))} |"),
        ];
        string[] page = File.ReadAllLines(Page());
        int start = Array.IndexOf(page, "| subject | instructions |");

        Assert.True(start >= 0);
        Assert.Equal(expected, page.Skip(start + 2).TakeWhile(line => line.StartsWith('|')));
    }

    // Every instruction has modifiers or operands that this lacks: what is said must be about those.
    [Theory]
    [MemberData(nameof(Opcodes))]
    public void Opcode_OfTheTable_IsKnownToTheCompiler(string opcode)
    {
        try
        {
            PtxModule.Parse(PtxBench.Kernel("", opcode + ";"), "test");
        }
        catch (PtxException failure)
        {
            Assert.DoesNotMatch($"{opcode} is not supported$", failure.Message);
        }
    }

    private static string Page()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "docs/simulator.md")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return Path.Combine(directory!, "docs/simulator.md");
    }
}
