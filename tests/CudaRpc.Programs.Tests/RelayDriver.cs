using System.Runtime.InteropServices;

namespace CudaRpc.Programs.Tests;

/// <summary>
/// A <c>libcuda.so.1</c> that is none of ours and has all that a driver exports. Behind it is a device in another process: a copy of the shim
/// makes the calls, under another name.
/// </summary>
public sealed class RelayDriver : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cudarpc-relay-");

    private bool _isBuilt;

    /// <summary>Builds it, once; a test that cannot have it here is skipped.</summary>
    public void Build()
    {
        if (_isBuilt)
        {
            return;
        }

        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "its jumps are x86-64 code");
        Corpus.AssertShim();
        string[] names = File.ReadAllLines(Path.Combine(Corpus.Root, "tests/facts/exports-580.txt"));
        File.WriteAllLines(Path.Combine(Folder, "names.h"), names.Select(static name => $"\"{name}\","));
        File.WriteAllLines(Path.Combine(Folder, "relay.s"), [
            ".text", .. names.Select(static (name, index) =>
                $".globl {name}\n.type {name}, @function\n{name}: jmp *relay_targets+{index * 8}(%rip)"),
            ".section .note.GNU-stack,\"\",@progbits"]);
        Outcome built = Processes.Run("gcc", [
            "-shared", "-fPIC", "-Wall", "-Werror", "-I", Folder, "-Wl,-soname,libcuda.so.1", "-o", Path.Combine(Folder, "libcuda.so.1"),
            Path.Combine(Corpus.Root, "tests/CudaRpc.Programs.Tests/relay.c"), Path.Combine(Folder, "relay.s")]);
        Assert.True(built.ExitCode == 0, built.Errors);
        File.Copy(Path.Combine(Corpus.Shim, "libcuda.so.1"), Maker);
        _isBuilt = true;
    }

    /// <summary>Where it lies.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The library that makes the calls.</summary>
    public string Maker => Path.Combine(Folder, "libmaker.so");

    public void Dispose() => _folder.Delete(recursive: true);
}
