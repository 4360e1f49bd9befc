using Microsoft.Extensions.Logging;

namespace CudaRpc.Native;

/// <summary>Tells the user on standard error what the client has to report: warnings and worse.</summary>
internal sealed class StandardErrorLogger : ILogger
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and not LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        string message = formatter(state, exception);
        StandardError.WriteLine(exception is null ? message : $"{message} {exception}");
    }
}
