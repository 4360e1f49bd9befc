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

    // Other projects' threads of the same compiler server.
    [Fact]
    public void NullReference_WhileHeadersAreRead_IsStillAnException()
    {
        bool isOver = false;
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                new GeneratorRun("#define CUDA_VERSION 12000\n", null, "types").Run();
            }
        }))];
        Array.ForEach(readers, static reader => reader.Start());
        for (int count = 0; count < 100_000; count++)
        {
            Assert.Throws<NullReferenceException>(() => Length(null!));
        }

        Volatile.Write(ref isOver, true);
        Array.ForEach(readers, static reader => reader.Join());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Length(string text) => text.Length;
}
