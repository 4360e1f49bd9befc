using System.Text.RegularExpressions;

namespace CudaRpc.Kernels.Tests;

/// <summary>What the samples say about themselves, without running a kernel.</summary>
public sealed class KernelSampleTests
{
    public static TheoryData<string> Names => [.. KernelSamples.All.Select(sample => sample.Name)];

    [Fact]
    public void All_EverySourceFile_HasASample()
    {
        string[] resources = typeof(KernelSample).Assembly.GetManifestResourceNames();

        Assert.Equal(KernelSamples.All.Select(sample => $"{sample.Name}.ptx").Order(), resources.Order());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Arguments_ComparedWithThePtx_HaveItsSizes(string name)
    {
        KernelSample sample = Sample(name);
        Match entry = Regex.Match(sample.ReadPtx(), $@"\.visible \.entry {name}\((?<parameters>[^)]*)\)");

        IEnumerable<int> declared = Regex.Matches(entry.Groups["parameters"].Value, @"\.param \.[a-z](\d+)")
            .Select(match => int.Parse(match.Groups[1].ValueSpan) / 8);

        IEnumerable<int> given = sample.Prepare(sample.TestSize).Arguments
            .Select(argument => argument is KernelScalar scalar ? scalar.Bytes.Length : sizeof(ulong));
        Assert.Equal(declared, given);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Globals_ComparedWithThePtx_HaveItsSizes(string name)
    {
        KernelSample sample = Sample(name);

        IEnumerable<(string, int)> declared = Regex.Matches(sample.ReadPtx(), @"^\.const .* (?<name>\w+)\[(?<size>\d+)\];", RegexOptions.Multiline)
            .Select(match => (match.Groups["name"].Value, int.Parse(match.Groups["size"].ValueSpan)));

        Assert.Equal(declared, sample.Prepare(sample.TestSize).Globals.Select(global => (global.Key, global.Value.Length)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Prepare_Twice_GivesTheSameInputs(string name)
    {
        KernelSample sample = Sample(name);
        KernelBuffer[] first = [.. sample.Prepare(sample.TestSize).Buffers];
        KernelBuffer[] second = [.. sample.Prepare(sample.TestSize).Buffers];

        Assert.All(first.Zip(second), pair => Assert.True(pair.First.Contents.SequenceEqual(pair.Second.Contents)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void MaxError_ExpectedResults_IsZero(string name)
    {
        KernelCase prepared = Expected(name);

        Assert.Equal(0, prepared.MaxError());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void MaxError_OneElementOff_ExceedsTheTolerance(string name)
    {
        KernelCase prepared = Expected(name);
        foreach (KernelBuffer output in prepared.Buffers.Where(buffer => buffer.IsOutput))
        {
            // The last element's most significant bit that is not the sign: wrong by a factor or by 2^30.
            output.Results[^1] ^= 0x40;

            Assert.True(prepared.MaxError() > prepared.Tolerance);
            output.FillWithReference();
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void MaxError_ResultsNeverWritten_ExceedsTheTolerance(string name)
    {
        KernelCase prepared = Expected(name);
        foreach (KernelBuffer output in prepared.Buffers.Where(buffer => buffer.IsOutput))
        {
            output.Results.Fill(0xff);
        }

        Assert.True(prepared.MaxError() > prepared.Tolerance);
    }

    private static KernelSample Sample(string name) => KernelSamples.All.Single(sample => sample.Name == name);

    private static KernelCase Expected(string name)
    {
        KernelSample sample = Sample(name);
        KernelCase prepared = sample.Prepare(sample.TestSize);
        foreach (KernelBuffer output in prepared.Buffers.Where(buffer => buffer.IsOutput))
        {
            output.FillWithReference();
        }

        return prepared;
    }
}
