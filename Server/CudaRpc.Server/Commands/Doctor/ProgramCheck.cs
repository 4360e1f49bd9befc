using ELFSharp.ELF;
using ELFSharp.ELF.Sections;

namespace CudaRpc.Server.Commands.Doctor;

/// <summary>Whether a program finds the libraries it needs, and whether its kernels can run on the server.</summary>
internal static class ProgramCheck
{
    // How the names of NVIDIA's libraries begin.
    private static readonly string[] s_cudaLibraries = ["libcu", "libnv", "libnpp", "libnccl"];

    public static void Run(string program, string? shim, CudaSession? session, Findings findings)
    {
        findings.Subject($"program {program}");
        if ((ProgramFile.Find(program) ?? (File.Exists(program) ? program : null)) is not string file)
        {
            findings.Wrong(Directory.Exists(program) ? "it is a folder" : "there is no such file, here or in PATH");
            return;
        }

        try
        {
            if (!ELFReader.TryLoad(file, out IELF? elf))
            {
                findings.Surprise($"{file} is no machine code; of a script, check the interpreter and the libraries it loads");
                return;
            }

            using (elf)
            {
                Check(file, elf, shim, session, findings);
            }
        }
        catch (EndOfStreamException)
        {
            findings.Wrong("it is damaged: its file ends before what its header names");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            findings.Wrong(failure.Message);
        }
    }

    private static void Check(string file, IELF elf, string? shim, CudaSession? session, Findings findings)
    {
        if (elf.Machine != Machine.AMD64)
        {
            findings.Wrong($"it is for {elf.Machine}; the shim is for x86-64");
            return;
        }

        if (!elf.TryGetSection(".interp", out ISection interpreter) && elf.Type == FileType.Executable)
        {
            findings.Wrong("it is linked statically and loads no libraries, so not the shim either");
            return;
        }

        if ((File.GetUnixFileMode(file) & (UnixFileMode.SetUser | UnixFileMode.SetGroup)) != 0)
        {
            findings.Wrong("it runs as another user (setuid or setgid), and the loader then ignores LD_LIBRARY_PATH");
        }

        string loader = interpreter is null ? "/lib64/ld-linux-x86-64.so.2" : System.Text.Encoding.UTF8.GetString(interpreter.GetContents()).TrimEnd('\0');
        CheckLibraries(file, loader, shim, findings);
        CheckKernels(elf, session, findings);
    }

    // The loader itself says what it would load: it knows the program's own search paths. It does not start the program.
    private static void CheckLibraries(string file, string loader, string? shim, Findings findings)
    {
        string path = string.Join(':', new[] { shim, Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") }.Where(static part => !string.IsNullOrEmpty(part)));
        var environment = new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = path, ["LD_TRACE_LOADED_OBJECTS"] = "1" };
        if (Tool.Output(loader, [file], environment) is not string listed)
        {
            findings.Wrong($"{loader} cannot load it");
            return;
        }

        foreach (string line in listed.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0))
        {
            string name = line.Split(' ')[0];
            string where = line.Split("=> ")[^1].Split(" (")[0];
            if (where == "not found")
            {
                findings.Wrong($"{name} is not found by the loader");
            }
            else if (name is "libcuda.so.1" && shim is not null && Path.GetDirectoryName(where) != shim)
            {
                findings.Wrong($"its own search path (RPATH) leads to {where} before the shim");
            }
            else if (s_cudaLibraries.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                findings.Right($"{name} is {where}");
            }
        }
    }

    private static void CheckKernels(IELF elf, CudaSession? session, Findings findings)
    {
        if (!elf.TryGetSection(".nv_fatbin", out ISection section))
        {
            findings.Right("it has no kernels inside; those it loads or makes while it runs are not checked");
            return;
        }

        KernelCheck.Run(section.GetContents(), session, findings);
    }
}
