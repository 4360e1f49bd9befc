using ELFSharp.ELF;

namespace CudaRpc.Server.Commands.Doctor;

/// <summary>Whether there is a shim, and which driver library a program finds without it.</summary>
internal static class ShimCheck
{
    /// <summary>The shim's folder, or null where there is none.</summary>
    public static string? Run(string? named, Findings findings)
    {
        findings.Subject("shim");
        try
        {
            string folder = ShimLocation.Find(named);
            string file = Path.Combine(folder, ShimLocation.FileName);
            if (!ELFReader.TryLoad(file, out IELF? elf))
            {
                findings.Wrong($"{file} is no library");
                return null;
            }

            using (elf)
            {
                findings.Right(file);
            }

            string[] neighbours = [.. Directory.EnumerateFiles(folder).Select(Path.GetFileName).OfType<string>()
                .Where(static name => name.Contains(".so", StringComparison.Ordinal) && !name.StartsWith("libcuda.so", StringComparison.Ordinal))];
            if (neighbours.Length > 0)
            {
                findings.Surprise($"its folder also has {string.Join(", ", neighbours)}, which programs will find first");
            }

            DescribeWithout(findings);
            return folder;
        }
        catch (Exception failure) when (failure is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            findings.Wrong(failure.Message);
            return null;
        }
    }

    private static void DescribeWithout(Findings findings)
    {
        string machines = Tool.Output("/sbin/ldconfig", ["-p"]) ?? "";
        string? own = machines.Split('\n').FirstOrDefault(static line => line.Contains("libcuda.so.1 ", StringComparison.Ordinal))?.Split("=> ")[^1].Trim();
        findings.Right(own is null
            ? "this machine has no CUDA driver of its own: programs need `cudarpc run`, or LD_LIBRARY_PATH and CUDARPC_SERVER"
            : $"without `cudarpc run` programs use this machine's own driver, {own}");
    }
}
