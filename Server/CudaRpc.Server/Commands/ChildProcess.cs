using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CudaRpc.Server.Commands;

/// <summary>Another program on this one's standard streams, that gets this one's signals.</summary>
internal static partial class ChildProcess
{
    private const string Shell = "/bin/sh";
    private const int NotRunnable = 126;
    private const int NotFound = 127;
    private const int ENOENT = 2;
    private const int ENOEXEC = 8;
    private const int SIGHUP = 1;
    private const int SIGINT = 2;
    private const int SIGQUIT = 3;
    private const int SIGPIPE = 13;
    private const int SIGTERM = 15;

    /// <summary>Runs the program until it ends.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">All of its environment.</param>
    /// <param name="problem">Why it could not be started; null where it could.</param>
    /// <returns>Its exit code, 128 and the signal where one ended it; 127 or 126, as of a shell, where it could not be started.</returns>
    public static int Run(string file, string[] arguments, IReadOnlyDictionary<string, string> environment, out string? problem)
    {
        ProcessStartInfo start = new(file, arguments);
        start.Environment.Clear();
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process? child = null;
        // Held back until there is somebody to pass them on to.
        using var started = new ManualResetEventSlim();
        void PassOn(PosixSignalContext context, int signal)
        {
            context.Cancel = true;
            started.Wait();
            // What the terminal sends it sends to the child as well.
            if (child is not null && (signal is not (SIGINT or SIGQUIT) || Console.IsInputRedirected))
            {
                _ = kill(child.Id, signal);
            }
        }

        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => PassOn(context, SIGHUP));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => PassOn(context, SIGINT));
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => PassOn(context, SIGQUIT));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => PassOn(context, SIGTERM));
        try
        {
            // The runtime ignores SIGPIPE, and a program inherits that.
            nint before = signal(SIGPIPE, 0);
            child = Process.Start(start);
            _ = signal(SIGPIPE, before);
            started.Set();
            child!.WaitForExit();
            problem = null;
            return child.ExitCode;
        }
        catch (Win32Exception failure) when (failure.NativeErrorCode == ENOEXEC && file != Shell)
        {
            // A script that does not name its interpreter: as shells and `cudarpc run` do it.
            started.Set();
            return Run(Shell, [file, .. arguments], environment, out problem);
        }
        catch (Win32Exception failure)
        {
            started.Set();
            problem = Marshal.GetPInvokeErrorMessage(failure.NativeErrorCode);
            return failure.NativeErrorCode == ENOENT ? NotFound : NotRunnable;
        }
        finally
        {
            child?.Dispose();
        }
    }

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
