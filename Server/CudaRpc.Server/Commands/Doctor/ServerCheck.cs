using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server.Commands.Doctor;

/// <summary>Whether the server is there, what it is, and how far away.</summary>
internal static unsafe class ServerCheck
{
    private const int Pings = 101;

    /// <summary>The session, or null where there is none.</summary>
    public static CudaSession? Run(string? named, Findings findings)
    {
        findings.Subject("server");
        string url;
        try
        {
            ClientConfiguration? configuration = named is null ? ClientConfiguration.Read() : null;
            url = named ?? configuration!.Server;
            findings.Right($"{url}, from {configuration?.Source ?? "the command line"}");
        }
        catch (InvalidOperationException failure)
        {
            findings.Wrong(failure.Message);
            return null;
        }

        try
        {
            CudaSession session = CudaSession.Connect(url);
            Describe(session, findings);
            return session;
        }
        catch (Exception failure) when (failure is IOException or SocketException or ProtocolException or FormatException or CudaException
            or InvalidOperationException or DllNotFoundException)
        {
            findings.Wrong($"{failure.Message}{Hint(failure)}");
            return null;
        }
    }

    private static void Describe(CudaSession session, Findings findings)
    {
        int driverVersion;
        session.Driver.cuDriverGetVersion(&driverVersion);
        string text = $"driver {Version(driverVersion)}";
        if (driverVersion > CudaConstants.CUDA_VERSION)
        {
            findings.Surprise($"{text}; programs are told {Version(CudaConstants.CUDA_VERSION)}, the newest that this build knows");
        }
        else if (driverVersion < 12040)
        {
            findings.Surprise($"{text}; parts of the API that came with 12.4 do not exist there");
        }
        else
        {
            findings.Right(text);
        }

        if (session.Driver.Undecorated is RemoteDriver)
        {
            findings.Right($"a call that waits takes {RoundTrip(session).ToString("0", CultureInfo.InvariantCulture)} us (median of {Pings})");
        }

        if (session.Devices.Count == 0)
        {
            findings.Wrong("it has no device");
        }

        foreach (CudaDevice device in session.Devices)
        {
            findings.Right($"device {device.Ordinal}: {device.Name}, compute capability {device.ComputeCapability}, {device.TotalMemory >> 20} MiB");
        }
    }

    // A call that needs no context and that no client answers by itself.
    private static double RoundTrip(CudaSession session)
    {
        double[] times = new double[Pings];
        for (int ping = 0; ping < Pings; ping++)
        {
            int can;
            long start = Stopwatch.GetTimestamp();
            session.Driver.cuDeviceCanAccessPeer(&can, 0, 0);
            times[ping] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(times);
        return times[Pings / 2];
    }

    private static string Hint(Exception failure) => failure switch
    {
        ProtocolException => "; are both sides of the same release?",
        IOException => "; does `cudarpc serve` run there, and listen at that address?",
        _ => "",
    };

    private static string Version(int version) => $"{version / 1000}.{version % 1000 / 10}";
}
