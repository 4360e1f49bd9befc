namespace CudaRpc.Headers.Tests;

/// <summary>What a program defines before it includes cuda.h.</summary>
public enum View
{
    Plain,
    PerThread,
    Internal,
}

public enum Language
{
    C,
    Cpp,
}

/// <summary>gcc or g++ with headers/ as the only include directory beside the system's.</summary>
internal static class Compiler
{
    public static string Program(Language language) => language == Language.C ? "gcc" : "g++";

    public static string[] Flags(Language language, View view)
    {
        string[] flags = language == Language.C ? ["-x", "c", "-std=c11"] : ["-x", "c++", "-std=c++17"];
        string[] definitions = view switch
        {
            View.PerThread => ["-DCUDA_API_PER_THREAD_DEFAULT_STREAM"],
            View.Internal => ["-D__CUDA_API_VERSION_INTERNAL"],
            _ => [],
        };
        return [.. flags, .. definitions, "-I", Repository.Headers];
    }

    /// <summary>Compiles without producing anything. Returns what the compiler complained about, empty if nothing.</summary>
    public static string Check(string source, Language language, View view, params string[] more)
    {
        (int exitCode, _, string errors) =
            Tool.Run(Program(language), source, [.. Flags(language, view), .. more, "-fsyntax-only", "-"]);
        return exitCode == 0 ? errors : errors + $"\n{Program(language)} ended with {exitCode}";
    }
}
