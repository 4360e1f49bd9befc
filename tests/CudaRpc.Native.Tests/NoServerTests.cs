using System.Net;
using System.Net.Sockets;

namespace CudaRpc.Native.Tests;

/// <summary>A machine without a server is a machine without a device.</summary>
public sealed class NoServerTests
{
    [Fact]
    public void Calls_NotConfigured_WorkAsWithoutDevice() => Assert.Equal(
        [
            "cuDriverGetVersion CUDA_SUCCESS", "version 13000",
            "cuGetErrorString CUDA_SUCCESS", "text no CUDA device was found",
            "cuGetErrorName CUDA_ERROR_INVALID_VALUE", "null 1",
            "cuGetProcAddress CUDA_SUCCESS", "same 1",
            "cuMemAlloc CUDA_ERROR_NOT_INITIALIZED", "cuCtxSynchronize CUDA_ERROR_NOT_INITIALIZED",
            "cuInit CUDA_ERROR_NO_DEVICE", "cuInit CUDA_ERROR_NO_DEVICE",
            "cuDeviceGetCount CUDA_ERROR_NOT_INITIALIZED", "count -1",
        ],
        Shim.Run("lifecycle", []).Lines);

    [Fact]
    public void StandardError_NotConfigured_SaysHowToConfigure()
    {
        string line = Assert.Single(Shim.Run("lifecycle", []).ErrorLines);
        Assert.StartsWith("cudarpc: ", line, StringComparison.Ordinal);
        Assert.Contains("CUDARPC_SERVER", line, StringComparison.Ordinal);
        Assert.Contains("~/.config/cudarpc/config", line, StringComparison.Ordinal);
    }

    [Fact]
    public void CuInit_NobodyListens_NamesServerAndReason()
    {
        int port = FreePort();
        AssertNoDevice($"tcp://127.0.0.1:{port}", $"tcp://127.0.0.1:{port}", "CUDARPC_SERVER", "refused");
        AssertNoDevice("unix:///nonexistent/cudarpc.sock", "unix:///nonexistent/cudarpc.sock", "CUDARPC_SERVER");
    }

    [Fact]
    public void CuInit_UnknownScheme_NamesIt() => AssertNoDevice("http://localhost", "http://localhost");

    [Fact]
    public void CuInit_NativeDriver_IsRefusedAsItWouldBeThisLibrary() => AssertNoDevice("native:", "CUDARPC_SERVER", "native:");

    [Fact]
    public void CuInit_ServerNeverAnswers_GivesUp()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        AssertNoDevice($"tcp://{listener.LocalEndpoint}", $"tcp://{listener.LocalEndpoint}");
    }

    [Fact]
    public void CuInit_BadConfigurationFile_NamesFileAndLine()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "# ours\nsever = tcp://gpu:1\n");
            Outcome outcome = Shim.Run("lifecycle", [("CUDARPC_CONFIG", file)]);
            Assert.Contains("cuInit CUDA_ERROR_NO_DEVICE", outcome.Lines);
            Assert.Contains($"{file}:2", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void AssertNoDevice(string server, params string[] inMessage)
    {
        Outcome outcome = Shim.Run("lifecycle", [("CUDARPC_SERVER", server), ("CUDARPC_CONNECT_TIMEOUT", "0.5")]);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(2, outcome.Lines.Count(line => line == "cuInit CUDA_ERROR_NO_DEVICE"));
        string line = Assert.Single(outcome.ErrorLines);
        foreach (string part in inMessage) Assert.Contains(part, line, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
