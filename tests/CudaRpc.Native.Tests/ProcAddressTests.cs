using System.Globalization;

namespace CudaRpc.Native.Tests;

/// <summary>cuGetProcAddress answers as drivers were measured to, row by row.</summary>
public sealed class ProcAddressTests
{
    private const int HeaderVersion = 13000;

    [Fact]
    public void V2_EveryRow_IsFoundAtItsVersionAndUpToTheNext()
    {
        List<string> questions = [], answers = [];
        foreach (IGrouping<(string, string), Row> forms in Rows().GroupBy(row => (row.Name, row.Stream)))
        {
            Row[] inOrder = [.. forms.OrderBy(row => row.Version)];
            int flags = inOrder[0].Stream == "thread" ? 2 : 0;
            questions.Add($"v2 {inOrder[0].Name} {inOrder[0].Version - 1} {flags} 1");
            answers.Add("0 2 null");
            for (int i = 0; i < inOrder.Length; i++)
            {
                int last = i + 1 < inOrder.Length ? inOrder[i + 1].Version - 1 : HeaderVersion;
                questions.Add($"v2 {inOrder[i].Name} {inOrder[i].Version} {flags} 1");
                questions.Add($"v2 {inOrder[i].Name} {last} {flags + 1} 1");
                answers.Add($"0 0 {inOrder[i].Symbol}");
                answers.Add($"0 0 {inOrder[i].Symbol}");
            }
        }
        Assert.True(questions.Count > 1200, $"only {questions.Count} questions");
        Assert.Equal(answers, Ask(questions));
    }

    [Theory]
    [InlineData("11.8")]
    [InlineData("12.4")]
    [InlineData("13.1")]
    public void V2_RuntimeStarts_EveryNameIsAnswered(string runtime)
    {
        List<string> questions = [], answers = [];
        foreach (string line in File.ReadLines(Path.Combine(Shim.Repository, $"tests/facts/procaddress-cudart-{runtime}.txt")))
        {
            if (line.StartsWith('#')) continue;
            string[] words = line.Split(' ');
            questions.Add($"v2 {words[0]} {words[1]} {words[2]} 0");
            bool tooNew = int.Parse(words[1], CultureInfo.InvariantCulture) > HeaderVersion;
            answers.Add(tooNew ? "1 9 untouched" : $"0 9 {(words[3] == "SYMBOL_NOT_FOUND" ? "untouched" : words[3])}");
        }
        Assert.True(questions.Count > 300, $"only {questions.Count} questions");
        Assert.Equal(answers, Ask(questions));
    }

    [Theory]
    [InlineData("v1 cuMemAlloc 3020 0 0", "0 9 cuMemAlloc_v2")]
    [InlineData("v1 cuMemcpy 11030 2 0", "0 9 cuMemcpy_ptds")]
    [InlineData("v1 cuGetProcAddress 11030 0 0", "0 9 cuGetProcAddress")]
    [InlineData("v1 nosuch 11030 0 0", "500 9 untouched")]
    [InlineData("v1 cuMemAlloc 1000 0 0", "500 9 untouched")]
    [InlineData("v2 cuGetProcAddress 12000 0 1", "0 0 cuGetProcAddress_v2")]
    [InlineData("v2 cuMemAlloc_v2 12000 0 1", "0 1 null")]
    [InlineData("v2 nosuch 12000 0 1", "0 1 null")]
    [InlineData("v2 nosuch 12000 0 0", "0 9 untouched")]
    [InlineData("v2 - 0 0 0", "0 9 untouched")]
    [InlineData("v2 - 0 0 1", "0 1 null")]
    [InlineData("v2 cuMemAlloc 1000 0 1", "0 2 null")]
    [InlineData("v2 cuMemAlloc 1000 0 0", "0 9 untouched")]
    [InlineData("v2 cuMemcpy 6050 2 1", "0 2 null")]
    [InlineData("v2 cuMemAlloc 12000 2 1", "0 0 cuMemAlloc_v2")]
    [InlineData("v2 cuMemcpy 12000 3 1", "0 0 cuMemcpy_ptds")]
    [InlineData("v2 cuInit 12000 4 1", "1 9 untouched")]
    [InlineData("v2 cuInit 13010 0 1", "1 9 untouched")]
    [InlineData("v2 cuGLInit 12000 0 1", "0 1 null")]
    public void Question_Case_IsAnsweredAsMeasured(string question, string answer) => Assert.Equal([answer], Ask([question]));

    private static string[] Ask(IEnumerable<string> questions)
    {
        Outcome outcome = Shim.Run("procaddress", [], string.Join('\n', questions));
        Assert.Equal("", outcome.Errors);
        return outcome.Lines;
    }

    private static IEnumerable<Row> Rows()
    {
        foreach (string line in File.ReadLines(Path.Combine(Shim.Repository, "headers/proc-address.txt")))
        {
            if (line.StartsWith('#')) continue;
            string[] words = line.Split(' ');
            yield return new Row(words[0], int.Parse(words[1], CultureInfo.InvariantCulture), words[2], words[3]);
        }
    }

    private sealed record Row(string Name, int Version, string Stream, string Symbol);
}
