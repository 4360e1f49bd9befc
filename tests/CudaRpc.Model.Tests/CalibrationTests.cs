using System.CommandLine;
using CudaRpc.Server.Commands;
using CudaRpc.Server.Commands.Model;
using CudaRpc.Tracing;
using Xunit;

namespace CudaRpc.Model.Tests;

// They redirect the console, which is one for all.
[Collection("Console")]
public sealed class CalibrationTests
{
    private static readonly double[] s_steady = [9_000, 10_000, 11_000, 11_500, 12_000], s_unsteady = [9_000, 10_000, 12_000, 40_000, 116_000];

    [Fact]
    public void Of_RepeatsThatAgree_IsTheMedianAndSteady()
    {
        ModelCosts costs = Calibration.Of([.. s_steady.Select(static wake => new ModelCosts { Wake = wake })]);

        Assert.Equal(11_000, costs.Wake);
        Assert.Empty(costs.Unsteady);
    }

    [Fact]
    public void Of_OneDisturbedRepeat_IsSteady() =>
        Assert.Empty(Calibration.Of([.. s_steady.Select(static wake => new ModelCosts { Wake = wake == 12_000 ? 116_000 : wake })]).Unsteady);

    [Fact]
    public void Of_RepeatsThatDiffer_NamesTheFigureAndByHowMuch()
    {
        ModelCosts costs = Unsteady();

        (string figure, double spread) = Assert.Single(costs.Unsteady);
        Assert.Equal((nameof(ModelCosts.Wake), 3), (figure, spread));
    }

    [Fact]
    public void Read_CostsOfABuildThatDidNotCompareRepeats_AreSteady()
    {
        string file = Path.GetTempFileName();
        try
        {
            using (StreamWriter writer = File.CreateText(file))
            {
                new ModelCosts { Wake = 7 }.Write(writer);
            }

            string older = File.ReadAllText(file).Replace(",\n  \"Unsteady\": {}", "", StringComparison.Ordinal);
            Assert.DoesNotContain("Unsteady", older, StringComparison.Ordinal);
            File.WriteAllText(file, older);
            ModelCosts costs = ModelCosts.Read(file);

            Assert.Equal(7, costs.Wake);
            Assert.Empty(costs.Unsteady);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Write_UnsteadyCosts_AreReadBackSo()
    {
        string file = Path.GetTempFileName();
        try
        {
            using (StreamWriter writer = File.CreateText(file))
            {
                Unsteady().Write(writer);
            }

            Assert.Equal(3, ModelCosts.Read(file).Unsteady[nameof(ModelCosts.Wake)]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Model_Costs_WarnsWhereTheyAreUnsteady(bool isUnsteady)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("cudarpc-costs");
        TextWriter oldOutput = Console.Out, oldError = Console.Error;
        try
        {
            string trace = Path.Combine(folder.FullName, "trace"), file = Path.Combine(folder.FullName, "costs");
            var program = new TraceMaker();
            program.Wait(program.Thread());
            TraceFile.Write(trace, program.Make());
            using (StreamWriter writer = File.CreateText(file))
            {
                (isUnsteady ? Unsteady() : new ModelCosts()).Write(writer);
            }

            using var output = new StringWriter();
            using var error = new StringWriter();
            Console.SetOut(output);
            Console.SetError(error);

            Assert.Equal(0, ModelCommand.Create().Parse([trace, "--rtt", "20us", "--costs", file]).Invoke(new InvocationConfiguration { Output = output, Error = error }));

            Assert.Equal(isUnsteady, error.ToString().Contains("Wake by 300 %", StringComparison.Ordinal));
        }
        finally
        {
            Console.SetOut(oldOutput);
            Console.SetError(oldError);
            folder.Delete(recursive: true);
        }
    }

    private static ModelCosts Unsteady() => Calibration.Of([.. s_unsteady.Select(static wake => new ModelCosts { Wake = wake })]);
}
