using CudaRpc.Driver;
using CudaRpc.Server;
using CudaRpc.Simulator;
using CudaRpc.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CudaRpc.Tracing.Tests.Recording;

/// <summary>A server with a simulated device in this process, a session of it that is recorded, and the trace.</summary>
internal sealed class TracedProgram : IDisposable
{
    private readonly SimulatedGpu? _gpu;
    private readonly CudaServer? _server;

    /// <param name="remote">Whether there is a server; else the device is in the session.</param>
    /// <param name="deviceTimes">Whether the device's times are recorded.</param>
    public TracedProgram(bool remote = true, bool deviceTimes = false)
    {
        string url = "sim:";
        if (remote)
        {
            _gpu = new SimulatedGpu();
            _server = new CudaServer(() => new SimulatedDriver(_gpu), new ServerLimits(), NullLogger.Instance);
            url = _server.Listen(ServerUrl.Parse($"unix://{Folder}/socket")).ToString();
        }

        Url = url;
        Session = CudaSession.Connect(url, new SessionOptions { TraceFile = FileName, TraceDeviceTimes = deviceTimes });
        Context = Session.Devices[0].CreateContext();
        Driver.cuCtxSetCurrent(Context.Handle);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("cudarpc-trace-").FullName;

    public string FileName => Path.Combine(Folder, "a.cudatrace");

    public string Url { get; }

    public CudaSession Session { get; }

    public CudaContext Context { get; }

    public CudaDriver Driver => Session.Driver;

    public static string Ptx(string kernel) => Path.Combine(AppContext.BaseDirectory, "kernels", kernel + ".ptx");

    public void Check(CUresult result) => Driver.ThrowIfFailed(result);

    /// <summary>Ends the session and reads the trace.</summary>
    public Trace Finish()
    {
        Session.Dispose();
        Trace trace = TraceFile.Read(FileName);
        Assert.Empty(trace.Problems);
        return trace;
    }

    public void Dispose()
    {
        Session.Dispose();
        _server?.Dispose();
        _gpu?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
