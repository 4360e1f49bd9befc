namespace CudaRpc.Generator.Tests;

/// <summary>The tests' own header and rules: one of everything.</summary>
internal static class SmallHeader
{
    public static string Header => Repository.Read("tests", "CudaRpc.Generator.Tests", "Input", "small.h");

    public static string Rules => Repository.Read("tests", "CudaRpc.Generator.Tests", "Input", "small.rules");

    public static GeneratorRun Run(string roles = GeneratorRun.AllRoles) => new GeneratorRun(Header, Rules, roles).Run();
}
