using System.Globalization;

namespace CudaRpc;

/// <summary>Where the user says the server is: <c>CUDARPC_*</c> variables and the configuration file, read only here.</summary>
/// <param name="Server">The server's URL.</param>
/// <param name="Source">Where the URL comes from, for messages: a variable's name or a file and line.</param>
/// <param name="ConnectTimeout">How long to wait for the server.</param>
/// <remarks>docs/shim.md describes the file. A variable wins over the file.</remarks>
internal sealed record ClientConfiguration(string Server, string Source, TimeSpan ConnectTimeout)
{
    /// <summary>Variable that names the server.</summary>
    internal const string ServerVariable = "CUDARPC_SERVER";

    /// <summary>Variable that names the file to record calls in.</summary>
    internal const string TraceVariable = "CUDARPC_TRACE";

    /// <summary>Variable that is 1 where the trace is to have device times.</summary>
    internal const string DeviceTimesVariable = "CUDARPC_TRACE_DEVICE_TIMES";

    private const string ShimVariable = "CUDARPC_SHIM";
    private const string TimeoutVariable = "CUDARPC_CONNECT_TIMEOUT";
    private const string FileVariable = "CUDARPC_CONFIG";
    private const string SystemFile = "/etc/cudarpc.conf";
    private static readonly TimeSpan s_defaultTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Reads this process's configuration.</summary>
    /// <exception cref="InvalidOperationException">No server is configured, or the configuration cannot be understood.</exception>
    internal static ClientConfiguration Read() => Read(Environment.GetEnvironmentVariable);

    /// <summary>Reads what <paramref name="variable"/> leads to; it returns null for a variable that is not set.</summary>
    internal static ClientConfiguration Read(Func<string, string?> variable)
    {
        Dictionary<string, (string Value, string Source)> settings = Settings(variable, out string? file);
        if (!settings.TryGetValue("server", out var server))
        {
            throw new InvalidOperationException(
                $"no CUDA server is configured: set {ServerVariable} (tcp://HOST:PORT, unix:///PATH, shm:///PATH or sim:) or write 'server = URL' into "
                + (file ?? $"~/.config/cudarpc/config or {SystemFile}"));
        }
        return new ClientConfiguration(server.Value, server.Source, Timeout(settings));
    }

    /// <summary>How long to wait for a server, whoever names it.</summary>
    /// <exception cref="InvalidOperationException">The configuration cannot be understood.</exception>
    internal static TimeSpan ReadTimeout() => ReadTimeout(Environment.GetEnvironmentVariable);

    /// <inheritdoc cref="ReadTimeout()"/>
    internal static TimeSpan ReadTimeout(Func<string, string?> variable) => Timeout(Settings(variable, out _));

    /// <summary>Folder of the shim, if the user names one.</summary>
    internal static string? ShimDirectory => Environment.GetEnvironmentVariable(ShimVariable) is { Length: > 0 } folder ? folder : null;

    /// <summary>File to record calls in, if the user names one.</summary>
    internal static string? TraceFile => Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 } file ? file : null;

    /// <summary>From now on no file is named in this process.</summary>
    internal static void ForgetTrace() => Environment.SetEnvironmentVariable(TraceVariable, null);

    /// <summary>Whether the user wants device times in it.</summary>
    internal static bool TraceDeviceTimes => Environment.GetEnvironmentVariable(DeviceTimesVariable) == "1";

    private static Dictionary<string, (string Value, string Source)> Settings(Func<string, string?> variable, out string? file)
    {
        file = FindFile(variable);
        Dictionary<string, (string Value, string Source)> settings = file is null ? [] : Parse(file);
        Override(settings, "server", variable, ServerVariable);
        Override(settings, "connect-timeout", variable, TimeoutVariable);
        return settings;
    }

    private static TimeSpan Timeout(Dictionary<string, (string Value, string Source)> settings) =>
        settings.TryGetValue("connect-timeout", out var text) ? Seconds(text.Value, text.Source) : s_defaultTimeout;

    private static string? FindFile(Func<string, string?> variable)
    {
        if (variable(FileVariable) is { Length: > 0 } named)
            return File.Exists(named) ? named : throw new InvalidOperationException($"{FileVariable} names {named}, which is no file");
        if (variable("HOME") is { Length: > 0 } home)
        {
            string own = Path.Combine(home, ".config/cudarpc/config");
            if (File.Exists(own)) return own;
        }
        return File.Exists(SystemFile) ? SystemFile : null;
    }

    private static Dictionary<string, (string Value, string Source)> Parse(string file)
    {
        Dictionary<string, (string, string)> settings = [];
        int number = 0;
        foreach (string text in ReadLines(file))
        {
            string source = $"{file}:{++number}";
            string line = text.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            int equals = line.IndexOf('=');
            string key = equals < 0 ? line : line[..equals].TrimEnd();
            if (equals < 0 || key is not ("server" or "connect-timeout"))
                throw new InvalidOperationException($"{source}: expected 'server = URL' or 'connect-timeout = SECONDS', found '{line}'");
            settings[key] = (line[(equals + 1)..].TrimStart(), source);
        }
        return settings;
    }

    private static string[] ReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"{file} cannot be read: {failure.Message}", failure);
        }
    }

    private static void Override(
        Dictionary<string, (string Value, string Source)> settings, string key, Func<string, string?> variable, string name)
    {
        if (variable(name) is { Length: > 0 } value) settings[key] = (value, name);
    }

    private static TimeSpan Seconds(string text, string source) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw new InvalidOperationException($"{source}: '{text}' is not a number of seconds between 0 and 3600");
}
