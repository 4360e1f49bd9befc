using CudaRpc.Kernels;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>The sample kernels as NVIDIA's compiler made them, against their CPU references.</summary>
public sealed class SampleKernelTests
{
    public static TheoryData<string> Names => [.. KernelSamples.All.Select(sample => sample.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Sample_OddSize_MatchesReference(string name)
    {
        KernelSample sample = KernelSamples.All.Single(candidate => candidate.Name == name);
        KernelCase run = sample.Prepare(sample.TestSize);

        Run(sample, run);

        Assert.InRange(run.MaxError(), 0, run.Tolerance);
    }

    private static void Run(KernelSample sample, KernelCase run)
    {
        using var bench = new PtxBench(sample.ReadPtx());
        foreach ((string name, byte[] contents) in run.Globals)
        {
            Assert.True(bench.Module.TryGetGlobal(name, out ulong address, out ulong size));
            Assert.Equal((ulong)contents.Length, size);
            bench.Write<byte>(address, contents);
        }

        var buffers = new List<(KernelBuffer Buffer, ulong Address)>();
        var arguments = new List<object>();
        foreach (KernelArgument argument in run.Arguments)
        {
            if (argument is KernelBuffer buffer)
            {
                ulong address = buffer.IsInput ? bench.Allocate(buffer.Contents) : bench.Allocate(buffer.ByteCount);
                buffers.Add((buffer, address));
                arguments.Add(address);
            }
            else
            {
                arguments.Add(((KernelScalar)argument).Bytes.ToArray());
            }
        }

        KernelGeometry shape = run.Geometry;
        bench.Launch(
            sample.Name,
            new LaunchShape((uint)shape.GridX, (uint)shape.GridY, 1, (uint)shape.BlockX, (uint)shape.BlockY, 1),
            [.. arguments]);
        foreach ((KernelBuffer buffer, ulong address) in buffers)
        {
            if (buffer.IsOutput)
            {
                bench.Read<byte>(address, buffer.ByteCount).CopyTo(buffer.Results);
            }
        }
    }
}
