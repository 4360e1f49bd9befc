using System.Runtime.CompilerServices;

namespace CudaRpc.Generator.Tests;

/// <summary>What the generator leaves behind in the process that hosts the compiler.</summary>
public sealed class CompilerProcessTests
{
    [Fact]
    public void NullReference_AfterAHeaderWasRead_IsStillAnException()
    {
        new GeneratorRun("#define CUDA_VERSION 12000\n", null, "types").Run();

        Assert.Throws<NullReferenceException>(() => Length(null!));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Length(string text) => text.Length;
}
