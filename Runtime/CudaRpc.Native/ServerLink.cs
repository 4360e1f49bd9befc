using CudaRpc.Driver;
using CudaRpc.Tracing;

namespace CudaRpc.Native;

/// <summary>The outcome of the process's one attempt to reach its server.</summary>
/// <remarks>Not tried again: a program that starts without a device does not get one later, and none waits for a timeout twice.</remarks>
internal sealed unsafe class ServerLink
{
    private readonly string _problem;
    private int _reported;

    private ServerLink(CudaDriver? driver, int driverVersion, string problem)
    {
        Driver = driver;
        DriverVersion = driverVersion;
        _problem = problem;
    }

    /// <summary>The server's driver, or null if there is none.</summary>
    internal CudaDriver? Driver { get; }

    /// <summary>The CUDA version of the server's driver; without one our header's, so that programs get as far as cuInit.</summary>
    internal int DriverVersion { get; }

    /// <summary>Connects. Blocks at most for the configured timeout.</summary>
    internal static ServerLink Open()
    {
        ClientConfiguration configuration;
        try
        {
            configuration = ClientConfiguration.Read();
        }
        catch (InvalidOperationException failure)
        {
            return None(failure.Message);
        }
        if (configuration.Server == "native:")
            return None($"{configuration.Source} says native:, but this library stands in the place of the machine's own driver");
        try
        {
            // First, so that a trace that cannot be written costs the program nothing but the trace.
            PrepareTrace();
        }
        catch (IOException failure)
        {
            StandardError.WriteLine($"{failure.Message}; nothing is recorded");
            ClientConfiguration.ForgetTrace();
        }
        try
        {
            var options = new SessionOptions { ConnectTimeout = configuration.ConnectTimeout, Logger = new StandardErrorLogger() };
            CudaDriver driver = DriverFactory.Open(configuration.Server, options);
            int version;
            // Not through a recorder: the program has not asked.
            driver.ThrowIfFailed(driver.Undecorated.cuDriverGetVersion(&version));
            if (driver is TracingDriver tracing) ProcessEnd.Flush(tracing);
            return new ServerLink(driver, version, "");
        }
        catch (Exception failure)
        {
            return None(
                $"cannot use the CUDA server {configuration.Server} (from {configuration.Source}): {failure.Message.TrimEnd('.')}; "
                + (failure is DllNotFoundException ? "correct the URL" : "start it there with 'cudarpc serve' or correct the URL"));
        }
    }

    /// <summary>Tells the user on standard error why there is no device; once.</summary>
    internal void ReportProblem()
    {
        if (Interlocked.Exchange(ref _reported, 1) == 0) StandardError.WriteLine(_problem);
    }

    private static void PrepareTrace()
    {
        if (ClientConfiguration.TraceFile is { } file) TraceRecorder.For(file, ClientConfiguration.TraceDeviceTimes);
    }

    private static ServerLink None(string problem) => new(null, CudaConstants.CUDA_VERSION, problem);
}
