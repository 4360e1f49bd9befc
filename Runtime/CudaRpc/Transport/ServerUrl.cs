using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using CudaRpc.Simulator.Timing;
using CudaRpc.Transport.Emulation;

namespace CudaRpc.Transport;

/// <summary>
/// Where a driver is: <c>tcp://host[:port]</c>, <c>unix:///path</c>, <c>shm:///path</c> (shared memory, which the ends agree on at a Unix socket),
/// <c>sim:[?devices=N&amp;device-time=PROFILE]</c> (simulated in this process) or <c>native:[/path]</c> (this machine's own driver). Behind the first three,
/// <c>?rtt=TIME&amp;bandwidth=RATE&amp;jitter=TIME&amp;flow=RATE</c> emulates a network, and behind the first two <c>?streams=N</c> has large copies go over
/// several connections.
/// </summary>
public sealed record ServerUrl
{
    /// <summary>Port of <c>tcp://</c> where none is given.</summary>
    public const int DefaultPort = 14834;

    // sockaddr_un has room for 108 bytes, with the NUL.
    private const int LongestPath = 107;

    private const string NativePath = "native:/";
    private const string SimulatedOptions = "sim:?";
    private const string StreamsOption = "streams=";
    private const int MostStreams = 8;

    private ServerUrl(string scheme, string host, int port, string path) => (Scheme, Host, Port, Path) = (scheme, host, port, path);

    /// <summary><c>tcp</c>, <c>unix</c>, <c>shm</c>, <c>sim</c> or <c>native</c>.</summary>
    public string Scheme { get; }

    /// <summary>Host name or address of <c>tcp</c>, IPv6 without brackets; else empty.</summary>
    public string Host { get; }

    /// <summary>Port of <c>tcp</c>; else 0.</summary>
    public int Port { get; }

    /// <summary>Socket path of <c>unix</c> and <c>shm</c>, the library of <c>native</c> where one is named; else empty.</summary>
    public string Path { get; }

    /// <summary>Devices of <c>sim</c>, 1 to 16; else 1.</summary>
    public int Devices { get; private init; } = 1;

    /// <summary>Name of the device whose times <c>sim</c> takes; null for none.</summary>
    public string? DeviceTime { get; private init; }

    /// <summary>The network to emulate on the way there; null for none.</summary>
    public NetworkConditions? Network { get; private init; }

    /// <summary>Connections that a large copy goes over at the same time, <c>streams=N</c> of <c>tcp</c> and <c>unix</c>; 1 for the calling thread's own.</summary>
    public int Streams { get; private init; } = 1;

    /// <summary>Whether the driver lives in this process, so that nothing is serialised.</summary>
    public bool IsInProcess => Scheme is "sim" or "native";

    /// <summary>Whether the server is met at a Unix socket's path.</summary>
    internal bool IsPath => Scheme is "unix" or "shm";

    /// <summary>Parses <paramref name="text"/>.</summary>
    /// <exception cref="FormatException">The text is no such URL; the message says what is wrong.</exception>
    public static ServerUrl Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text is "sim:" or "native:")
        {
            return new ServerUrl(text[..^1], "", 0, "");
        }

        if (text.StartsWith(NativePath, StringComparison.Ordinal))
        {
            return new ServerUrl("native", "", 0, text[(NativePath.Length - 1)..]);
        }

        if (text.StartsWith(SimulatedOptions, StringComparison.Ordinal))
        {
            return ParseSimulated(text);
        }

        if (text.IndexOf('?') is >= 0 and var mark)
        {
            return ParseOptions(text, mark);
        }

        if (text.StartsWith("unix://", StringComparison.Ordinal) || text.StartsWith("shm://", StringComparison.Ordinal))
        {
            return ParsePath(text, text[..text.IndexOf(':')]);
        }

        if (text.StartsWith("tcp://", StringComparison.Ordinal))
        {
            return ParseTcp(text);
        }

        throw Bad(text, "known schemes are tcp://host:port, unix:///path, shm:///path, sim: and native:");
    }

    /// <summary>Parses <paramref name="text"/> without an exception.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ServerUrl? url)
    {
        try
        {
            url = text is null ? null : Parse(text);
            return url is not null;
        }
        catch (FormatException)
        {
            url = null;
            return false;
        }
    }

    /// <summary>The URL as text; <see cref="Parse"/> reads it back.</summary>
    public override string ToString() => (Network, Streams) switch
    {
        (null, 1) => Address,
        (_, 1) => $"{Address}?{Network}",
        (null, _) => string.Create(CultureInfo.InvariantCulture, $"{Address}?streams={Streams}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Address}?streams={Streams}&{Network}"),
    };

    private string Address => Scheme switch
    {
        "tcp" => string.Create(CultureInfo.InvariantCulture, $"tcp://{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}"),
        "unix" or "shm" => $"{Scheme}://{Path}",
        "native" => $"native:{Path}",
        _ => $"{Scheme}:{SimulatedQuery}",
    };

    private string SimulatedQuery => (Devices, DeviceTime) switch
    {
        (1, null) => "",
        (_, null) => string.Create(CultureInfo.InvariantCulture, $"?devices={Devices}"),
        (1, _) => $"?device-time={DeviceTime}",
        _ => string.Create(CultureInfo.InvariantCulture, $"?devices={Devices}&device-time={DeviceTime}"),
    };

    private static ServerUrl ParseSimulated(string text)
    {
        var url = new ServerUrl("sim", "", 0, "");
        string[] options = text[SimulatedOptions.Length..].Split('&');
        if (options.DistinctBy(static option => option.Split('=')[0]).Count() < options.Length)
        {
            throw Bad(text, "a simulated GPU has devices=N and device-time=PROFILE, each at most once");
        }

        foreach (string option in options)
        {
            url = option.Split('=') switch
            {
                ["devices", var count] => int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int devices)
                    && devices is > 0 and <= 16 ? url with { Devices = devices } : throw Bad(text, "a simulated GPU has 1 to 16 devices"),
                ["device-time", var name] => DeviceProfile.Find(name) is { } profile
                    ? url with { DeviceTime = profile.Name }
                    : throw Bad(text, $"device times are {string.Join(", ", DeviceProfile.Named.Select(static known => known.Name))}"),
                _ => throw Bad(text, "a simulated GPU has devices=N and device-time=PROFILE"),
            };
        }

        return url;
    }

    private static ServerUrl ParsePath(string text, string scheme)
    {
        string path = text[(scheme.Length + "://".Length)..];
        if (!path.StartsWith('/'))
        {
            throw Bad(text, $"it needs an absolute path, as in {scheme}:///run/cudarpc.sock");
        }

        return Encoding.UTF8.GetByteCount(path) <= LongestPath
            ? new ServerUrl(scheme, "", 0, path)
            : throw Bad(text, $"a Unix socket's path has at most {LongestPath} bytes");
    }

    private static ServerUrl ParseOptions(string text, int mark)
    {
        ServerUrl url = Parse(text[..mark]);
        if (url.IsInProcess)
        {
            throw Bad(text, $"there is no network on the way to {url}");
        }

        string[] options = text[(mark + 1)..].Split('&');
        string[] streams = Array.FindAll(options, static option => option.StartsWith(StreamsOption, StringComparison.Ordinal));
        if (streams.Length > 0)
        {
            url = streams.Length == 1 && url.Scheme != "shm"
                && int.TryParse(streams[0].AsSpan(StreamsOption.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= MostStreams
                ? url with { Streams = count }
                : throw Bad(text, $"{streams[^1]}: a copy goes over 1 to {MostStreams} connections, as in streams=4, of tcp:// or unix://");
        }

        try
        {
            return streams.Length == options.Length ? url : url with { Network = NetworkConditions.Parse(string.Join('&', options.Where(option => !streams.Contains(option)))) };
        }
        catch (FormatException failure)
        {
            throw Bad(text, failure.Message);
        }
    }

    private static ServerUrl ParseTcp(string text)
    {
        string rest = text["tcp://".Length..].TrimEnd('/');
        string host = rest;
        int port = DefaultPort;
        int colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf(']'))
        {
            host = rest[..colon];
            if (!int.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port > 65535)
            {
                throw Bad(text, $"'{rest[(colon + 1)..]}' is no port");
            }
        }

        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
        }
        else if (host.Contains(':'))
        {
            throw Bad(text, "an IPv6 address stands in brackets, as in tcp://[::1]:14834");
        }

        return host.Length > 0 && host.AsSpan().IndexOfAny("/@? ") < 0
            ? new ServerUrl("tcp", host, port, "")
            : throw Bad(text, "it names no host");
    }

    private static FormatException Bad(string text, string why) => new($"'{text}' is not the URL of a CUDA server: {why}.");
}
