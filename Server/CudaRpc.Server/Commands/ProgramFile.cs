namespace CudaRpc.Server.Commands;

/// <summary>Where a program is.</summary>
internal static class ProgramFile
{
    /// <summary>The file that a shell would start: the one named, or the first of that name in PATH; null where there is none.</summary>
    public static string? Find(string program)
    {
        IEnumerable<string> files = program.Contains('/')
            ? [program]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, program));
        return files.FirstOrDefault(File.Exists);
    }
}
