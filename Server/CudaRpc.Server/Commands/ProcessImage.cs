using System.Runtime.InteropServices;

namespace CudaRpc.Server.Commands;

/// <summary>Becoming another program: it keeps this process's number, terminal, standard streams and signals, and its exit code is its own.</summary>
internal static unsafe partial class ProcessImage
{
    private const int ENOENT = 2;
    private const int SIGPIPE = 13;

    /// <summary>Whether the last <see cref="Replace"/> found no such program.</summary>
    public static bool LastWasNotFound { get; private set; }

    /// <summary>Becomes the program <paramref name="arguments"/>[0], searched for like a shell does.</summary>
    /// <returns>Why not. Where it succeeds it does not return.</returns>
    public static string Replace(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        byte** argv = Texts(arguments);
        byte** envp = Texts([.. environment.Select(static entry => $"{entry.Key}={entry.Value}")]);
        RemoveDiagnostics();
        // The runtime ignores SIGPIPE, and a program inherits that.
        signal(SIGPIPE, 0);
        // SAFETY: both are arrays of NUL-terminated strings that end with null, as exec takes them.
        execvpe(argv[0], argv, envp);
        int error = Marshal.GetLastPInvokeError();
        LastWasNotFound = error == ENOENT;
        return Marshal.GetPInvokeErrorMessage(error);
    }

    /// <summary>Sets a variable where libraries in C look for it; the runtime's own list is a copy.</summary>
    public static void SetVariable(string name, string value) => setenv(name, value, 1);

    // What debuggers and counters would connect to. The runtime removes it at its end, of which there is none; another runtime in this
    // process would find the name taken.
    private static void RemoveDiagnostics()
    {
        try
        {
            foreach (string name in (string[])["dotnet-diagnostic", "clr-debug-pipe"])
            {
                foreach (string file in Directory.GetFiles(Path.GetTempPath(), $"{name}-{Environment.ProcessId}-*"))
                {
                    File.Delete(file);
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The program matters more than what is left beside it.
        }
    }

    // Never freed: the process is about to be another's.
    private static byte** Texts(IReadOnlyList<string> texts)
    {
        byte** array = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(byte*));
        for (int index = 0; index < texts.Count; index++)
        {
            array[index] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[index]);
        }

        return array;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int execvpe(byte* file, byte** argv, byte** envp);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);
}
