using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc;

/// <summary>A connection to a machine with CUDA devices, or to devices in this process.</summary>
/// <remarks>Safe to use from any thread. Whatever the session's contexts own is released when it is disposed.</remarks>
public sealed unsafe class CudaSession : IDisposable
{
    private readonly HashSet<CudaContext> _contexts = [];
    private bool _disposed;

    /// <summary>
    /// A session over any driver, for instance one that records the calls of another. The session owns the driver: it is disposed with
    /// the session if it is <see cref="IDisposable"/>.
    /// </summary>
    /// <exception cref="CudaException">The driver could not be initialised or has no device; the driver has been disposed.</exception>
    public CudaSession(CudaDriver driver)
    {
        ArgumentNullException.ThrowIfNull(driver);
        Driver = driver;
        try
        {
            driver.ThrowIfFailed(driver.cuInit(0));
            int version, count;
            driver.ThrowIfFailed(driver.cuDriverGetVersion(&version));
            driver.ThrowIfFailed(driver.cuDeviceGetCount(&count));
            DriverVersion = new Version(version / 1000, version % 1000 / 10);
            var devices = new CudaDevice[count];
            for (int ordinal = 0; ordinal < count; ordinal++) devices[ordinal] = new CudaDevice(this, ordinal);
            Devices = devices;
        }
        catch
        {
            (driver as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>The driver API itself, every function in its C spelling. Valid until the session is disposed.</summary>
    /// <remarks>Contexts that are made current through it stay current until a member of another context is used on that thread.</remarks>
    public CudaDriver Driver { get; }

    /// <summary>The devices, by ordinal.</summary>
    public IReadOnlyList<CudaDevice> Devices { get; }

    /// <summary>The CUDA version that the driver supports, such as 13.0.</summary>
    public Version DriverVersion { get; }

    /// <summary>What has been sent so far; all zero for a driver in this process.</summary>
    public CallStatistics Statistics => Driver.Undecorated is RemoteDriver remote ? remote.Session.Statistics : default;

    internal bool IsDisposed => Volatile.Read(ref _disposed);

    /// <summary>Opens a session. Blocks until the server has answered.</summary>
    /// <param name="url">
    /// <c>tcp://host:port</c> or <c>unix:///path</c>: a server. <c>shm:///path</c>: one of this machine, through shared memory.
    /// <c>sim:</c>: a simulated device, shared by the sessions of this process.
    /// <c>native:</c>: the devices of this machine.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="FormatException">The URL is none of these.</exception>
    /// <exception cref="InvalidOperationException">The options leave the time to wait to a configuration that cannot be understood.</exception>
    /// <exception cref="IOException">There is no such server, or it does not answer in time.</exception>
    /// <exception cref="ProtocolException">Something else than a server answers, one of another protocol, or one that refuses.</exception>
    /// <exception cref="DllNotFoundException">This machine has no driver, for <c>native:</c>.</exception>
    /// <exception cref="CudaException">The driver could not be initialised or has no device.</exception>
    public static CudaSession Connect(string url, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        return new CudaSession(DriverFactory.Open(url, options ?? new SessionOptions()));
    }

    /// <summary>Opens a session with the server that the environment names: CUDARPC_SERVER, or the configuration file.</summary>
    /// <exception cref="InvalidOperationException">No server is configured, or the configuration cannot be understood.</exception>
    /// <inheritdoc cref="Connect(string, SessionOptions?)" path="/exception"/>
    public static CudaSession Connect()
    {
        ClientConfiguration configuration = ClientConfiguration.Read();
        return Connect(configuration.Server, new SessionOptions { ConnectTimeout = configuration.ConnectTimeout });
    }

    /// <summary>
    /// Disposes every context of the session and closes the connection. May be called more than once. Work in progress is not waited for
    /// on a server: synchronise first if its result matters.
    /// </summary>
    public void Dispose()
    {
        CudaContext[] contexts;
        lock (_contexts)
        {
            if (_disposed) return;
            Volatile.Write(ref _disposed, true);
            contexts = [.. _contexts];
        }
        // A driver of its own first: it releases everything at once and ends what still runs, where each context would wait for it.
        (Driver as IDisposable)?.Dispose();
        foreach (CudaContext context in contexts) context.Dispose();
    }

    internal void Adopt(CudaContext context)
    {
        lock (_contexts)
        {
            ThrowIfDisposed();
            _contexts.Add(context);
        }
    }

    internal void Forget(CudaContext context)
    {
        lock (_contexts) _contexts.Remove(context);
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, this);
}
